"""In-the-Wild: ``release_in_the_wild/N.wav`` and ``meta.csv`` with file, speaker and label (bona-fide or spoof)."""

from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import Line, files_below, in_columns, is_audio, matched
from bonafide.corpus.rows import Row, Rows


def read(root: Path) -> Rows:
    """Return the clips of meta.csv; a spoof's speaker is the person whose voice it imitates."""
    files = files_below(root)
    tables = [path for path in files if PurePosixPath(path).name == "meta.csv"]
    rows = [row for table in tables for row in in_columns(root, table, ("file", "speaker", "label"), _row)]
    return matched(rows, filter(is_audio, files), unnamed="no line of meta.csv names the file")


def _row(line: Line, cells: dict[str, str]) -> Row:
    path = PurePosixPath(line.file).parent / cells["file"]
    return line.row(path.as_posix(), cells["label"], speaker=cells["speaker"], language="en")
