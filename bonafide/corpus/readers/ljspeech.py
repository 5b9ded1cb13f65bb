"""LJ Speech: ``LJSpeech-1.1/wavs/*.wav`` and metadata.csv; one person alone."""

from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import Line, files_below, is_audio, matched, read_lines
from bonafide.corpus.rows import Row, Rows


def read(root: Path) -> Rows:
    """Return the recordings that metadata.csv names: ``LJ001-0001|text|text as it is read``."""
    files = files_below(root)
    tables = [path for path in files if PurePosixPath(path).name == "metadata.csv"]
    rows = [_row(line) for table in tables for line in read_lines(root, table)]
    return matched(rows, filter(is_audio, files), unnamed="no line of metadata.csv names the file")


def _row(line: Line) -> Row:
    stem, bar, _ = line.text.partition("|")
    if not bar:
        return line.broken("it is not ID|TEXT")
    path = PurePosixPath(line.file).parent / "wavs" / f"{stem}.wav"
    return line.row(
        path.as_posix(),
        "human",
        speaker="LJSpeech",  # the same names as in WaveFake, whose clips are copies of these
        gender="female",
        language="en",
        pair=f"LJSpeech/{stem}",
        license="public domain",
    )
