"""Detection on a Dask cluster: workers judge batches of recordings, whose results come as they get done.

A batch that a lost worker had in hand is Dask's to hand to another one. One that workers die of again and again is
judged here, by processes that may die.
"""

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from threadpoolctl import threadpool_limits

from bonafide.detection.detector import Detector
from bonafide.detection.many import Asked, one_by_one
from bonafide.detection.results import Result
from bonafide.errors import UserError
from bonafide.files import write_bytes
from bonafide.pipeline.cluster import WATCH_SECONDS, Cluster
from bonafide.pipeline.executors import executor
from bonafide.pipeline.paths import KEPT
from bonafide.text import printable

MOST = 16  # recordings a batch: half a second of work where they are short, minutes where each is an hour
DETECTORS = KEPT / "detectors"  # where workers find them: they see the folder of the project, and no other of a user's

Batch: TypeAlias = list[Path]
Judged: TypeAlias = tuple[Path, Result]


@dataclass(frozen=True)
class Question:
    """What is asked of a batch, and with which detector.

    Attributes
    ----------
    model : Path
        The detector's file, which all workers see.
    sha256 : str
        Of its content.
    asked : Asked
    """

    model: Path
    sha256: str
    asked: Asked


@dataclass(frozen=True)
class Answer:
    """What the worker on `node` says of each recording of a batch; None of one that it cannot read."""

    node: str
    results: tuple[Result | None, ...]


def on_cluster(
    detector: Detector, paths: Iterable[Path], total: int, asked: Asked, before_news: Callable[[], None]
) -> Iterator[Judged]:
    """Yield each of `paths` with its result, in no set order, from the cluster that BONAFIDE_EXECUTOR names.

    Parameters
    ----------
    detector : Detector
    paths : iterable of Path
        Few are handed out at a time.
    total : int
        How many these are.
    asked : Asked
    before_news : callable
        Called before it may be said on stderr which workers came and went.

    Raises
    ------
    UserError
        When there is no such cluster, a worker is not like this machine, or one cannot read what this machine can.
    """
    question = _question(detector, asked)
    with executor() as cluster:
        assert isinstance(cluster, Cluster)
        size = max(1, min(MOST, total // cluster.ahead))  # few and long ones keep all workers busy, too
        for batch, answer in _answered(cluster, question, _batches(paths, size), before_news):
            if answer is None:
                # Two, as one is no process of its own.
                yield from detector.predict_many(batch, jobs=2, threshold=asked.threshold, channels=asked.channels)
                continue
            for path, result in zip(batch, answer.results, strict=True):
                yield path, _read_here(detector, path, asked, answer.node) if result is None else result


def judged(question: Question, paths: Batch) -> Answer:
    """Return what this worker says of `paths`, which are absolute."""
    detector = _detector(question.model, question.sha256)
    # For good: sums over several threads round differently. A worker's other tasks have one thread as well.
    threadpool_limits(1)
    results = (next(one_by_one(detector, [path], question.asked))[1] if _is_readable(path) else None for path in paths)
    return Answer(platform.node(), tuple(results))


def _answered(
    cluster: Cluster, question: Question, batches: Iterator[Batch], before_news: Callable[[], None]
) -> Iterator[tuple[Batch, Answer | None]]:
    """Yield each batch with its answer as it comes; None where workers died of it."""
    from distributed import KilledWorker

    in_hand: dict[Future[Answer], Batch] = {}
    home = Path.cwd()
    while True:
        for batch in islice(batches, max(0, cluster.ahead - len(in_hand))):
            in_hand[cluster.submit(judged, question, [home / path for path in batch])] = batch
        if not in_hand:
            return
        for future in wait(in_hand, WATCH_SECONDS, FIRST_COMPLETED).done:
            batch = in_hand.pop(future)
            try:
                answer = future.result()
            except KilledWorker:
                yield batch, None
            else:
                yield batch, answer
        before_news()
        cluster.watch()


def _batches(paths: Iterable[Path], size: int) -> Iterator[Batch]:
    waiting = iter(paths)
    while batch := list(islice(waiting, size)):
        yield batch


def _question(detector: Detector, asked: Asked) -> Question:
    """Return what workers are asked, and lay the detector where they see it."""
    content = detector.model if isinstance(detector.model, bytes) else Path(detector.model).read_bytes()
    place = (DETECTORS / f"{detector.sha256}.onnx").absolute()
    write_bytes(place, content)
    return Question(place, detector.sha256, asked)


@lru_cache(maxsize=1)
def _detector(model: Path, sha256: str) -> Detector:
    detector = Detector(model)
    if detector.sha256 != sha256:
        raise UserError(f"the detector was changed while it was read: {printable(model)} is another one; run it again")
    return detector


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK)


def _read_here(detector: Detector, path: Path, asked: Asked, node: str) -> Result:
    """Return the result of a file that the worker on `node` could not read, where this machine cannot either."""
    if _is_readable(path):
        raise UserError(
            f"the Dask worker on {node} cannot read {printable(path)}, which this machine can: mount its folder there,"
            " under the same path, for a user who may read it"
        )
    return next(one_by_one(detector, [path], asked))[1]
