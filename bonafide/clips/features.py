"""Stage features' work on one part: spectrograms and statistics of its clips and their copies."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from annotated_types import Gt

from bonafide.audio.conditioning import AudioSettings, from_flac
from bonafide.audio.halves import to_single
from bonafide.audio.spectrogram import Layout, SpectrogramSettings, crop_count, crop_rows, log_spectrograms
from bonafide.audio.statistics import SEGMENT, frame_values, moments_of
from bonafide.corpus.segments import Segment
from bonafide.errors import UserError
from bonafide.pipeline.params import read_key, read_section
from bonafide.pipeline.parts import Task, tasks_from_parts
from bonafide.pipeline.tables import ROWS_PER_GROUP, read_rows


@dataclass(frozen=True)
class FeatureSettings:
    """All that a part of features depends on beside its clips.

    `crop_frames` is the length of the crops that statistics are taken of, 0 where none are.
    """

    spectrogram: SpectrogramSettings
    rate: int
    crop_frames: int = 0


def read_features(params: Path) -> FeatureSettings:
    """Return the settings in the file `params`; the crops are those of the training."""
    rate = read_section(params, "audio", AudioSettings).rate
    spectrogram = read_section(params, "features", SpectrogramSettings)
    seconds = read_key(params, "train", "crop_seconds", Annotated[float, Gt(0)])
    if not spectrogram.linear_n_ffts:
        return FeatureSettings(spectrogram, rate)
    frames = spectrogram.frames(seconds, rate)
    check_crops(frames, spectrogram)
    return FeatureSettings(spectrogram, rate, frames)


def check_crops(frames: int, spectrogram: SpectrogramSettings) -> None:
    """Raise `UserError` where no statistics can be taken of crops of so many frames."""
    steps = spectrogram.layout.steps
    if spectrogram.phase_n_fft and steps[1] > 1:
        raise UserError("features.linear_steps begins with 1, as phase is weighed by how loud the first window is")
    if (heard := -(-frames // max(steps))) < SEGMENT:
        raise UserError(
            f"train.crop_seconds and features.linear_steps give {heard} frames, and statistics need {SEGMENT}: make"
            " crops longer or steps shorter"
        )


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

    ``mel`` holds the bands of its spectrogram, float16, those of a frame one behind the other. ``crop_statistics``
    holds what the function of that name returns, float32, where the network hears more than bands: the spectra
    themselves would take several times the room. Both are bytes, as lists of numbers are read twenty times as slowly.
    ``ai_frames`` are the stretches of frames that are synthetic, where the others are human; else it is empty.
    """
    stretches = pa.list_(pa.struct([("start", pa.int32()), ("stop", pa.int32())]))
    return pa.schema(
        [
            ("clip", pa.string()),
            ("copy", pa.int32()),
            ("frames", pa.int32()),
            ("mel", pa.binary()),
            ("crop_statistics", pa.binary()),
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


def crop_statistics(parts: list[np.ndarray], frames: int, layout: Layout) -> np.ndarray:
    """Return the statistics of each crop of a clip, shape (crops, statistics), float32.

    Parameters
    ----------
    parts : list of np.ndarray, float16
        Of the clip, as `bonafide.audio.spectrogram.log_spectrograms` returns them.
    frames : int
        Of a crop.
    layout : Layout
        Of the parts.
    """
    values = frame_values([to_single(part[None]) for part in parts], phase=layout.phase)
    rows = [crop_rows(len(parts[0]), frames, step) for step in layout.steps]
    cut = [[np.take(each[0], own, axis=0) for each in part] for part, own in zip(values, rows, strict=True)]
    taken: np.ndarray = moments_of(cut, phase=layout.phase)
    return taken


def spectrograms_of(batch: pa.RecordBatch) -> list[np.ndarray]:
    """Return the spectrograms, each of shape (frames, bands), float16, in a batch of feature rows."""
    frames = batch.column("frames").to_pylist()
    cells = (cell.as_buffer() for cell in batch.column("mel"))
    return [np.frombuffer(cell, np.float16).reshape(count, -1) for cell, count in zip(cells, frames, strict=True)]


def statistics_of(batch: pa.RecordBatch, frames: int) -> list[np.ndarray]:
    """Return the statistics, each of shape (crops, statistics), float32, in a batch of rows with crops of `frames`."""
    if batch.column("crop_statistics").null_count:
        raise UserError("the features hold no statistics, which the network joint needs: run stage features anew")
    counts = (crop_count(length, frames) for length in batch.column("frames").to_pylist())
    cells = (cell.as_buffer() for cell in batch.column("crop_statistics"))
    return [np.frombuffer(cell, np.float32).reshape(count, -1) for cell, count in zip(cells, counts, strict=True)]


def ai_frames(segments: Iterable[Segment] | None, frames: int, seconds_per_frame: float) -> list[dict[str, int]]:
    """Return the frames, of so many, whose middles lie in `segments`: stretches from ``start`` to before ``stop``."""
    ends = [
        (math.ceil(each["start"] / seconds_per_frame - 1e-6), math.floor(each["end"] / seconds_per_frame + 1e-6) + 1)
        for each in segments or ()
    ]
    return [{"start": start, "stop": min(stop, frames)} for start, stop in ends if start < min(stop, frames)]


def _spectrograms(rows: list[dict[str, Any]], settings: FeatureSettings, schema: pa.Schema) -> pa.RecordBatch:
    step = settings.spectrogram.hop_length / settings.rate
    cells = [_cells(from_flac(row["audio"]["bytes"]), settings) for row in rows]
    frames = [count for count, _, _ in cells]
    columns = {
        "clip": [row["clip"] for row in rows],
        "copy": [row["copy"] for row in rows],
        "frames": frames,
        "mel": [mel for _, mel, _ in cells],
        "crop_statistics": [statistics for _, _, statistics in cells],
        "ai_frames": [ai_frames(row["segments"], count, step) for row, count in zip(rows, frames, strict=True)],
    }
    return pa.RecordBatch.from_pydict(columns, schema=schema)


def _cells(samples: np.ndarray, settings: FeatureSettings) -> tuple[int, bytes, bytes | None]:
    """Return how many frames a clip has, its bands and, where they are taken, its statistics."""
    spectrograms = log_spectrograms(samples, settings.rate, settings.spectrogram)
    taken = None
    if settings.crop_frames:
        taken = crop_statistics(spectrograms, settings.crop_frames, settings.spectrogram.layout).tobytes()
    return len(spectrograms[0]), spectrograms[0].tobytes(), taken
