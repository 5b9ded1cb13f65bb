"""What a machine's faults are called in one sentence: a disk that is full, a folder that is read-only, no memory."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bonafide.pipeline.paths import PARTS
from bonafide.text import printable

AGAIN = "then run it again: what is done is kept"
FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your share of the disk is full"}
FAULTS = {
    errno.EROFS: f"the file system is read-only: make it writable, or work in a copy of the project, {AGAIN}",
    errno.EACCES: f"permission denied: let yourself read and write there, {AGAIN}",
    errno.EPERM: f"it may not be changed: see its owner and attributes, {AGAIN}",
    errno.ENOENT: f"it is not there, or not any more: bring it back (is a disk or share not mounted?), {AGAIN}",
    errno.EIO: f"the disk, or the connection to it, has a fault: look at the system's log, {AGAIN}",
    errno.ESTALE: f"the share went away: mount it anew, {AGAIN}",
    errno.ENOTCONN: f"the share went away: mount it anew, {AGAIN}",
    errno.EMFILE: f"too many files are open: raise the limit (`ulimit -n`), {AGAIN}",
    errno.ENOMEM: f"no memory is left: close other programs, or set BONAFIDE_WORKERS=1, {AGAIN}",
}
MEMORY = f"no memory is left: close other programs, or set BONAFIDE_WORKERS=1, {AGAIN}"
TEMPORARY = re.compile(r"(?<=/)\.\d+\.(?=[^/]+$)")  # before the name, while `write_whole` writes
OUT_OF_MEMORY = ("ResourceExhaustedError",)  # TensorFlow's, which stages that do not train never import


def sentence_of(error: BaseException, paths: Iterable[Path]) -> str:
    """Return what `error` means to a person and what to do, or nothing where it is no fault of the machine.

    Parameters
    ----------
    error : BaseException
    paths : iterable of Path
        What the stage reads and writes: libraries say that a disk is full and not which.
    """
    if isinstance(error, MemoryError) or type(error).__name__ in OUT_OF_MEMORY:
        return MEMORY
    if not isinstance(error, OSError):
        return ""
    number = _number(error)
    where = error.filename2 or error.filename
    if number in FULL:
        folder = _existing(Path(os.fsdecode(where))) if where else _fullest(paths)
        return f"{printable(folder)}: {FULL[number]}: free some space there, {AGAIN}"
    if number not in FAULTS or (where is None and number == errno.ENOENT):
        return ""
    return f"{printable(TEMPORARY.sub('', os.fsdecode(where)))}: {FAULTS[number]}" if where else FAULTS[number]


def _number(error: OSError) -> int:
    """Return the errno, which HDF5 has in its text alone."""
    if error.errno is not None:
        return error.errno
    return next((number for number in FULL if f"errno = {number}" in str(error)), 0)


def _fullest(paths: Iterable[Path]) -> Path:
    """Return the folder with the least free space of those that a stage writes to."""
    store = Path(os.environ.get("BONAFIDE_STORE", PARTS))
    folders = [_existing(path) for path in (*paths, store, Path(tempfile.gettempdir()))]
    return min(folders, key=lambda folder: shutil.disk_usage(folder).free)


def _existing(path: Path) -> Path:
    """Return `path` where it is a folder, else the nearest folder above it that is there."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())
