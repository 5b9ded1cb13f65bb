"""A folder of recordings: ``human/...``, ``ai/...`` and, for what else is known, an optional ``clips.csv``."""

import csv
from pathlib import Path
from typing import Any

from bonafide.errors import UserError

LABELS = {
    **dict.fromkeys(("human", "bonafide", "bona-fide", "bona_fide", "genuine", "real", "gt"), "human"),
    **dict.fromkeys(("ai", "spoof", "fake", "synthetic", "deepfake", "generated"), "ai"),
}
GENDERS = {"female": "female", "f": "female", "male": "male", "m": "male", "": ""}
MOST_HERTZ = 2**31  # what the clip table can hold
OTHER_COLUMNS = ("path", "label", "gender", "native_rate", "seconds")  # seconds are measured
TEXT_COLUMNS = ("speaker", "generator", "source", "language", "pair", "license", "native_format")


def read_folder(root: Path) -> list[dict[str, Any]]:
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
    found = (path for label in ("human", "ai") for path in (root / label).rglob("*") if path.is_file())
    relative = (path.relative_to(root) for path in found)
    return [path.as_posix() for path in relative if not any(part.startswith(".") for part in path.parts)]


def _unknown(path: str) -> dict[str, Any]:
    parts = Path(path).parts
    label = parts[0] if parts[0] in ("human", "ai") else ""
    source = parts[1] if label and len(parts) > 2 else ""
    empty = dict.fromkeys(TEXT_COLUMNS, "")
    return {"path": path, "label": label, **empty, "source": source, "gender": "", "native_rate": 0}


def _read_table(table: Path) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
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


def _row(line: dict[str, str | None], where: str) -> dict[str, Any]:
    said = {key: (value or "").strip() for key, value in line.items() if isinstance(key, str)}
    path = Path(said["path"])
    if not said["path"] or path.is_absolute() or ".." in path.parts:
        raise UserError(f"{where}: path '{path}' must lie in the folder of clips.csv")
    row = _unknown(path.as_posix())
    row |= {column: said[column] for column in TEXT_COLUMNS if said.get(column)}
    row["label"] = _label(said.get("label", ""), row["label"], where)
    row["gender"] = _choice(GENDERS, said.get("gender", ""), "gender", where)
    row["native_rate"] = _rate(said.get("native_rate", ""), where)
    if row["label"] == "human" and row["generator"]:
        raise UserError(f"{where}: a human clip has no generator, and this one names '{row['generator']}'")
    return row


def _label(said: str, folder: str, where: str) -> str:
    label = _choice(LABELS, said, "label", where) if said else folder
    if not label:
        raise UserError(f"{where}: the clip has no label, and lies neither in human nor in ai")
    if folder and label != folder:
        raise UserError(f"{where}: the label is '{said}', but the clip lies in the folder '{folder}'")
    return label


def _choice(known: dict[str, str], said: str, column: str, where: str) -> str:
    if said.lower() not in known:
        raise UserError(f"{where}: unknown {column} '{said}', known are: {', '.join(filter(None, known))}")
    return known[said.lower()]


def _rate(said: str, where: str) -> int:
    if said and not (said.isdecimal() and int(said) < MOST_HERTZ):
        raise UserError(f"{where}: native_rate must be a whole number of hertz, not '{said}'")
    return int(said or 0)
