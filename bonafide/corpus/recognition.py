"""Which reader a corpus is laid out for, by the names of a few of its folders and files."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from bonafide.corpus.catalog import ReaderSettings
from bonafide.corpus.corpora import read_corpora
from bonafide.corpus.entries import Entries
from bonafide.corpus.readers.registry import READERS, Reader
from bonafide.errors import UserError
from bonafide.text import printable


@dataclass(frozen=True)
class Candidate:
    """A corpus that may lie somewhere.

    Attributes
    ----------
    reader : str
    path : str
        Of its folder or file, below the root.
    sign : str
        What it is recognised by, a path below `path`.
    """

    reader: str
    path: str
    sign: str


def sign_of(reader: Reader, landmarks: Iterable[str]) -> str:
    """Return the first of `landmarks`, paths below a folder, that `reader` is recognised by; empty for none."""
    marks = [re.compile("[^/]*".join(map(re.escape, mark.split("*")))) for mark in reader.marks]
    return next((path for path in landmarks if any(mark.fullmatch(path) for mark in marks)), "")


def candidates(entries: Entries) -> list[Candidate]:
    """Return the corpora that a folder with `entries` may be, or else those that the folders in it may be.

    A table of clips is taken for a corpus where nothing else is recognised.
    """
    whole = _layouts(entries.landmarks, ".")
    if whole:
        return whole
    inner: dict[str, list[str]] = {}
    for path in entries.landmarks:
        folder, _, rest = path.partition("/")
        if rest:
            inner.setdefault(folder, []).append(rest)
    parts = [one for folder, landmarks in sorted(inner.items()) for one in _layouts(landmarks, folder)]
    return parts or [one for path in entries.landmarks if "/" not in path for one in candidates_of_file(path)]


def candidates_of_file(name: str) -> list[Candidate]:
    """Return the readers that read a single file called `name`."""
    return [
        Candidate(reader.name, name, name) for reader in READERS.values() if reader.is_file and sign_of(reader, [name])
    ]


def likeliest(root: Path, found: list[Candidate]) -> list[Candidate]:
    """Return of those of `found` that lie in one place the one that makes most clips of it; the first where none does.

    Only where there is a choice is anything read.
    """
    places: dict[str, list[Candidate]] = {}
    for one in found:
        places.setdefault(one.path, []).append(one)
    return [max(those, key=lambda one: _clips(root, one)) if len(those) > 1 else those[0] for those in places.values()]


def named(reader: str, path: str) -> Candidate:
    """Return the corpus at `path` below the root as one for `reader`, which the user names."""
    if reader not in READERS:
        raise UserError(f"there is no reader '{reader}'; there are {', '.join(READERS)}")
    return Candidate(reader, path, "")


def settings_of(chosen: Iterable[Candidate]) -> tuple[ReaderSettings, ...]:
    """Return the item of `corpus.readers` for each of `chosen`."""
    return tuple(ReaderSettings(one.reader, one.path) for one in chosen)


def unrecognised(root: Path, landmarks: Collection[str]) -> str:
    """Return what to say of a folder that no reader recognises."""
    seen = [printable(path) for path in landmarks if "/" not in path][:5]
    there = f"it has {', '.join(seen)}" if seen else "it has neither folders nor tables"
    return (
        f"{root} is laid out as no reader knows it ({there}): sort the recordings into human/ and ai/, write a table of"
        " them, or name one of the readers with --reader"
    )


def _layouts(landmarks: list[str], path: str) -> list[Candidate]:
    readers = (reader for reader in READERS.values() if not reader.is_file)
    return [Candidate(reader.name, path, sign) for reader in readers if (sign := sign_of(reader, landmarks))]


def _clips(root: Path, one: Candidate) -> int:
    try:
        rows = read_corpora(root, settings_of([one]))
    except UserError:
        return -1
    return sum("reason" not in row for row in rows)
