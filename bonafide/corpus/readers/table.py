"""A table of clips: CSV, TSV, Parquet or JSON lines, with columns of any names."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bonafide.corpus.readers.folder import FAMILY_WORDS, LABEL_WORDS, MOST_HERTZ, TEXT_COLUMNS
from bonafide.corpus.readers.listing import (
    OFFICIAL_WORDS,
    UNKNOWN,
    Line,
    files_below,
    in_columns,
    matched,
    read_lines,
)
from bonafide.corpus.rows import FAMILIES, Row, Rows
from bonafide.corpus.segments import as_text, segments_in
from bonafide.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*SEPARATORS, ".parquet", ".jsonl", ".ndjson")
MARKS = tuple(f"*{suffix}" for suffix in SUFFIXES)
NEEDED = ("path", "label")
COLUMNS = (*NEEDED, *TEXT_COLUMNS, "family", "gender", "native_rate", "official", "segments")
NO_WORDS: Mapping[str, str] = {}


def read(table: Path, columns: Mapping[str, str] = NO_WORDS, labels: Mapping[str, str] = NO_WORDS) -> Rows:
    """Return the clips that `table` names; paths are relative to its folder.

    Parameters
    ----------
    table : Path
        Its suffix says what it is.
    columns : mapping of str to str
        The table's names of the columns of the clip table, where they are others: ``{"path": "file"}``.
    labels : mapping of str to str
        What its labels mean, where they are others: ``{"0": "human"}``; ``""`` is that of a clip that has none.

    Raises
    ------
    UserError
        When the table is of no kind that is known, or a column is.
    """
    kind = table.suffix.lower()
    if not table.is_file() or kind not in SUFFIXES:
        raise UserError(f"{table} is no table: the reader 'table' needs the path of a file in {', '.join(SUFFIXES)}")
    names = names_of(table, columns)
    needed = needed_of(names, columns, labels)
    of = partial(row_of, names, labels)
    if kind in SEPARATORS:
        rows: Iterable[Row] = in_columns(table.parent, table.name, needed, of, SEPARATORS[kind])
    else:
        rows = _records(table, needed, of)
    rows = list(rows)
    paths = {row["path"] for row in rows if "reason" not in row}
    return matched(rows, [path for path in files_below(table.parent) if path in paths], unnamed="")


def names_of(corpus: Path, columns: Mapping[str, str]) -> dict[str, str]:
    """Return what `corpus` calls each column of the clip table, in small letters; `columns` has those of other names.

    Raises
    ------
    UserError
        When `columns` names one that the clip table does not have.
    """
    if odd := [name for name in columns if name not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise UserError(f"corpus.readers: columns of {corpus} names {', '.join(odd)}, and known are {known}")
    return {name: columns.get(name, name).lower() for name in COLUMNS}


def needed_of(names: Mapping[str, str], columns: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """Return the columns that must be there: of paths, those of `columns`, and of labels unless `labels` has ``""``."""
    always = [name for name in NEEDED if name == "path" or "" not in labels]
    return [names[name] for name in dict.fromkeys((*always, *columns))]


def _records(table: Path, needed: list[str], of: partial[Row]) -> Iterator[Row]:
    records = _json_lines(table) if table.suffix.lower() != ".parquet" else _parquet(table, needed)
    for line, record in records:
        if record is None:
            yield line.broken("it is no JSON object")
            continue
        cells = {name.lower(): text_of(value) for name, value in record.items()}
        if missing := [name for name in needed if name not in cells]:
            yield line.broken(f"it lacks {', '.join(missing)}")
        else:
            yield of(line, cells)


def _json_lines(table: Path) -> Iterator[tuple[Line, dict[str, object] | None]]:
    for line in read_lines(table.parent, table.name):
        try:
            record = json.loads(line.text)
        except ValueError:
            record = None
        yield line, record if isinstance(record, dict) else None


def _parquet(table: Path, needed: list[str]) -> Iterator[tuple[Line, dict[str, object]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(table) as file:
            names = [field.name for field in file.schema_arrow if holds_texts(field.type)]  # no audio
            if missing := set(needed) - {name.lower() for name in names}:
                raise UserError(
                    f"{table} lacks the columns {', '.join(sorted(missing))} as text: sound must lie in files"
                )
            for batch in file.iter_batches(columns=names):
                for record in batch.to_pylist():
                    number += 1
                    yield Line(table.parent, table.name, number, ""), record
    except pa.ArrowInvalid as error:
        raise UserError(f"{table} is no Parquet file: {error}") from None


def holds_texts(kind: "pa.DataType") -> bool:
    """Return whether a column of a Parquet file, of this kind, has the facts of clips: plain values, or segments."""
    import pyarrow as pa

    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return {"start", "end"} <= {field.name for field in kind.value_type}
    return not pa.types.is_nested(kind)


def row_of(names: Mapping[str, str], labels: Mapping[str, str], line: Line, cells: Mapping[str, str]) -> Row:
    """Return the row of the clip that `line` names, with `cells` by their columns, which `names` has."""
    facts = {name: cells.get(column, "") for name, column in names.items()}
    facts["family"] = "" if facts["family"] in UNKNOWN else facts["family"].lower()
    path, label = PurePosixPath(facts.pop("path")), facts.pop("label")
    label = labels.get(label, label)
    rate, official, segments = facts.pop("native_rate"), facts.pop("official").lower(), facts.pop("segments")
    if not path.name or path.is_absolute() or ".." in path.parts:
        return line.broken(f"path '{path}' must lie in the folder of the table")
    if LABEL_WORDS.get(label.lower()) == "human" and facts["generator"] not in UNKNOWN:
        return line.broken(f"a human clip has no generator, and this one names '{facts['generator']}'")
    if facts["family"] not in FAMILY_WORDS:
        return line.broken(f"unknown family '{facts['family']}', known are: {', '.join(FAMILIES)}")
    if rate and not (rate.isdecimal() and int(rate) < MOST_HERTZ):
        return line.broken(f"the native rate must be a whole number of hertz, not '{rate}'")
    if official and official not in OFFICIAL_WORDS:
        return line.broken(f"unknown side '{official}', known are: {', '.join(OFFICIAL_WORDS)}")
    row = line.row(path.as_posix(), label, **facts, official=OFFICIAL_WORDS.get(official, ""))
    if "reason" in row:
        return row
    row["native_rate"] = int(rate or 0)
    return line.partly(row, partial(segments_in, segments)) if segments else row


def text_of(value: object) -> str:
    """Return `value` as a cell of a table of texts has it, and segments as clips.csv has them."""
    if isinstance(value, list) and all(isinstance(each, dict) and each.keys() >= {"start", "end"} for each in value):
        return as_text(value)
    return "" if value is None else str(value).strip()
