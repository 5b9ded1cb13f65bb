"""Times ways of doing the same in turn, so that another load on the machine meets all of them alike."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Ratio:
    """How often one time holds another, round by round: the median, and the quartiles around it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def in_turn(
    ways: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Return the seconds of each of `ways`, one a round; a round before, which loads and fills caches, is left out.

    Seconds are of the processor's time in this process, which other processes add little to, unless `clock` is another.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            started = clock()
            way()
            if number:
                seconds[name].append(clock() - started)
    return seconds


def ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Return how often `first` holds `second`, the times of the same rounds."""
    each = [one / other for one, other in zip(first, second, strict=True)]
    low, _, high = quantiles(each, n=4) if len(each) > 1 else each * 3
    return Ratio(median(each), low, high)


def machine() -> str:
    """Say which processor this is, and how many cores it has."""
    lines = CPU_INFO.read_text(encoding="utf-8").splitlines() if CPU_INFO.exists() else []
    name = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
    return f"{name}, {os.cpu_count()} cores"


def verdict(name: str, value: float, bound: float, *, least: bool = False) -> bool:
    """Print whether `value` keeps to its `bound`, the most or the least that it may be, and return it."""
    kept = value >= bound if least else value <= bound
    print(f"{name}: {value:.2f}, {'at least' if least else 'at most'} {bound:g}: {'kept' if kept else 'MISSED'}")
    return kept
