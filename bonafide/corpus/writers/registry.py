"""The writers by name, and how an export goes: whole, or to be gone on with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile

from bonafide.audio.recording import UnusableError
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.writers import asvspoof, folder, growing, hugging_face
from bonafide.errors import UserError


@dataclass(frozen=True)
class Writer:
    """One way to write a corpus.

    Attributes
    ----------
    about : str
        The layout, in a line.
    write : callable
        From the root of the sound, rows of clips with their ``side`` and a folder, to the rows as they are written.
    has_sides : bool
        Whether it writes the sides of a split; then what a split dropped is left out.
    """

    about: str
    write: Callable[[Path, Rows, Path], Iterator[Row]]
    has_sides: bool


WRITERS = {
    "folder": Writer("human/, ai/ and clips.csv", folder.write, has_sides=False),
    "hf": Writer("Parquet shards for Hugging Face's datasets", hugging_face.write, has_sides=True),
    "asvspoof": Writer("FLAC and protocols as of ASVspoof 2019 LA", asvspoof.write, has_sides=True),
}


def with_sides(rows: Rows) -> Rows:
    """Return `rows` with their ``side``: of their split, or else the official one; empty for none."""
    return [{**row, "side": row.get("split") or row.get("official", "")} for row in rows]


def export(root: Path, rows: Rows, out: Path, kind: str) -> Iterator[Row]:
    """Write `rows`, which have their ``side``, to `out` by the writer `kind`, yielding each when it is done.

    A run that was stopped leaves no `out`; the next one of the same clips goes on from what it did.

    Raises
    ------
    UserError
        When there is something in `out`, or a recording cannot be read.
    """
    if not rows:
        raise UserError("there is no clip to write")
    growing_folder = growing.begin(out, kind, rows)
    done = WRITERS[kind].write(root, rows, growing_folder)
    while True:
        try:
            row = next(done, None)
        except (OSError, UnusableError, soundfile.LibsndfileError) as error:
            raise UserError(f"the export stopped, a new run goes on from what is done: {error}") from None
        if row is None:
            break
        yield row
    growing.finish(growing_folder, out)
