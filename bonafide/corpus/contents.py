"""What was measured of files, by content, among the parts: a colleague who has pulled those need not measure them.

Each run adds one part with what it has measured anew; all of them together are what is known. The memo, which goes by
the times of files, is quicker and holds in one clone alone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple
from functools import partial
from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.audio.recording import UnusableError
from bonafide.corpus.measuring import Facts, Outcome, Stamp, stamp
from bonafide.corpus.sounds import sound_file
from bonafide.files import sha256
from bonafide.pipeline.tables import read_table, write_table

SCHEMA = pa.schema([("facts", pa.string()), ("sum", pa.int64())])
VERSION = b"bonafide.facts"  # key of the metadata of such parts


def shared_facts(store: Path, version: str) -> dict[str, Facts]:
    """Return what the parts in `store` know, by SHA-256; `version` names settings and code."""
    return {facts.sha256: facts for path in _parts(store, version) for facts in _rows(path)}


def recall(root: Path, paths: list[str], shared: Mapping[str, Facts]) -> list[Outcome | None]:
    """Return what `shared` has of each of the files at `paths` of the corpus `root`, None where it has nothing.

    The files are read, to know their content, but not decoded; not even that where nothing is shared.
    """
    if not shared:
        return [None] * len(paths)
    with ThreadPoolExecutor() as pool:
        contents = list(pool.map(partial(_content, root), paths))
    return [(at, shared[digest]) if at and digest in shared else None for at, digest in contents]


def keep(facts: Mapping[str, Facts], store: Path, version: str) -> None:
    """Add a part with what was measured of contents, `facts` by SHA-256, to `store`."""
    if not facts:
        return
    texts = [json.dumps(astuple(facts[digest])) for digest in sorted(facts)]
    name = hashlib.sha256("\n".join([version, *texts]).encode()).hexdigest()
    columns = {"facts": texts, "sum": [crc32(text.encode()) for text in texts]}
    table = pa.table(columns, SCHEMA.with_metadata({VERSION: version}))
    write_table(table, store / f"{name}.parquet")


def _parts(store: Path, version: str) -> Iterator[Path]:
    for path in store.glob("*.parquet"):
        try:
            metadata = pq.read_schema(path).metadata or {}
        except (pa.ArrowException, OSError):  # damaged: whatever it held is made anew
            continue
        if metadata.get(VERSION) == version.encode():
            with suppress(PermissionError):  # another's in a store that people share
                path.touch()  # least recently used goes first
            yield path


def _rows(path: Path) -> Iterator[Facts]:
    try:
        rows = read_table(path).to_pylist()
    except (pa.ArrowException, OSError):
        return
    for row in rows:
        if crc32(row["facts"].encode()) == row["sum"]:
            yield Facts(*json.loads(row["facts"]))


def _content(root: Path, path: str) -> tuple[Stamp | None, str]:
    """Return the stamp of the file and its content's hash; no stamp where it changed meanwhile or cannot be read."""
    try:
        before = stamp(root, path)
        with sound_file(root, path) as file:
            digest = sha256(file)
        return (before if stamp(root, path) == before else None), digest
    except (OSError, UnusableError):
        return None, ""
