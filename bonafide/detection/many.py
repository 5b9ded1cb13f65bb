"""Many recordings: one after another, or spread over processes, where a crash costs one of them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from bonafide.detection.results import Result
from bonafide.detection.voices import Channels
from bonafide.errors import UserError
from bonafide.processes import spawned_pool

AHEAD = 4  # files a process that are under way: enough to keep it busy, few enough to end soon
CRASHED = "the decoder crashed on it: the file is damaged"


@dataclass(frozen=True)
class Asked:
    """What is asked of each recording."""

    threshold: str | float = "balanced"
    channels: Channels = "each"


class Detector(Protocol):
    """What predicts: `bonafide.detection.detector.Detector`, which is built on this module."""

    def predict(
        self,
        audio: Path,
        *,
        threshold: str | float,
        channels: Channels,
        heard: Callable[[float], None] | None = None,
    ) -> Result:
        """Return what it says of the file `audio`."""


Maker = Callable[[], Detector]  # that can be pickled: each process makes its own
_WORKER: dict[str, Detector] = {}


def one_by_one(
    detector: Detector, files: Iterable[Path], asked: Asked, heard: Callable[[float], None] | None = None
) -> Iterator[tuple[Path, Result]]:
    """Yield each of `files` with its result; `heard` is told how far a long one is."""
    for path in files:
        yield path, _predict(detector, path, asked, heard)


def spread(make: Maker, files: Iterable[Path], jobs: int, asked: Asked) -> Iterator[tuple[Path, Result]]:
    """Yield each of `files` with its result, in their order, from `jobs` processes."""
    waiting = iter(files)
    under_way: deque[tuple[Path, Future[Result]]] = deque()
    pool = _pool(make, jobs)
    try:
        while True:
            while len(under_way) < jobs * AHEAD and (path := next(waiting, None)) is not None:
                under_way.append((path, _submit(pool, path, asked)))
            if not under_way:
                return
            path, future = under_way.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                pool.shutdown(cancel_futures=True)
                result = _alone(make, path, asked)
                # The pool is gone with all that it had in hand: what was not done goes to a new one.
                pool = _pool(make, jobs)
                under_way = deque(
                    (each, later if _has_result(later) else _submit(pool, each, asked)) for each, later in under_way
                )
            yield path, result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def as_file(model: Path | str | bytes | None) -> Iterator[Path | str | None]:
    """Yield `model`, where it is bytes the path of a file of them: a process that starts is told little."""
    if not isinstance(model, bytes):
        yield model
        return
    with NamedTemporaryFile(prefix="bonafide-") as file:
        file.write(model)
        file.flush()
        yield Path(file.name)


def _alone(make: Maker, path: Path, asked: Asked) -> Result:
    """Return the result of a file that may have been the one that broke a pool, from a process of its own."""
    with _pool(make, 1) as pool:
        try:
            return pool.submit(_in_worker, path, asked).result()
        except BrokenProcessPool:
            return Result.refused(CRASHED)


def _submit(pool: ProcessPoolExecutor, path: Path, asked: Asked) -> Future[Result]:
    try:
        return pool.submit(_in_worker, path, asked)
    except BrokenProcessPool as error:  # it broke since the last result: seen to when this file's turn comes
        future: Future[Result] = Future()
        future.set_exception(error)
        return future


def _has_result(future: Future[Result]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _pool(make: Maker, jobs: int) -> ProcessPoolExecutor:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processes that share the cores need no threads of their own
    pool = spawned_pool(jobs, _start, make)
    try:
        pool.submit(_ready).result()  # a first file that is not to blame must not be blamed
    except BrokenProcessPool:
        pool.shutdown()
        raise UserError(
            "the processes do not start: a script that asks for several jobs needs `if __name__ == '__main__':`"
        ) from None
    return pool


def _ready() -> None:
    """Do nothing, in a process that has started."""


def _start(make: Maker) -> None:
    _WORKER["detector"] = make()


def _in_worker(path: Path, asked: Asked) -> Result:
    return _predict(_WORKER["detector"], path, asked)


def _predict(detector: Detector, path: Path, asked: Asked, heard: Callable[[float], None] | None = None) -> Result:
    try:
        return detector.predict(path, threshold=asked.threshold, channels=asked.channels, heard=heard)
    except UserError:  # not there (any more): parameters were looked at before
        return Result.missing(path)
