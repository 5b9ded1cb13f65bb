"""Work on a Dask cluster: what must be the same on every worker before it works, and what becomes of lost ones.

A worker of another version would make other bytes, and one that does not see the project's folder none. Each is asked
when the work begins, and those that join later before their first task.
"""

import hashlib
import os
import platform
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from bonafide.errors import UserError, how_to_install
from bonafide.files import write_text
from bonafide.pipeline.code_version import PACKAGE
from bonafide.pipeline.paths import KEPT, PARTS
from bonafide.text import counted, printable

SCHEMES = {"dask://": "tcp://", "dask+tls://": "tls://"}  # of BONAFIDE_EXECUTOR, and Dask's own
CONNECT_SECONDS = 15
FIRST_SECONDS = 60  # in which a first worker joins
NONE_SECONDS = 300.0  # without any worker, after which nobody waits on
WATCH_SECONDS = 2.0
RETRIES = 2  # of a task that failed, on whatever worker; those of one that died are Dask's own
AHEAD = 4  # tasks a thread that are in hand at a time
# What the bytes of parts, tables and metrics come from.
LIBRARIES = (
    "audiomentations",
    "av",
    "librosa",
    "numpy",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "soundfile",
    "soxr",
)
SEEN_TRIES, SEEN_SECONDS = 10, 0.5  # for what was just written to be seen over a network
_ALIKE: set[str] = set()  # what this worker was compared with, and is like

Result = TypeVar("Result")


@dataclass(frozen=True)
class Expected:
    """What a worker must have: versions, by what they are of, and files that it sees, in folders that it may fill."""

    versions: dict[str, str]
    files: tuple[Path, ...]
    secret: str


class Cluster(Executor):
    """A connected cluster, whose workers come and go.

    Parameters
    ----------
    client : distributed.Client
    expected : Expected
    """

    def __init__(self, client: Any, expected: Expected) -> None:  # noqa: ANN401 - only where distributed is installed
        self._client, self._expected = client, expected
        self._executor = client.get_executor(retries=RETRIES)
        self._threads: dict[str, int] = {}
        self._looked = 0.0
        self._last_worker = time.monotonic()
        self.watch()

    def submit(self, function: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":  # noqa: ANN401
        """Let a worker that is like this machine call `function`."""
        future: Future[Result] = self._executor.submit(call_alike, self._expected, function, *args, **kwargs)
        return future

    @property
    def ahead(self) -> int:
        """Tasks to be in hand at a time."""
        return AHEAD * max(1, sum(self._threads.values()))

    def watch(self) -> None:
        """Ask those workers that are new, and say on stderr which came and went.

        Raises
        ------
        UserError
            When one is not like this machine, or none is left for long.
        """
        now = time.monotonic()
        if now - self._looked < WATCH_SECONDS:
            return
        self._looked = now
        threads = self._asked(self._client.nthreads())
        lost = len(self._threads.keys() - threads.keys())
        if threads.keys() != self._threads.keys():
            went = f", {counted(lost, 'worker')} lost: what it had in hand is done again" if lost else ""
            workers = counted(len(threads), "worker")
            print(f"Dask: {workers}, {counted(sum(threads.values()), 'thread')}{went}", file=sys.stderr, flush=True)
        self._threads = threads
        if threads:
            self._last_worker = now
        elif now - self._last_worker > NONE_SECONDS:
            raise UserError(
                f"the Dask cluster has had no worker for {NONE_SECONDS:.0f} s: start some, and run it again: what is"
                " done is kept"
            )

    def _asked(self, threads: dict[str, int]) -> dict[str, int]:
        """Return the workers without those that are new and gone before they could be asked."""
        new = sorted(threads.keys() - self._threads.keys())
        problems = self._client.run(problem_of, self._expected, workers=new, on_error="return") if new else {}
        gone = {worker for worker, problem in problems.items() if isinstance(problem, OSError)}
        _refuse_unlike({worker: problem for worker, problem in problems.items() if worker not in gone})
        return {worker: count for worker, count in threads.items() if worker not in gone}


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Yield the cluster whose scheduler is at `address`, as BONAFIDE_EXECUTOR names it, once its workers are checked.

    Raises
    ------
    UserError
        When there is none, a worker is not like this machine, or the cluster goes away.
    """
    scheme = next(each for each in SCHEMES if address.startswith(each))
    place = SCHEMES[scheme] + address.removeprefix(scheme)
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise UserError(f"a Dask cluster needs distributed: {how_to_install('cluster')}") from None
    with _client(Client, place) as client, _expected() as expected:
        _wait_for_one(client, place)
        try:
            yield Cluster(client, expected)
        except KilledWorker as error:
            raise UserError(
                f"{error.allowed_failures + 1} workers died on one task, for lack of memory perhaps: give workers more"
                " memory or fewer threads, and run it again: what is done is kept"
            ) from None
        except (CancelledError, OSError) as error:
            if client.status == "running" and isinstance(error, OSError):
                raise  # the task's own
            raise UserError(
                f"the Dask scheduler at {place} went away: start it again, and run it again: what is done is kept"
            ) from None


def call_alike(expected: Expected, function: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Result:  # noqa: ANN401
    """Call `function` in a worker that is as `expected`; raises `UserError` in another one."""
    if expected.secret not in _ALIKE:
        if problem := problem_of(expected):
            raise UserError(f"the Dask worker on {platform.node()} {problem}")
        _ALIKE.add(expected.secret)
    return function(*args, **kwargs)


def problem_of(expected: Expected) -> str:
    """Return in what way this process is not as `expected`, as the end of a sentence; empty where it is."""
    for name, version in versions().items():
        if version != expected.versions[name]:
            what = f"{name} {version}, and this machine has {expected.versions[name]}"
            return f"has {what}: install the same on both, and start the worker again"
    for path in expected.files:
        if not _holds(path, expected.secret):
            return f"does not see {printable(path.parent)} of this machine: mount it there, under the same path"
        if not os.access(path.parent, os.W_OK):
            return f"may not write to {printable(path.parent)}: run it as a user who may"
    return ""


def versions() -> dict[str, str]:
    """Return the versions of what the results come from."""
    found = {"Python": platform.python_version().rpartition(".")[0], "Bonafide's code": _code()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@cache
def _code() -> str:
    """Return what stands for the source of the whole package, short enough to be read in a sentence.

    Once: a worker that has loaded some of it is not of the version that lies there later.
    """
    files = sorted(PACKAGE.rglob("*.py"))
    content = b"".join(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() for path in files)
    return hashlib.sha256(content).hexdigest()[:12]


def _holds(path: Path, secret: str) -> bool:
    for _ in range(SEEN_TRIES):
        try:
            return path.read_text(encoding="ascii") == secret
        except OSError:
            time.sleep(SEEN_SECONDS)
    return False


@contextmanager
def _expected() -> Iterator[Expected]:
    """Yield what workers must be like, with files for them to see in the folders of the project and of the parts."""
    secret = uuid.uuid4().hex
    homes = {KEPT.absolute(), Path(os.environ.get("BONAFIDE_STORE", PARTS)).absolute()}
    files = tuple(home / f"cluster-{secret}" for home in sorted(homes))
    try:
        for path in files:
            write_text(path, secret)
        yield Expected(versions(), files, secret)
    finally:
        for path in files:
            path.unlink(missing_ok=True)


@contextmanager
def _client(client: Any, place: str) -> Iterator[Any]:  # noqa: ANN401
    """Yield a client at `place`; certificates for TLS are those of Dask's own configuration."""
    try:
        connection = client(place, timeout=CONNECT_SECONDS)
    except (OSError, TypeError, ValueError) as error:  # the last two where TLS is asked for without a certificate
        why = printable(str(error).partition("\n")[0])
        raise UserError(f"no Dask scheduler answers at {place} (BONAFIDE_EXECUTOR): {why}") from None
    with connection:
        yield connection


def _wait_for_one(client: Any, place: str) -> None:  # noqa: ANN401
    try:
        client.wait_for_workers(1, timeout=FIRST_SECONDS)
    except TimeoutError:
        raise UserError(
            f"the Dask scheduler at {place} has had no worker for {FIRST_SECONDS} s: `dask worker {place}` starts one"
        ) from None


def _refuse_unlike(problems: dict[str, Any]) -> None:
    """Raise `UserError` where a worker has a problem, or cannot even tell."""
    for worker, problem in sorted(problems.items()):
        if isinstance(problem, ImportError):
            raise UserError(
                f"the Dask worker {worker} has another Bonafide, or none ({problem}): install the same there"
            )
        if isinstance(problem, Exception):
            raise UserError(f"the Dask worker {worker} does not answer: {printable(problem)}")
        if problem:
            raise UserError(f"the Dask worker {worker} {problem}")
