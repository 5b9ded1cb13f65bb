"""Parquet and Arrow files that hold sound: each row's in a column of structs of ``bytes`` and ``path``.

That is how Hugging Face's `Audio` feature lies on disk.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bonafide.audio.recording import UnusableError

BATCH_BYTES = 1 << 24  # of the columns asked for, that are held at a time
BUFFER_BYTES = 1 << 20  # of a column, that are read at a time
MOST_ROWS = 4096  # of a batch
KEPT = 4  # files that stay open, with a batch each
FAULTS = (pa.ArrowException, OSError, UnicodeDecodeError)

Batches = Iterator[tuple[int, pa.RecordBatch]]  # with the number of the first row of each, from 0 on


class SoundRow(NamedTuple):
    """A row: whether it holds its sound itself, the path that it names, and what is in the other columns."""

    number: int  # from 0 on
    has_sound: bool
    path: str
    facts: dict[str, Any]


def schema_of(path: Path) -> pa.Schema:
    """Return the columns of the file `path`.

    Raises
    ------
    UnusableError
        When it is no Parquet or Arrow file, or cut short.
    """
    try:
        schema = pq.read_schema(path) if _is_parquet(path) else pa.ipc.open_stream(pa.memory_map(str(path))).schema
        sound_columns(schema)  # a name that is no text is an error as soon as it is looked at
        return schema
    except FAULTS as error:
        raise _unreadable("it", error) from None


def features_of(schema: pa.Schema) -> dict[str, Any]:
    """Return what Hugging Face notes of each column, such as the names of its classes; empty where it notes nothing."""
    try:
        noted = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {name: about for name, about in noted.items() if isinstance(about, dict)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def sound_columns(schema: pa.Schema) -> list[str]:
    """Return the columns of `schema` that hold sound: those noted as such, or where nothing is noted all of its type.

    >>> struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    >>> sound_columns(pa.schema([("label", pa.int64()), ("speech", struct)]))
    ['speech']
    """
    features = features_of(schema)
    laid_out = [name for name, kind in zip(schema.names, schema.types, strict=True) if _is_sound(kind)]
    return [name for name in laid_out if features.get(name, {"_type": "Audio"}).get("_type") == "Audio"]


def rows_of(path: Path, columns: Sequence[str], sound: str) -> Iterator[SoundRow]:
    """Yield the rows of `path` with what is in `columns`; the sound in column `sound` is not read where that can be.

    Raises
    ------
    UnusableError
        After the rows that could be read, when the file is damaged or cut short.
    """
    number = 0
    try:
        if _is_parquet(path):
            found = _parquet_batches(path, lambda group: [*columns, f"{sound}.path", *_bytes_in_doubt(group, sound)])
        else:
            found = _arrow_batches(path, [*columns, sound])
        for number, batch in found:
            yield from _described(number, batch, columns, sound)
            number += batch.num_rows
    except FAULTS as error:
        raise _unreadable(f"what follows its row {number}", error) from None


def sound_bytes(path: Path, column: str, row: int) -> bytes:
    """Return the sound of one row, counted from 0; that of rows near it comes from memory afterwards.

    Raises
    ------
    UnusableError
        When the row is not there or holds none, or the file is damaged.
    OSError
        When the file is not there.
    """
    about = path.stat()
    try:
        content = _cursor(path, column, about.st_mtime_ns, about.st_size).read(row)
    except (*FAULTS, KeyError) as error:
        raise _unreadable(f"row {row}", error) from None
    if content is None:
        raise UnusableError(f"row {row} holds no sound")
    return content


class _Cursor:
    """Reads forward through a column of sound, and keeps the last batch."""

    def __init__(self, path: Path, column: str) -> None:
        self._path, self._column = path, column
        self._batches: Batches = iter(())
        self._first, self._sound = 0, pa.array([], pa.binary())

    def read(self, row: int) -> bytes | None:
        rows = len(self._sound)
        if not self._first <= row < self._first + 2 * rows:  # in this batch or likely the next
            self._batches = self._from(row)
            self._sound = self._sound[:0]
        while not self._first <= row < self._first + len(self._sound):
            self._first, batch = next(self._batches, (row, None))
            if batch is None:
                self._sound = self._sound[:0]
                raise UnusableError(f"the file has no row {row}")
            self._sound = pc.struct_field(batch.column(self._column), "bytes")
        content: bytes | None = self._sound[row - self._first].as_py()
        return content

    def _from(self, row: int) -> Batches:
        if _is_parquet(self._path):
            return _parquet_batches(self._path, lambda _: [f"{self._column}.bytes"], first=row)
        return _arrow_batches(self._path, [self._column])


@lru_cache(maxsize=KEPT)
def _cursor(path: Path, column: str, changed: int, size: int) -> _Cursor:
    """Return the cursor over `path`; with another time or size it is another file."""
    return _Cursor(path, column)


def _parquet_batches(path: Path, columns_of: Callable[[pq.RowGroupMetaData], list[str]], first: int = 0) -> Batches:
    """Yield the row groups of `path` in pieces of a few megabytes, from the one that holds row `first` on."""
    # Else a whole column of a row group is read, which may be all of the file.
    with pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False) as file:
        start = 0
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            start += group.num_rows
            if start <= first:
                continue
            row, columns = start - group.num_rows, columns_of(group)
            at_once = _rows_at_once(group, columns)
            for batch in file.iter_batches(at_once, [number], columns, use_threads=False):
                yield row, batch
                row += batch.num_rows


def _rows_at_once(group: pq.RowGroupMetaData, columns: list[str]) -> int:
    chunks = [group.column(number) for number in range(group.num_columns)]
    size: int = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in columns)
    rows: int = BATCH_BYTES * group.num_rows // max(size, 1)
    return max(1, min(MOST_ROWS, rows))


def _bytes_in_doubt(group: pq.RowGroupMetaData, sound: str) -> list[str]:
    """Return the column of bytes, unless `group` says that none of them is null."""
    name = f"{sound}.bytes"
    chunks = [group.column(number) for number in range(group.num_columns)]
    counts = [chunk.statistics for chunk in chunks if chunk.path_in_schema == name]
    return [] if counts and all(one and one.null_count == 0 for one in counts) else [name]


def _arrow_batches(path: Path, columns: list[str]) -> Batches:
    """Yield the batches of `path`, of which no byte is read that is not looked at."""
    row = 0
    for batch in pa.ipc.open_stream(pa.memory_map(str(path))):
        chosen = batch.select(columns)
        chosen.validate(full=True)  # which Arrow takes on trust, and dies of what is not so
        yield row, chosen
        row += batch.num_rows


def _described(first: int, batch: pa.RecordBatch, columns: Sequence[str], sound: str) -> Iterator[SoundRow]:
    structs = batch.column(sound)
    names = [field.name for field in structs.type]
    paths = pc.struct_field(structs, "path").to_pylist()
    there = pc.struct_field(structs, "bytes").is_valid().to_pylist() if "bytes" in names else [True] * len(paths)
    facts = batch.select(list(columns)).to_pylist() if columns else [{} for _ in paths]
    for number, (has_sound, path, fact) in enumerate(zip(there, paths, facts, strict=True), start=first):
        yield SoundRow(number, has_sound, path or "", fact)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _is_sound(kind: pa.DataType) -> bool:
    if not pa.types.is_struct(kind) or {field.name for field in kind} != {"bytes", "path"}:
        return False
    held, path = kind.field("bytes").type, kind.field("path").type  # null where no row has any
    return held in (pa.binary(), pa.large_binary(), pa.null()) and path in (pa.string(), pa.large_string(), pa.null())


def _unreadable(what: str, error: Exception) -> UnusableError:
    text = " ".join(str(error).split())
    return UnusableError(f"{what} cannot be read, the file is damaged or cut short: {text}")
