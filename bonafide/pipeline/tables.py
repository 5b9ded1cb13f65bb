"""Reads and writes Parquet files, a row group at a time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from bonafide.files import write_whole

ROWS_PER_GROUP = 64  # what a reader holds in memory at a time, where rows hold sound
CLIPS_PER_GROUP = 16384  # rows of facts alone


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Return `columns` of all rows of `path`; `pyarrow.parquet.read_table` would import pandas for it."""
    with pq.ParquetFile(path) as file:
        return file.read(columns)


def read_rows(paths: Iterable[Path], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of `paths` a row group at a time."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):  # `iter_batches` keeps all that it has read
                yield from file.read_row_group(group, columns).to_batches(ROWS_PER_GROUP)


def read_clips(
    paths: Iterable[Path], clips: Collection[str], columns: list[str], *, copies: bool = True
) -> Iterator[pa.RecordBatch]:
    """Yield `columns` of the rows that `paths` hold of `clips`, with their copies or without, a row group at a time.

    Of a row group that holds none of them the names alone are read.
    """
    names = pa.array(sorted(clips), pa.string())
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                known = file.read_row_group(group, ["clip"] if copies else ["clip", "copy"])
                chosen = pa.compute.is_in(known["clip"], names)
                if not copies:
                    chosen = pa.compute.and_(chosen, pa.compute.equal(known["copy"], 0))
                if pa.compute.any(chosen).as_py():
                    yield from file.read_row_group(group, columns).filter(chosen).combine_chunks().to_batches()


def rows_of(paths: Iterable[Path], clips: Collection[str], columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield ``clip`` and `columns` of the rows that `paths` hold of `clips`, a row group in memory at a time."""
    for batch in read_clips(paths, clips, list(dict.fromkeys(["clip", *columns]))):
        yield from batch.to_pylist()


def write_table(table: pa.Table | pa.RecordBatchReader, path: Path, rows_per_group: int = ROWS_PER_GROUP) -> None:
    """Write `table` to `path` as Parquet, whole or not at all; of a reader no more than a batch is in memory.

    A reader's batches must have `rows_per_group` rows, but for the last: the same rows then make the same bytes.
    """
    write_whole(path, partial(_write, table, rows_per_group))


def write_facts(rows: Sequence[dict[str, Any]], schema: pa.Schema, path: Path) -> None:
    """Write `rows`, which hold no sound, to `path` as `write_table` does."""
    groups = (rows[start : start + CLIPS_PER_GROUP] for start in range(0, len(rows), CLIPS_PER_GROUP))
    batches = (pa.RecordBatch.from_pylist(group, schema=schema) for group in groups)
    write_table(pa.RecordBatchReader.from_batches(schema, batches), path, CLIPS_PER_GROUP)


def _write(table: pa.Table | pa.RecordBatchReader, rows_per_group: int, path: Path) -> None:
    of_bytes = {field.name for field in table.schema if pa.types.is_binary(field.type)}
    dictionary = (
        [name for name in table.schema.names if name not in of_bytes] if of_bytes else True
    )  # none is there twice
    with pq.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=dictionary) as writer:
        for part in [table] if isinstance(table, pa.Table) else table:
            writer.write(part, row_group_size=rows_per_group)
