"""How numbers and names are written for people."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

Ends = tuple[float | None, float | None]  # of an interval; None where the bootstrap could not tell

MISSING = "–"
NARROW = "\N{NO-BREAK SPACE}"


def known(value: Any) -> float | None:  # noqa: ANN401 - whatever JSON or a table holds
    """Return `value` as a float, or None where it is missing or not finite."""
    return float(value) if value is not None and math.isfinite(value) else None


def ends_of(row: Mapping[str, Any], name: str = "") -> Ends:
    """Return the ends of the interval in `row`: ``low`` and ``high``, after ``name_`` where a name is given."""
    start = f"{name}_" if name else ""
    return known(row.get(f"{start}low")), known(row.get(f"{start}high"))


def percent(share: float | None) -> str:
    r"""Return a share as a whole percentage; what is nearly none or all never reads as none or all.

    Examples
    --------
    >>> percent(0.004), percent(0.25), percent(0.999), percent(None)
    ('<1\xa0%', '25\xa0%', '>99\xa0%', '–')
    """
    return MISSING if known(share) is None else f"{of_hundred(share)}{NARROW}%"


def percent_between(ends: Ends) -> str:
    """Return an interval of shares, such as ``"7 % to 18 %"``; an empty string where it is not known."""
    low, high = ends
    return "" if low is None or high is None else f"{percent(low)} to {percent(high)}"


def of_hundred(share: float | None) -> str:
    """Return how many of a hundred a share is; what is nearly none or all never reads as none or all."""
    if share is None:
        return MISSING
    if 0 < share < 0.005:
        return "<1"
    if 0.995 < share < 1:
        return ">99"
    return f"{100 * share:.0f}"


def of_hundred_between(ends: Ends) -> str:
    """Return an interval in counts of a hundred, in brackets with a space before; empty where it is not known."""
    low, high = ends
    return "" if low is None or high is None else f" ({of_hundred(low)} to {of_hundred(high)})"


def decimal(value: float | None, digits: int = 2) -> str:
    """Return a plain number with `digits` decimals."""
    return MISSING if known(value) is None else f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def decimal_between(ends: Ends, digits: int = 2) -> str:
    """Return an interval of plain numbers; an empty string where it is not known."""
    low, high = ends
    return "" if low is None or high is None else f"{decimal(low, digits)} to {decimal(high, digits)}"


def counted(count: int, what: str, many: str = "") -> str:
    """Return a count with its noun: ``"1 speaker"``, ``"12 speakers"``."""
    return f"{count:,} {what if count == 1 else many or what + 's'}".replace(",", NARROW)


def listed(names: Iterable[str], most: int = 8) -> str:
    """Return names in a row, printable, and how many were left out."""
    all_of_them = [printable(name) for name in names]
    shown = all_of_them[:most]
    if len(all_of_them) > most:
        shown.append(f"{len(all_of_them) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def printable(name: object) -> str:
    r"""Return a name so that no line break, control sequence, change of direction or broken UTF-8 in it gets through.

    Examples
    --------
    >>> printable("call.wav\x1b[31m")
    'call.wav\\x1b[31m'
    """
    text = str(name).encode(errors="replace").decode()
    return "".join(
        each if each.isprintable() or each == NARROW else each.encode("unicode_escape").decode() for each in text
    )


def sentence(text: str) -> str:
    r"""Return `text` with a capital at its start, a stop at its end, and no line break before a percent sign.

    Examples
    --------
    >>> sentence("it misses 5 %"), sentence("Is it so?")
    ('It misses 5\xa0%.', 'Is it so?')
    """
    stop = "" if text.endswith((".", "!", "?")) else "."
    return (text[:1].upper() + text[1:] + stop).replace(" %", f"{NARROW}%")


def clock(seconds: float) -> str:
    """Return a moment in a recording as people read it.

    Examples
    --------
    >>> clock(7.9), clock(3723)
    ('0:07', '1:02:03')
    """
    hours, minutes, rest = int(seconds) // 3600, int(seconds) // 60 % 60, int(seconds) % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """Return a length as people read it.

    Examples
    --------
    >>> duration(3.256), duration(75), duration(3725.4)
    ('3.3 s', '1:15', '1:02:05')
    """
    return f"{seconds:.1f} s" if round(seconds, 1) < 60 else clock(round(seconds))
