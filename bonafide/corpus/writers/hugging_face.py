"""A corpus as a Hugging Face dataset: Parquet shards that hold the sound, for ``datasets.load_dataset(folder)``."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.corpus.rows import LABELS, Row, Rows
from bonafide.corpus.sounds import sound_file
from bonafide.corpus.table import CATALOG
from bonafide.corpus.writers.growing import fill
from bonafide.corpus.writers.names import paths_of, suffix_of

CLIPS_PER_SHARD = 1000
BYTES_PER_GROUP = 2**26  # of sound held in memory, and read at a time by whoever reads it
SPLITS = {"train": "train", "dev": "validation", "test": "test", "apart": "test", "": "train"}  # their names on the hub
SOUND = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write(root: Path, rows: Rows, folder: Path) -> Iterator[Row]:
    """Write `rows` with their sound to ``data/SPLIT-00000-of-00001.parquet`` and so on, yielding each row.

    Splits are those of column ``side``; the columns are those of the clip table, ``label`` a class label.
    """
    schema = _schema()
    for split in ("train", "validation", "test"):
        inside = [(row, path) for row, path in zip(rows, paths_of(rows), strict=True) if SPLITS[row["side"]] == split]
        shards = [inside[start : start + CLIPS_PER_SHARD] for start in range(0, len(inside), CLIPS_PER_SHARD)]
        for number, shard in enumerate(shards):
            name = f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
            fill(folder / "data" / name, partial(_write_shard, root, shard, schema))
            yield from (row for row, _ in shard)


def _write_shard(root: Path, shard: list[tuple[Row, str]], schema: pa.Schema, path: Path) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        group: Rows = []
        size = 0
        for row, name in shard:
            record = _record(root, row, name, schema)
            group.append(record)
            size += len(record["audio"]["bytes"])
            if size >= BYTES_PER_GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group, size = [], 0
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _record(root: Path, row: Row, name: str, schema: pa.Schema) -> Row:
    with sound_file(root, row["path"]) as file:
        sound = {"bytes": file.read_bytes(), "path": name + suffix_of(row, file)}
    facts = {column: row.get(column) for column in schema.names}
    side = row["side"] if row.get("split") else row.get("official", "")
    return {**facts, "label": LABELS.index(row["label"]), "official": side, "audio": sound}


def _schema() -> pa.Schema:
    """Return the columns, with what the library `datasets` wants to know of them."""
    fields = [pa.field("label", pa.int64()) if field.name == "label" else field for field in CATALOG]
    schema = pa.schema([*fields, pa.field("audio", SOUND)])
    features = {field.name: _feature(field.type) for field in fields}
    features["label"] = {"names": list(LABELS), "_type": "ClassLabel"}
    features["audio"] = {"_type": "Audio"}
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def _feature(kind: pa.DataType) -> Any:  # noqa: ANN401 - what the library has as JSON
    if pa.types.is_list(kind):
        return [_feature(kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind)), "_type": "Value"}
