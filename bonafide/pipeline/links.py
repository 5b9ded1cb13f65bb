"""Files that share their bytes on the disk, where the file system can do that."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

FICLONE = 0x40049409  # Linux: share the blocks of another file until one of them is written


def share(source: Path, target: Path) -> None:
    """Make `target`, which is not there, a file with the content of `source`, for as little disk as can be had.

    A reflink where the file system has them, as XFS and Btrfs do, else a hard link, which is the same file under a
    second name, else a copy.

    Raises
    ------
    OSError
        When it cannot even be copied.
    """
    ways: tuple[Callable[[Path, Path], object], ...] = (_reflink, os.link)
    for way in ways:
        try:
            way(source, target)
        except OSError:  # each file system says in its own way that it cannot
            continue
        return
    shutil.copyfile(source, target)


def _reflink(source: Path, target: Path) -> None:
    try:
        from fcntl import ioctl
    except ImportError:
        raise OSError("only Linux is asked for reflinks") from None
    try:
        with source.open("rb") as old, target.open("wb") as new:
            ioctl(new.fileno(), FICLONE, old.fileno())
    except OSError:
        target.unlink(missing_ok=True)
        raise
