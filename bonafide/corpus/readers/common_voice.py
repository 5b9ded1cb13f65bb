"""Common Voice: ``LOCALE/clips/*.mp3`` and tables beside it; people alone, all of them as MP3, which is a shortcut."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, Line, files_below, in_columns, is_audio, matched
from bonafide.corpus.rows import Row, Rows

SIDES = ("train", "dev", "test")  # drawn from what is validated; the test side first hears a speaker there
UNUSED = ("invalidated", "other")  # what listeners turned down or have not heard
COLUMNS = ("client_id", "path")


def read(root: Path) -> Rows:
    """Return the clips of train.tsv, dev.tsv and test.tsv and what else is in validated.tsv, for every locale."""
    files = files_below(root)
    tables = [PurePosixPath(path) for path in files if path.endswith(".tsv")]
    rows: Rows = []
    left_out: set[str] = set()
    for folder in sorted({table.parent for table in tables}):
        named = {table.stem: table.as_posix() for table in tables if table.parent == folder}
        rows += _rows(root, named)
        for name in UNUSED:
            unused = in_columns(root, named[name], COLUMNS, partial(_row, ""), "\t") if name in named else ()
            left_out |= {row["path"] for row in unused if "reason" not in row}
    used = {row["path"] for row in rows if "reason" not in row}
    audio = [path for path in files if is_audio(path) and path not in left_out - used]
    return matched(rows, audio, unnamed="no table of its locale names the file")


def _rows(root: Path, named: dict[str, str]) -> Iterable[Row]:
    sided: set[str] = set()
    for name in (*SIDES, "validated"):
        if name not in named:
            continue
        for row in in_columns(root, named[name], COLUMNS, partial(_row, OFFICIAL_WORDS.get(name, "")), "\t"):
            if name != "validated" or row["path"] not in sided:
                yield row
            if name != "validated":
                sided.add(row["path"])


def _row(official: str, line: Line, cells: dict[str, str]) -> Row:
    table = PurePosixPath(line.file)
    return line.row(
        (table.parent / "clips" / cells["path"]).as_posix(),
        "human",
        speaker=cells["client_id"],
        gender=cells.get("gender", "").partition("_")[0],  # male_masculine since release 17
        language=cells.get("locale") or table.parent.name,
        license="CC0-1.0",
        official=official,
    )
