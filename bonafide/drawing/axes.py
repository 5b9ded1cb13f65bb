"""Round numbers on an axis, and how they are written."""

import math

from bonafide.text import NARROW, clock

CLOCK_STEPS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)  # seconds between ticks that people count in
HERTZ = (125, 250, 500, 1000, 2000, 4000, 8000, 16000)  # ticks of a frequency axis


def nice_step(least: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten from `least` on.

    Examples
    --------
    >>> nice_step(0.3), nice_step(12)
    (0.5, 20.0)
    """
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999)


def multiples(step: float, low: float, high: float) -> list[float]:
    """Return the multiples of `step` from `low` to `high`, both included."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 10) + 0.0 for number in range(first, last + 1)]


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, `about` so many.

    Examples
    --------
    >>> nice_ticks(-3, 3)
    [-2.0, 0.0, 2.0]
    """
    return multiples(nice_step((high - low) / about), low, high) if high > low else [low]


def time_ticks(start: float, stop: float, about: int = 5) -> list[tuple[float, str]]:
    """Return ticks of a time axis, each as its second and its text.

    Examples
    --------
    >>> time_ticks(0, 75)
    [(0.0, '0:00'), (15.0, '0:15'), (30.0, '0:30'), (45.0, '0:45'), (60.0, '1:00'), (75.0, '1:15')]
    """
    least = (stop - start) / about
    step = nice_step(least) if least <= 10 else next((each for each in CLOCK_STEPS if each >= least), CLOCK_STEPS[-1])
    digits = 1 if step < 1 else 0
    return [
        (tick, clock(tick) if stop > 60 else f"{tick:.{digits}f}{NARROW}s") for tick in multiples(step, start, stop)
    ]


def hertz_text(hertz: float) -> str:
    r"""Return a frequency as people read it, to two digits where it is no tick.

    Examples
    --------
    >>> hertz_text(125), hertz_text(1234.5), hertz_text(4000)
    ('125\xa0Hz', '1.2\xa0kHz', '4\xa0kHz')
    """
    hertz = hertz if hertz in HERTZ else float(f"{hertz:.2g}")
    return f"{hertz:.0f}{NARROW}Hz" if hertz < 950 else f"{hertz / 1000:.1f}".removesuffix(".0") + f"{NARROW}kHz"
