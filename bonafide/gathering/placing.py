"""Files that appear in a corpus folder whole or not at all, and that no link leads elsewhere."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bonafide.errors import UserError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def open_below(root: Path, path: Path) -> Iterator[int]:
    """Yield the open folder `path`, relative to `root`, made where it is not there.

    Raises
    ------
    UserError
        When one of its parts is a link or no folder.
    """
    place = os.open(root, os.O_RDONLY | os.O_DIRECTORY)  # may be a link: the user named it
    try:
        for name in path.parts:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=place)
            try:
                inner = os.open(name, FOLDER, dir_fd=place)
            except OSError:
                raise UserError(f"{root / path}: '{name}' is a link or no folder: clips go into real ones") from None
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


@contextmanager
def nameless(place: int, name: str, content: IO[bytes]) -> Iterator[Callable[[], None]]:
    """Write `content` into the open folder `place` without a name; yield what gives it `name` there.

    A process that is killed before that leaves nothing. Where the file system has no such files, the content has a
    hidden name until then.
    """
    try:
        handle = os.open(".", os.O_WRONLY | os.O_TMPFILE, 0o644, dir_fd=place)
    except (AttributeError, OSError):  # AttributeError: it is Linux's own
        hidden = f".{os.getpid()}.{name}"
        handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=place)
    else:
        hidden = ""

    def publish() -> None:
        if hidden:
            os.rename(hidden, name, src_dir_fd=place, dst_dir_fd=place)
        else:
            os.link(f"/proc/self/fd/{handle}", name, dst_dir_fd=place, follow_symlinks=True)

    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fchmod(handle, 0o644)  # whatever the umask: whoever may read the folder trains on it
            os.fsync(handle)
            yield publish
    finally:
        if hidden:
            with suppress(FileNotFoundError):
                os.unlink(hidden, dir_fd=place)
