"""Progress of a long job: a bar where someone watches, a plain line now and then where a log is kept."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from bonafide.text import clock, duration

LOG_EVERY_SECONDS = 15.0

T = TypeVar("T")


def track(items: Iterable[T], *, total: int, what: str) -> Iterator[T]:
    """Yield `items`, showing on stderr how many of `total` are done, and what time is left.

    Parameters
    ----------
    items : iterable
    total : int
        How many items there will be.
    what : str
        What is being done, for example ``"preparing clips"``.
    """
    return _bar(items, total, what) if sys.stderr.isatty() else _lines(items, total, what)


def _bar(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield from progress.track(items, total=total, description=what)


def _lines(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    started = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= LOG_EVERY_SECONDS:
            last = time.monotonic()
            print(f"{what}: {done} of {total}, {time_left(last - started, done, total)}", file=sys.stderr, flush=True)
    print(f"{what}: {done} done in {duration(time.monotonic() - started)}", file=sys.stderr, flush=True)


def time_left(seconds: float, done: int, total: int) -> str:
    """Return how long a job has taken and, if it goes on as it went, still takes.

    Examples
    --------
    >>> time_left(30, 1, 4), time_left(8, 4, 4)
    ('30 s, about 1:30 left', '8 s')
    """
    left = f", about {_whole(seconds / done * (total - done))} left" if 0 < done < total else ""
    return f"{_whole(seconds)}{left}"


def _whole(seconds: float) -> str:
    return clock(round(seconds)) if round(seconds) >= 60 else f"{seconds:.0f} s"
