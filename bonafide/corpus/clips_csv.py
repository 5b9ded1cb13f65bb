"""Writes clips.csv, which `bonafide.corpus.readers.folder` reads, and the tables that lie beside it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bonafide.errors import UserError
from bonafide.files import write_text


def append(table: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Add `columns` of `rows` to `table`, made where it is not there; a path that it has keeps its row.

    The table keeps all that it has, columns of the user's own as well. Whoever shares it with others locks it before.

    Raises
    ------
    UserError
        When there is a table that cannot be read as one.
    """
    header, lines = _read(table)
    header += [column for column in columns if column not in header]
    at = header.index("path")
    paths = {Path(line[at]).as_posix() for line in lines if len(line) > at}
    new = [[row.get(column, "") for column in header] for row in rows if row["path"] not in paths]
    if new:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *lines, *new])
        write_text(table, text.getvalue())


def _read(table: Path) -> tuple[list[str], list[list[str]]]:
    if not table.exists():
        return [], []
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = list(csv.reader(file, skipinitialspace=True)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table} is not a CSV file in UTF-8: {error}") from None
    if "path" not in header:
        raise UserError(f"{table} needs a first line that names its columns, 'path' among them")
    if long := next((number for number, line in enumerate(lines, start=2) if len(line) > len(header)), None):
        raise UserError(f"{table}: row {long} has more fields than the first line names columns")
    return header, lines
