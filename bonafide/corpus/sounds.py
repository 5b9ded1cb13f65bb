"""Where a clip's sound lies: a file of the corpus, whatever the reader that named it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sound_file(root: Path, path: str) -> Iterator[Path]:
    """Give the file that holds the sound of the clip at `path` of the corpus `root`, to be read and never written.

    Raises
    ------
    OSError
        When it is not there, or cannot be read.
    """
    yield root / path
