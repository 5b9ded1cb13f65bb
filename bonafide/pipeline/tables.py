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


def read_rows(paths: Iterable[Path], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of `paths` a row group at a time."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(ROWS_PER_GROUP, columns=columns)


def rows_of(paths: Iterable[Path], clips: Collection[str], columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield ``clip`` and `columns` of the rows that `paths` hold of `clips`, a row group in memory at a time."""
    names = pa.array(sorted(clips), pa.string())
    for batch in read_rows(paths, list(dict.fromkeys(["clip", *columns]))):
        yield from batch.filter(pa.compute.is_in(batch.column("clip"), names)).to_pylist()


def write_table(table: pa.Table, path: Path, rows_per_group: int = ROWS_PER_GROUP) -> None:
    """Write `table` to `path` as Parquet, whole or not at all."""
    write = partial(pq.write_table, table, compression="zstd", row_group_size=rows_per_group)
    write_whole(path, write)


def write_facts(rows: Sequence[dict[str, Any]], schema: pa.Schema, path: Path) -> None:
    """Write `rows` to `path` as `write_table` does, with no more than a row group of them in memory twice."""

    def write(temporary: Path) -> None:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for start in range(0, len(rows) or 1, CLIPS_PER_GROUP):
                group = rows[start : start + CLIPS_PER_GROUP]
                writer.write_table(pa.Table.from_pylist(group, schema=schema), CLIPS_PER_GROUP)

    write_whole(path, write)
