"""Parquet parts: the unit of work, of caching and of transfer.

DVC reruns a stage whole; the part store makes that cheap. It keeps each part under a fingerprint of all that it was
made from, outside the stages' outs, so that outs stay a pure function of inputs and settings whatever it holds.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.files import sha256, write_whole
from bonafide.pipeline.code_version import code_version
from bonafide.pipeline.executors import run_all
from bonafide.pipeline.links import share
from bonafide.pipeline.paths import PARTS
from bonafide.pipeline.tables import write_table
from bonafide.progress import track

STORE_GB = 20.0
SOUND_LIBRARIES = ("audiomentations", "numpy", "pyarrow", "scipy", "soundfile", "soxr")  # their bytes are in parts

Part: TypeAlias = pa.Table | pa.RecordBatchReader  # what a part is made into: whole, or a row group at a time


@dataclass(frozen=True)
class Task:
    """One part to make.

    Attributes
    ----------
    part : int
        The part's number.
    inputs : str
        A hash or listing of everything the part is made from, but for settings and code.
    payload : Any
        What the making function gets beside the settings: rows, or the path of another part.
    """

    part: int
    inputs: str
    payload: Any


def part_name(part: int) -> str:
    """Return the file name of part number `part`."""
    return f"part-{part:04d}.parquet"


def part_files(folder: Path) -> dict[int, Path]:
    """Return the parts in `folder` by number, in order."""
    return {int(path.stem.removeprefix("part-")): path for path in sorted(folder.glob("part-*.parquet"))}


def tasks_from_parts(folder: Path) -> list[Task]:
    """Return a task for every part in `folder`: the part's path, known by its content."""
    return [Task(part, sha256(path), str(path)) for part, path in part_files(folder).items()]


def build(
    make: Callable[[Any, Any], Part],
    settings: Any,  # noqa: ANN401 - a dataclass
    tasks: list[Task],
    out: Path,
    *,
    what: str,
) -> None:
    """Fill the folder `out` with one part for each of `tasks`: from the store where it is known, else made anew.

    Parameters
    ----------
    make : callable
        A module's function of (payload, settings) that returns the part's table, or its rows as they are made; it
        must be pure.
    settings : dataclass
    tasks : list of Task
        A task whose table comes out empty leaves no file.
    out : Path
    what : str
        Said beside the progress.
    """
    store = Path(os.environ.get("BONAFIDE_STORE", PARTS))
    version = code_version(Path(make.__code__.co_filename))
    by_key = {fingerprint(task, settings, make.__name__, version): task for task in tasks}
    missing = [(store / f"{key}.parquet", task.payload) for key, task in by_key.items() if not _in_store(store, key)]
    if len(missing) < len(by_key):
        what = f"{what} ({len(by_key) - len(missing)} of {len(by_key)} parts were known)"
    for _ in track(run_all(partial(_make_part, make, settings), missing), total=len(missing), what=what):
        pass
    _lay_out({part_name(task.part): store / f"{key}.parquet" for key, task in by_key.items()}, out)
    _evict(store, keep=set(by_key))


def fingerprint(task: Task, settings: Any, function: str, version: str) -> str:  # noqa: ANN401 - a dataclass
    """Return the name under which the store knows the part that `task` makes."""
    facts = [task.part, task.inputs, asdict(settings), function, version, _library_versions()]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@cache
def _library_versions() -> list[str]:
    return [metadata.version(name) for name in SOUND_LIBRARIES]


def _make_part(make: Callable[[Any, Any], Part], settings: Any, task: tuple[Path, Any]) -> None:  # noqa: ANN401
    path, payload = task
    write_table(make(payload, settings), path)


def _in_store(store: Path, key: str) -> bool:
    path = store / f"{key}.parquet"
    try:
        about = path.stat()
    except FileNotFoundError:
        return False
    # Least recently used goes first. Its time of change stays, as an out may be the same file: DVC would read it anew.
    with suppress(PermissionError):  # of what is another's in a store that people share, the times cannot be set
        os.utime(path, ns=(time.time_ns(), about.st_mtime_ns))
    return True


def _lay_out(files: dict[str, Path], out: Path) -> None:
    """Share the store's bytes; what is changed through an out no longer has its checksum, and is made anew."""
    out.mkdir(parents=True, exist_ok=True)
    for path in out.iterdir():
        if path.name not in files:
            path.unlink()
    for name, source in files.items():
        if pq.read_metadata(source).num_rows:
            write_whole(out / name, partial(share, source))


def _evict(store: Path, keep: set[str]) -> None:
    limit = float(os.environ.get("BONAFIDE_STORE_GB", STORE_GB)) * 1e9
    files = sorted(store.glob("*.parquet"), key=lambda path: path.stat().st_atime)
    size = sum(path.stat().st_size for path in files)
    for path in files:
        if size <= limit:
            return
        if path.stem not in keep:
            size -= path.stat().st_size
            path.unlink(missing_ok=True)  # another run may clear the same store
