"""Where a clip's sound lies: a file of the corpus, or in one that holds the sound of many, whatever the reader."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from bonafide.audio.recording import UnusableError
from bonafide.corpus.archives import copy_member
from bonafide.corpus.sound_tables import sound_bytes

CONTAINER = re.compile(r"\.(tar|parquet|arrow)/", re.IGNORECASE)  # where its path ends and the place in it begins


@contextmanager
def sound_file(root: Path, path: str) -> Iterator[Path]:
    """Give the file that holds the sound of the clip at `path` of the corpus `root`, to be read and never written.

    A path that goes on after a file means what lies in that: ``shards/000.tar/a/utt1.flac`` a file in an archive,
    ``data/train.parquet/audio/17/utt1.flac`` a column and a row, counted from 0, of a table; the last name is for
    people alone. It is a file of its own as long as the context lasts.

    Raises
    ------
    OSError
        When it is not there, or cannot be read.
    UnusableError
        When what it lies in is damaged, or holds nothing there.
    """
    container, place = _parted(root, path)
    if not place:
        yield container
        return
    with NamedTemporaryFile(prefix="bonafide-") as file:
        _copy(container, place, file)
        file.flush()
        yield Path(file.name)


def holder(root: Path, path: str) -> Path:
    """Return the file of the corpus that the sound of the clip at `path` lies in: its own, or that of many."""
    return _parted(root, path)[0]


def _parted(root: Path, path: str) -> tuple[Path, str]:
    for match in CONTAINER.finditer(path):
        file = root / path[: match.end() - 1]
        if file.is_file():
            return file, path[match.end() :]
    return root / path, ""


def _copy(container: Path, place: str, target: IO[bytes]) -> None:
    if container.suffix.lower() == ".tar":
        copy_member(container, place, target)
        return
    column, _, rest = place.partition("/")
    row = rest.partition("/")[0]
    if not row.isdecimal():
        raise UnusableError(f"'{place}' is no column and row")
    target.write(sound_bytes(container, column, int(row)))
