"""A corpus as the reader `folder` reads it: ``human/SOURCE/clip``, ``ai/SOURCE/clip`` and clips.csv."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bonafide.corpus import clips_csv
from bonafide.corpus.readers.folder import TEXT_COLUMNS
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.segments import as_text
from bonafide.corpus.sounds import sound_file
from bonafide.corpus.writers.growing import fill
from bonafide.corpus.writers.names import paths_of, suffix_of

COLUMNS = ("path", "label", "family", "gender", "native_rate", *TEXT_COLUMNS, "segments")


def write(root: Path, rows: Rows, folder: Path) -> Iterator[Row]:
    """Copy the sound of `rows` below `folder` as it is, yielding the row of each as it stands in clips.csv."""
    written: Rows = []
    for row, path in zip(rows, paths_of(rows), strict=True):
        with sound_file(root, row["path"]) as file:
            target = path + suffix_of(row, file)
            fill(folder / target, partial(shutil.copyfile, file))
        texts = {"native_rate": row["native_rate"] or "", "segments": as_text(row.get("segments") or [])}
        written.append({**row, "path": target, **texts})
        yield written[-1]
    (folder / "clips.csv").unlink(missing_ok=True)
    clips_csv.append(folder / "clips.csv", written, COLUMNS)
