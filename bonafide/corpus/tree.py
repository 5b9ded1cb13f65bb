"""What lies below a folder, told apart without opening anything: a FIFO would never answer."""

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Why what is no readable file is of no use; also the reasons in metrics/rejects.csv.
KINDS = {
    stat.S_IFIFO: "it is a FIFO, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
    stat.S_IFCHR: "it is a device, not a file",
    stat.S_IFBLK: "it is a device, not a file",
    stat.S_IFDIR: "it is a folder, not a file",
}
ERRORS = {
    errno.ENOENT: "the link leads to what is not there",
    errno.ELOOP: "the link leads back to itself",
    errno.EACCES: "the file may not be read: check its permissions",
}
ODD_FILE = "the file's name is not in UTF-8: rename it"
ODD_FOLDER = "the folder's name is not in UTF-8: rename it"
CLOSED = "the folder may not be read: check its permissions"


class Entry(NamedTuple):
    """A file below a folder, or what is none.

    Attributes
    ----------
    path : str
        Relative to the folder.
    fault : str
        Why it cannot be read; empty for a file that can.
    link : str
        The linked folder that it was reached through, empty where there is none.
    """

    path: str
    fault: str
    link: str


def entries(root: Path, folder: str = "", *, hidden: bool = False) -> Iterator[Entry]:
    """Yield the files in `folder` below `root` and all that is neither file nor folder there.

    Linked folders are followed after those that are there themselves; a folder that is met again is passed over, so
    that each is read once and a loop of links ends. A folder with a fault is an entry, and none of what it holds.
    What is hidden is left out unless `hidden`.
    """
    met: set[tuple[int, int]] = set()
    linked = deque([(folder, "")])
    while linked:
        top, link = linked.popleft()
        folders = [top]
        while folders:
            place = folders.pop()
            try:
                about = (root / place).stat()
                if (about.st_dev, about.st_ino) in met:
                    continue
                met.add((about.st_dev, about.st_ino))
                with os.scandir(root / place) as inside:
                    there = sorted(inside, key=lambda entry: entry.name)
            except OSError as error:
                yield Entry(place, CLOSED if error.errno == errno.EACCES else _unreadable(error), link)
                continue
            below: list[str] = []
            for entry in there:
                if not hidden and entry.name.startswith("."):
                    continue
                path = f"{place}/{entry.name}" if place else entry.name
                fault = _fault(entry)
                if fault != KINDS[stat.S_IFDIR]:
                    yield Entry(path, fault, link)
                elif entry.is_symlink():
                    linked.append((path, path))
                else:
                    below.append(path)
            folders += reversed(below)


def files_below(root: Path, folder: str = "") -> Iterator[str]:
    """Yield the paths, relative to `root`, of all files in `folder` that can be read and are not hidden.

    Among them those whose names are in no encoding: a line of a table may mean one of them.
    """
    return (entry.path for entry in entries(root, folder) if entry.fault in ("", ODD_FILE))


def fault_of(path: Path) -> str:
    """Return why `path` is no file that can be read, as `Entry` has it; a name in no encoding is no fault here.

    Raises
    ------
    FileNotFoundError
        When there is neither a file nor a link.
    """
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError as error:
        path.lstat()
        return _unreadable(error)
    if kind != stat.S_IFREG:
        return KINDS.get(kind, "it is no file")
    return "" if os.access(path, os.R_OK) else ERRORS[errno.EACCES]


def printable(path: str) -> str:
    r"""Return `path` with bytes that are in no encoding as ``\xe9``, so that it can be written."""
    return path if path.isascii() else os.fsencode(path).decode(errors="backslashreplace")


def _fault(entry: os.DirEntry[str]) -> str:
    """Return what `fault_of` does, with no more questions to the file system than it takes."""
    try:
        is_folder = entry.is_dir()
        if printable(entry.name) != entry.name:
            return ODD_FOLDER if is_folder else ODD_FILE
        if is_folder:
            return KINDS[stat.S_IFDIR]
        if entry.is_file() and os.access(entry.path, os.R_OK):
            return ""
        return fault_of(Path(entry.path))
    except OSError as error:  # of a loop of links, say
        return _unreadable(error)


def _unreadable(error: OSError) -> str:
    return ERRORS.get(error.errno or 0, f"it cannot be read: {error.strerror}")
