"""The part store with a checksum of each part, so that one that was damaged on the disk is made anew.

It stands before `bonafide.pipeline.parts`, whose source is part of every fingerprint: a change there would have all
parts of all users made again. The checksums lie beside the parts as ``sha256sum --check`` reads them.
"""

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.files import sha256, write_text
from bonafide.pipeline import parts
from bonafide.pipeline.code_version import code_version
from bonafide.pipeline.parts import Part, Task
from bonafide.pipeline.paths import PARTS
from bonafide.text import counted

SUFFIX = ".sha256"


def build(
    make: Callable[[Any, Any], Part],
    settings: Any,  # noqa: ANN401 - a dataclass
    tasks: list[Task],
    out: Path,
    *,
    what: str,
) -> None:
    """Fill the folder `out` as `bonafide.pipeline.parts.build` does, from no part of the store that was damaged.

    Each part that is taken from the store is read once more for it; what is made is read back once.
    """
    store = store_folder()
    version = code_version(Path(make.__code__.co_filename))
    paths = [store / f"{parts.fingerprint(task, settings, make.__name__, version)}.parquet" for task in tasks]
    if damage := remove_damaged(paths):
        verb = "was" if damage == 1 else "were"
        print(f"{counted(damage, 'part')} of {store} {verb} damaged: made anew", file=sys.stderr, flush=True)
    parts.build(make, settings, tasks, out, what=what)
    _note_sums(path for path in paths if path.exists() and not _sum_file(path).exists())
    _forget_evicted(store)


def store_folder() -> Path:
    """Return where parts are kept: BONAFIDE_STORE, or within the project."""
    return Path(os.environ.get("BONAFIDE_STORE", PARTS))


def damaged(paths: Iterable[Path]) -> list[Path]:
    """Return those parts among `paths` that are not what was written; of one without a checksum its end is looked at.

    Parts of before there were checksums have none, and what a killed run made.
    """
    there = [path for path in paths if path.exists()]
    with ThreadPoolExecutor() as pool:
        return [path for path, whole in zip(there, pool.map(_is_whole, there), strict=True) if not whole]


def remove_damaged(paths: Iterable[Path]) -> int:
    """Remove those parts among `paths` that are damaged, and return how many they were."""
    gone = damaged(paths)
    for path in gone:
        path.unlink(missing_ok=True)
        _sum_file(path).unlink(missing_ok=True)
    return len(gone)


def _is_whole(path: Path) -> bool:
    try:
        return sha256(path) == _sum_file(path).read_text(encoding="ascii").partition(" ")[0]
    except FileNotFoundError:
        return _has_footer(path)
    except UnicodeDecodeError:  # the checksum itself is damaged
        return False


def _has_footer(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


def _note_sums(paths: Iterable[Path]) -> None:
    new = list(paths)
    with ThreadPoolExecutor() as pool:
        for path, digest in zip(new, pool.map(sha256, new), strict=True):
            write_text(_sum_file(path), f"{digest}  {path.name}\n")


def _forget_evicted(store: Path) -> None:
    for path in store.glob(f"*{SUFFIX}"):
        if not path.with_suffix(".parquet").exists():
            path.unlink(missing_ok=True)


def _sum_file(path: Path) -> Path:
    return path.with_suffix(SUFFIX)
