"""Many recordings: one after another, or spread over processes, where a crash costs one of them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Protocol

from bonafide.detection.results import Result
from bonafide.errors import UserError
from bonafide.processes import spawned_pool

AHEAD = 4  # files a process that are under way: enough to keep it busy, few enough to end soon
CRASHED = "the decoder crashed on it: the file is damaged"


class Detector(Protocol):
    """What predicts: `bonafide.detection.detector.Detector`, which is built on this module."""

    def predict(self, audio: Path, *, threshold: str | float, heard: Callable[[float], None] | None = None) -> Result:
        """Return what it says of the file `audio`."""


Maker = Callable[[], Detector]  # that can be pickled: each process makes its own
_WORKER: dict[str, Detector] = {}


def one_by_one(
    detector: Detector, files: Iterable[Path], threshold: str | float, heard: Callable[[float], None] | None = None
) -> Iterator[tuple[Path, Result]]:
    """Yield each of `files` with its result; `heard` is told how far a long one is."""
    for path in files:
        yield path, _predict(detector, path, threshold, heard)


def spread(make: Maker, files: Iterable[Path], jobs: int, threshold: str | float) -> Iterator[tuple[Path, Result]]:
    """Yield each of `files` with its result, in their order, from `jobs` processes."""
    waiting = iter(files)
    under_way: deque[tuple[Path, Future[Result]]] = deque()
    pool = _pool(make, jobs)
    try:
        while True:
            while len(under_way) < jobs * AHEAD and (path := next(waiting, None)) is not None:
                under_way.append((path, _submit(pool, path, threshold)))
            if not under_way:
                return
            path, future = under_way.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                pool.shutdown(cancel_futures=True)
                result = _alone(make, path, threshold)
                # The pool is gone with all that it had in hand: what was not done goes to a new one.
                pool = _pool(make, jobs)
                under_way = deque(
                    (each, later if _has_result(later) else _submit(pool, each, threshold)) for each, later in under_way
                )
            yield path, result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(make: Maker, path: Path, threshold: str | float) -> Result:
    """Return the result of a file that may have been the one that broke a pool, from a process of its own."""
    with _pool(make, 1) as pool:
        try:
            return pool.submit(_in_worker, path, threshold).result()
        except BrokenProcessPool:
            return Result.refused(CRASHED)


def _submit(pool: ProcessPoolExecutor, path: Path, threshold: str | float) -> Future[Result]:
    try:
        return pool.submit(_in_worker, path, threshold)
    except BrokenProcessPool as error:  # it broke since the last result: seen to when this file's turn comes
        future: Future[Result] = Future()
        future.set_exception(error)
        return future


def _has_result(future: Future[Result]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _pool(make: Maker, jobs: int) -> ProcessPoolExecutor:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processes that share the cores need no threads of their own
    return spawned_pool(jobs, _start, make)


def _start(make: Maker) -> None:
    _WORKER["detector"] = make()


def _in_worker(path: Path, threshold: str | float) -> Result:
    return _predict(_WORKER["detector"], path, threshold)


def _predict(
    detector: Detector, path: Path, threshold: str | float, heard: Callable[[float], None] | None = None
) -> Result:
    try:
        return detector.predict(path, threshold=threshold, heard=heard)
    except UserError:  # not there (any more): parameters were looked at before
        return Result.missing(path)
