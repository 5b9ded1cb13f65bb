"""A folder of recordings: ``human/...``, ``ai/...`` and, for what else is known, an optional ``clips.csv``."""

import os
import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from bonafide.corpus import clips_table
from bonafide.corpus.clip_paths import Likely, Spellings, loose
from bonafide.corpus.clips_table import ClipsTable
from bonafide.corpus.rows import FAMILIES, LABELS, Row, Rows
from bonafide.corpus.segments import segments_in
from bonafide.corpus.tree import fault_of, files_below
from bonafide.errors import UserError

LABEL_WORDS = {
    **dict.fromkeys(("human", "bonafide", "bona-fide", "bona_fide", "genuine", "real", "gt"), "human"),
    **dict.fromkeys(("ai", "spoof", "fake", "synthetic", "deepfake", "generated"), "ai"),
}
GENDERS = {"female": "female", "f": "female", "male": "male", "m": "male", "": ""}
FAMILY_WORDS: dict[str, str] = {"": "", **{family: family for family in FAMILIES}}
MOST_HERTZ = 2**31  # what the clip table can hold
OTHER_COLUMNS = ("path", "label", "family", "gender", "native_rate", "segments", "seconds")  # seconds are measured
CLOSE_COLUMN = 0.8  # difflib's ratio of two names from which on one is the other misspelt
FIRST_LINES = 3  # that a message names
RATE = re.compile(r"([0-9]+)|([0-9]{4,})[.,]0+")  # as spreadsheets write it; 16.000 is a thousand times another rate
TEXT_COLUMNS = ("speaker", "generator", "source", "language", "pair", "license", "native_format")


def read_folder(root: Path) -> Rows:
    """Return what is known of every file under ``root/human`` and ``root/ai`` and of all that clips.csv names.

    A clip that clips.csv says no source of takes the name of the folder it lies in under its label:
    ``human/SOURCE/clip.wav``. A path of clips.csv may differ from the file's by case, Unicode form, blanks, slashes or
    the folder before it; the row has it as it is on disk. A line whose file is not there is a row too, unless there is
    a file without a line that it may mean: that would be used without what is known of it.

    Returns
    -------
    list of dict
        With ``path`` relative to `root`, ``label``, the text columns of the clip table, ``family``, ``gender`` and
        ``native_rate`` (0 where clips.csv does not say), sorted by path.

    Raises
    ------
    UserError
        When there are no clips, or when clips.csv has a column or a line that cannot be meant; it names the line.
    """
    if not root.is_dir():
        raise UserError(f"corpus.root '{root}' is no folder: it must hold the folders human and ai")
    rows = {path: _unknown(path) for path in _files(root)}
    table = root / "clips.csv"
    if os.path.lexists(table):
        if fault := fault_of(table):
            raise UserError(f"{table} cannot be read: {fault}")
        rows |= _read_table(table, rows)
    if not rows:
        raise UserError(f"{root} holds no clips: put recordings into {root}/human and {root}/ai")
    return [rows[path] for path in sorted(rows)]


def unused_columns(root: Path) -> list[str]:
    """Return the columns of ``root/clips.csv`` that mean nothing here."""
    table = root / "clips.csv"
    if not table.exists():
        return []
    there = clips_table.read(table)
    named = zip(there.header, there.columns, strict=True)
    return [name.strip() for name, column in named if column and column not in (*TEXT_COLUMNS, *OTHER_COLUMNS)]


def _files(root: Path) -> list[str]:
    folders = sorted(path.name for path in root.iterdir() if loose(path.name) in LABELS and path.is_dir())
    return [path for folder in folders for path in files_below(root, folder)]


def _unknown(path: str) -> Row:
    parts = path.split("/")
    folder = loose(parts[0])
    label = folder if folder in LABELS else ""
    source = parts[1] if label and len(parts) > 2 else ""
    empty = dict.fromkeys(TEXT_COLUMNS, "")
    return {"path": path, "label": label, **empty, "source": source, "family": "", "gender": "", "native_rate": 0}


def _read_table(table: Path, files: Collection[str]) -> dict[str, Row]:
    there = clips_table.read(table)
    _check_columns(there)
    columns = there.columns
    spellings = Spellings(table.parent, files)
    rows: dict[str, Row] = {}
    lines: dict[str, int] = {}
    missing: dict[str, dict[str, str]] = {}
    for number, texts in there.lines():
        where = f"{table}, line {number}"
        cells = dict(zip(columns, (text.strip() for text in texts), strict=False))
        path, is_there = _path(cells.get("path", ""), spellings, where)
        row = _row(path, cells, where) if is_there else None
        if path in lines:
            raise UserError(f"{where}: '{path}' stands in line {lines[path]} already")
        lines[path] = number
        if row:
            rows[path] = row
        else:
            missing[path] = cells
    unnamed = [path for path in files if path not in rows]
    _check_missing(table, {path: lines[path] for path in missing}, len(lines), unnamed)
    # Now, as a path that is not the file's has none of the labels that folders give.
    return rows | {path: _row(path, cells, f"{table}, line {lines[path]}") for path, cells in missing.items()}


def _check_columns(table: ClipsTable) -> None:
    """Refuse two columns of one meaning, and one whose name is almost that of a column which is not there."""
    lacking = [column for column in (*TEXT_COLUMNS, *OTHER_COLUMNS[1:-1]) if column not in table.columns]
    for name, column in zip(table.header, table.columns, strict=True):
        if column in (*TEXT_COLUMNS, *OTHER_COLUMNS):
            if table.columns.count(column) > 1:
                raise UserError(f"{table.path}, line {table.start} names the column '{column}' twice")
        elif meant := get_close_matches(column, lacking, 1, CLOSE_COLUMN):
            raise UserError(
                f"{table.path}, line {table.start}: unknown column '{name.strip()}' (is '{meant[0]}' meant?): "
                f"call it '{meant[0]}', or something less like it if it holds something else"
            )


def _path(text: str, spellings: Spellings, where: str) -> tuple[str, bool]:
    """Return the path that the cell `text` means, as it is on disk, and whether it is there."""
    path = ""
    for spelling in dict.fromkeys((text, text.replace("\\", "/"))):  # a name may hold a backslash, but seldom does
        path = spellings.plain(spelling) or ""
        if not path or "\0" in path:
            raise UserError(f"{where}: path '{text}' must lie in the folder of clips.csv")
        paths = spellings.on_disk(path)
        if len(paths) > 1:
            meant = " or ".join(paths).encode(errors="replace").decode()
            raise UserError(f"{where}: '{text}' may mean {meant}: write it as the file is called")
        if paths:
            return paths[0], True
    return path, False


def _check_missing(table: Path, missing: dict[str, int], count: int, unnamed: Sequence[str]) -> None:
    """Refuse lines without a file where files without a line may be theirs."""
    if not missing or not unnamed:
        return
    likely = Likely(unnamed)
    meant = {path: file for path in missing if (file := likely.file(path))}
    if not meant and len(missing) < count:
        return
    path = next(iter(meant or missing))
    hint = f" (is {meant[path]} meant?)" if meant else ""
    message = (
        f"{table}, {_listed([missing[each] for each in meant or missing])}: '{path}' is not there{hint}: "
        "correct the paths, which start in the folder of clips.csv, or delete the lines of files that are gone, as "
        "files that no line names would be used without their speaker"
    )
    raise UserError(message.encode(errors="replace").decode())  # a file's name may be in no encoding


def _listed(lines: Sequence[int]) -> str:
    """Return the first of `lines` and how many they are."""
    first = ", ".join(str(line) for line in lines[:FIRST_LINES])
    more = f" and {len(lines) - FIRST_LINES} more" if len(lines) > FIRST_LINES else ""
    return f"line{'s' if len(lines) > 1 else ''} {first}{more}"


def _row(path: str, cells: dict[str, str], where: str) -> Row:
    row = _unknown(path)
    row |= {column: cells[column] for column in TEXT_COLUMNS if cells.get(column)}
    row["label"] = _label(cells.get("label", ""), row["label"], where)
    row["family"] = _choice(FAMILY_WORDS, cells.get("family", ""), "family", where)
    row["gender"] = _choice(GENDERS, cells.get("gender", ""), "gender", where)
    row["native_rate"] = _rate(cells.get("native_rate", ""), where)
    if row["label"] == "human" and row["generator"]:
        raise UserError(f"{where}: a human clip has no generator, and this one names '{row['generator']}'")
    if row["label"] == "human" and row["family"]:
        raise UserError(f"{where}: a human clip has no family, and this one names '{row['family']}'")
    return row | _segments(cells.get("segments", ""), row["label"], where)


def _segments(text: str, label: str, where: str) -> Row:
    """Return the column `segments`, or nothing where the cell says nothing."""
    if not text:
        return {}
    if label == "human":
        raise UserError(f"{where}: a human clip has no synthetic segments, and this one names '{text}'")
    try:
        return {"segments": segments_in(text)}
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None


def _label(text: str, folder: str, where: str) -> str:
    label = _choice(LABEL_WORDS, text, "label", where) if text else folder
    if not label:
        raise UserError(f"{where}: the clip has no label, and lies neither in human nor in ai")
    if folder and label != folder:
        raise UserError(f"{where}: the label is '{text}', but the clip lies in the folder '{folder}'")
    return label


def _choice(words: dict[str, str], text: str, column: str, where: str) -> str:
    if text.lower() not in words:
        raise UserError(f"{where}: unknown {column} '{text}', known are: {', '.join(filter(None, words))}")
    return words[text.lower()]


def _rate(text: str, where: str) -> int:
    if not text:
        return 0
    match = RATE.fullmatch(text)
    hertz = int(match[1] or match[2]) if match else MOST_HERTZ
    if hertz >= MOST_HERTZ:
        raise UserError(f"{where}: native_rate must be a whole number of hertz, not '{text}'")
    return hertz
