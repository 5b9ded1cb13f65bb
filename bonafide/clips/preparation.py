"""Stage prepare's work on one part: conditioned audio of its clips."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from annotated_types import Gt, Le

from bonafide.audio.conditioning import AudioSettings, conditioned, to_flac
from bonafide.corpus.measuring import read_listed
from bonafide.corpus.segments import moved
from bonafide.corpus.table import AUDIO, as_table, part_of
from bonafide.pipeline.parts import Task


@dataclass(frozen=True)
class PrepareSettings:
    """How the corpus is cut into parts; section `prepare` of params.yaml."""

    parts: Annotated[int, Gt(0), Le(9999)]


def prepare_tasks(rows: list[dict[str, Any]], root: Path, n_parts: int) -> list[Task]:
    """Return a task for every part that has clips among `rows` of the catalog."""
    inside: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["clip"]):
        inside.setdefault(part_of(row["clip"], n_parts), []).append(row)
    return [Task(part, json.dumps(rows), (str(root), rows)) for part, rows in sorted(inside.items())]


def prepare_part(payload: tuple[str, list[dict[str, Any]]], settings: AudioSettings) -> pa.Table:
    """Return the conditioned clips of one part; `payload` is the corpus root and the part's catalog rows."""
    root, rows = payload
    return as_table([_prepared(Path(root), row, settings) for row in rows], AUDIO)


def _prepared(root: Path, row: dict[str, Any], settings: AudioSettings) -> dict[str, Any]:
    samples, start = conditioned(read_listed(root, row["path"], row["sha256"], settings.read_seconds), settings)
    return {
        **row,
        "segments": moved(row.get("segments") or [], start, samples.size / settings.rate),
        "copy": 0,
        "audio": {"bytes": to_flac(samples, settings.rate), "path": f"{row['clip']}.flac"},
    }
