"""A folder of recordings: ``human/...``, ``ai/...`` and, for what else is known, an optional ``clips.csv``."""

import csv
from pathlib import Path

from bonafide.corpus.rows import LABELS, Row, Rows
from bonafide.errors import UserError

LABEL_WORDS = {
    **dict.fromkeys(("human", "bonafide", "bona-fide", "bona_fide", "genuine", "real", "gt"), "human"),
    **dict.fromkeys(("ai", "spoof", "fake", "synthetic", "deepfake", "generated"), "ai"),
}
GENDERS = {"female": "female", "f": "female", "male": "male", "m": "male", "": ""}
MOST_HERTZ = 2**31  # what the clip table can hold
OTHER_COLUMNS = ("path", "label", "gender", "native_rate", "seconds")  # seconds are measured
TEXT_COLUMNS = ("speaker", "generator", "source", "language", "pair", "license", "native_format")


def read_folder(root: Path) -> Rows:
    """Return what is known of every file under ``root/human`` and ``root/ai`` and of all that clips.csv names.

    A clip that clips.csv says no source of takes the name of the folder it lies in under its label:
    ``human/SOURCE/clip.wav``.

    Returns
    -------
    list of dict
        With ``path`` relative to `root`, ``label``, the text columns of the clip table, ``gender`` and
        ``native_rate`` (0 where clips.csv does not say), sorted by path.

    Raises
    ------
    UserError
        When there are no clips, or when clips.csv has a line that cannot be meant; it names the line.
    """
    if not root.is_dir():
        raise UserError(f"corpus.root '{root}' is no folder: it must hold the folders human and ai")
    rows = {path: _unknown(path) for path in _files(root)}
    table = root / "clips.csv"
    if table.exists():
        rows |= _read_table(table)
    if not rows:
        raise UserError(f"{root} holds no clips: put recordings into {root}/human and {root}/ai")
    return [rows[path] for path in sorted(rows)]


def unused_columns(root: Path) -> list[str]:
    """Return the columns of ``root/clips.csv`` that mean nothing here: a misspelt ``speaker`` would let one leak."""
    table = root / "clips.csv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8-sig", newline="") as file:
        named = csv.DictReader(file, skipinitialspace=True).fieldnames or []
    return [name for name in named if name not in (*TEXT_COLUMNS, *OTHER_COLUMNS)]


def _files(root: Path) -> list[str]:
    files = (path for label in LABELS for path in (root / label).rglob("*") if path.is_file())
    relative = (path.relative_to(root) for path in files)
    return [path.as_posix() for path in relative if not any(part.startswith(".") for part in path.parts)]


def _unknown(path: str) -> Row:
    parts = Path(path).parts
    label = parts[0] if parts[0] in LABELS else ""
    source = parts[1] if label and len(parts) > 2 else ""
    empty = dict.fromkeys(TEXT_COLUMNS, "")
    return {"path": path, "label": label, **empty, "source": source, "gender": "", "native_rate": 0}


def _read_table(table: Path) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            if "path" not in (reader.fieldnames or []):
                raise UserError(f"{table} needs a first line that names its columns, 'path' among them")
            lines: dict[str, int] = {}
            for line in reader:
                row = _row(line, f"{table}, line {reader.line_num}")
                if row["path"] in rows:
                    first = lines[row["path"]]
                    raise UserError(f"{table}, line {reader.line_num}: '{row['path']}' stands in line {first} already")
                rows[row["path"]], lines[row["path"]] = row, reader.line_num
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table} is not a CSV file in UTF-8: {error}") from None
    return rows


def _row(line: dict[str, str | None], where: str) -> Row:
    cells = {key: (value or "").strip() for key, value in line.items() if isinstance(key, str)}
    path = Path(cells["path"])
    if not cells["path"] or path.is_absolute() or ".." in path.parts:
        raise UserError(f"{where}: path '{path}' must lie in the folder of clips.csv")
    row = _unknown(path.as_posix())
    row |= {column: cells[column] for column in TEXT_COLUMNS if cells.get(column)}
    row["label"] = _label(cells.get("label", ""), row["label"], where)
    row["gender"] = _choice(GENDERS, cells.get("gender", ""), "gender", where)
    row["native_rate"] = _rate(cells.get("native_rate", ""), where)
    if row["label"] == "human" and row["generator"]:
        raise UserError(f"{where}: a human clip has no generator, and this one names '{row['generator']}'")
    return row


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
    if text and not (text.isdecimal() and int(text) < MOST_HERTZ):
        raise UserError(f"{where}: native_rate must be a whole number of hertz, not '{text}'")
    return int(text or 0)
