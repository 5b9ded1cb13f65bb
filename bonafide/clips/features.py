"""Stage features' work on one part: spectrograms of its clips and their copies."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bonafide.audio.conditioning import from_flac
from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrograms
from bonafide.corpus.segments import Segment
from bonafide.pipeline.parts import Task, tasks_from_parts
from bonafide.pipeline.tables import ROWS_PER_GROUP, read_rows


@dataclass(frozen=True)
class FeatureSettings:
    """All that a part of features depends on beside its clips."""

    spectrogram: SpectrogramSettings
    rate: int


def feature_tasks(clips: Path, augmented: Path) -> list[Task]:
    """Return a task for every part of `clips`, joined by the part of `augmented` with the same number."""
    copies = {task.part: task for task in tasks_from_parts(augmented)}
    tasks = []
    for task in tasks_from_parts(clips):
        both = [task] + ([copies[task.part]] if task.part in copies else [])
        tasks.append(Task(task.part, " ".join(one.inputs for one in both), [one.payload for one in both]))
    return tasks


def feature_schema() -> pa.Schema:
    """Return the schema of a part of features: one row a clip or copy.

    ``mel`` holds its spectrogram, float16, the bands of a frame one behind the other, and ``linear`` likewise the bins
    of the second spectrogram, where there is one: as bytes, since lists of numbers are read twenty times as slowly.
    ``ai_frames`` are the stretches of frames that are synthetic, where the others are human; else it is empty.
    """
    stretches = pa.list_(pa.struct([("start", pa.int32()), ("stop", pa.int32())]))
    return pa.schema(
        [
            ("clip", pa.string()),
            ("copy", pa.int32()),
            ("frames", pa.int32()),
            ("mel", pa.binary()),
            ("linear", pa.binary()),
            ("ai_frames", stretches),
        ]
    )


def feature_part(payload: list[str], settings: FeatureSettings) -> pa.RecordBatchReader:
    """Return the spectrograms of the clips and copies in the parts that `payload` names, computed as they are read."""
    facts = {"rate": str(settings.rate), **{key: str(value) for key, value in vars(settings.spectrogram).items()}}
    schema = feature_schema().with_metadata(facts)
    batches = read_rows([Path(path) for path in payload], ["clip", "copy", "audio", "segments"])
    rows = (row for batch in batches for row in batch.to_pylist())
    groups = iter(lambda: list(islice(rows, ROWS_PER_GROUP)), [])
    return pa.RecordBatchReader.from_batches(schema, (_spectrograms(group, settings, schema) for group in groups))


def spectrograms_of(batch: pa.RecordBatch) -> list[np.ndarray]:
    """Return the spectrograms, each of shape (frames, bands), float16, in a batch of feature rows.

    The bins of the second one stand behind the bands, where the batch has the column ``linear`` and that holds any.
    """
    columns = [batch.column(name) for name in ("mel", "linear") if name in batch.schema.names]
    frames = batch.column("frames").to_pylist()
    return [_side_by_side(cells, count) for count, *cells in zip(frames, *columns, strict=True)]


def ai_frames(segments: Iterable[Segment] | None, frames: int, seconds_per_frame: float) -> list[dict[str, int]]:
    """Return the frames, of so many, whose middles lie in `segments`: stretches from ``start`` to before ``stop``."""
    ends = [
        (math.ceil(each["start"] / seconds_per_frame - 1e-6), math.floor(each["end"] / seconds_per_frame + 1e-6) + 1)
        for each in segments or ()
    ]
    return [{"start": start, "stop": min(stop, frames)} for start, stop in ends if start < min(stop, frames)]


def _side_by_side(cells: list[pa.BinaryScalar], frames: int) -> np.ndarray:
    parts = [np.frombuffer(cell.as_buffer(), np.float16).reshape(frames, -1) for cell in cells if cell.is_valid]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _spectrograms(rows: list[dict[str, Any]], settings: FeatureSettings, schema: pa.Schema) -> pa.RecordBatch:
    spectrogram, step = settings.spectrogram, settings.spectrogram.hop_length / settings.rate
    cells = [
        [each.tobytes() for each in log_spectrograms(samples, settings.rate, spectrogram)]
        for samples in map(_sound, rows)
    ]
    frames = [len(mel) // (2 * spectrogram.n_bands) for mel, *_ in cells]
    columns = {
        "clip": [row["clip"] for row in rows],
        "copy": [row["copy"] for row in rows],
        "frames": frames,
        "mel": [mel for mel, *_ in cells],
        "linear": [linear[0] if linear else None for _, *linear in cells],
        "ai_frames": [ai_frames(row["segments"], count, step) for row, count in zip(rows, frames, strict=True)],
    }
    return pa.RecordBatch.from_pydict(columns, schema=schema)


def _sound(row: dict[str, Any]) -> np.ndarray:
    return from_flac(row["audio"]["bytes"])
