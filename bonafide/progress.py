"""Progress of a long job: a bar where someone watches, a plain line now and then where a log is kept."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

LOG_EVERY_SECONDS = 15.0

T = TypeVar("T")


def track(items: Iterable[T], *, total: int, what: str) -> Iterator[T]:
    """Yield `items`, showing on stderr how many of `total` are done.

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
            print(f"{what}: {done} of {total}, {last - started:.0f} s", file=sys.stderr, flush=True)
    print(f"{what}: {done} done in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
