"""Streams crops of spectrograms to the training, in bounded memory and in an order that a seed fixes."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from annotated_types import Ge, Le

from bonafide.audio.spectrogram import repeat_to
from bonafide.clips.features import spectrograms_of
from bonafide.corpus.companions import CompanionSettings
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import read_rows

GROUPS_IN_MEMORY = 32  # row groups shuffled together: some 2,000 clips, 300 MB at the most

Labels = dict[str, bool]  # clip id to whether it is ai


@dataclass(frozen=True)
class SpecAugment:
    """Masks over training crops (Park et al. 2019, "SpecAugment"); part of section `train.cnn`."""

    frequency_masks: Annotated[int, Ge(0)]
    frequency_share: Annotated[float, Ge(0), Le(1)]
    time_masks: Annotated[int, Ge(0)]
    time_share: Annotated[float, Ge(0), Le(1)]


def training_batches(
    folder: Path, ai: Labels, frames: int, batch_size: int, masks: SpecAugment, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield one epoch of batches: a crop at a random place of each clip and copy, masked.

    Parameters
    ----------
    folder : Path
        Parts of features.
    ai : dict of str to bool
        The training clips; others in `folder` are passed over.
    frames : int
        Of one crop.
    batch_size : int
        Every batch has this size; what does not fill the last one is left for another epoch's order.
    masks : SpecAugment
    rng : np.random.Generator

    Yields
    ------
    crops : np.ndarray, shape=(batch_size, frames, n_bands), float32
    is_ai : np.ndarray, shape=(batch_size, 1), float32
    """
    waiting: list[tuple[np.ndarray, bool]] = []
    groups = _row_groups(folder)
    order = rng.permutation(len(groups))
    for start in range(0, len(order), GROUPS_IN_MEMORY):
        for number in order[start : start + GROUPS_IN_MEMORY]:
            waiting += [(mel, ai[clip]) for clip, mel in _clips(_read_group(*groups[number])) if clip in ai]
        rng.shuffle(waiting)
        while len(waiting) >= batch_size:
            batch, waiting = waiting[:batch_size], waiting[batch_size:]
            yield _stack([(_random_crop(mel, frames, rng), label) for mel, label in batch], masks, rng)


def clip_spectrograms(folder: Path, chosen: Container[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the id and the spectrogram, shape (frames, n_bands), of each of the `chosen` clips, without copies."""
    for batch in read_rows(part_files(folder).values()):
        recordings = batch.filter(pa.compute.equal(batch.column("copy"), 0))
        yield from ((clip, mel) for clip, mel in _clips(recordings) if clip in chosen)


def training_spectrograms(folder: Path, chosen: Container[str]) -> Iterator[tuple[str, int, np.ndarray]]:
    """Yield the id, the number (0: the clip itself) and the spectrogram of each of the `chosen` clips' copies."""
    for batch in read_rows(part_files(folder).values()):
        numbers = batch.column("copy").to_pylist()
        yield from (
            (clip, copy, mel) for copy, (clip, mel) in zip(numbers, _clips(batch), strict=True) if clip in chosen
        )


def mask(crop: np.ndarray, masks: SpecAugment, rng: np.random.Generator) -> None:
    """Overwrite random bands and stretches of `crop`, shape (frames, bands), in place with its mean."""
    frames, bands = crop.shape
    mean = crop.mean()
    for _ in range(masks.frequency_masks):
        start, stop = _stretch(bands, masks.frequency_share, rng)
        crop[:, start:stop] = mean
    for _ in range(masks.time_masks):
        start, stop = _stretch(frames, masks.time_share, rng)
        crop[start:stop] = mean


def _stretch(size: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
    width = rng.integers(0, int(share * size) + 1)
    start = rng.integers(0, size - width + 1)
    return int(start), int(start + width)


def _stack(
    batch: list[tuple[np.ndarray, bool]], masks: SpecAugment, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    stacked = np.stack([crop for crop, _ in batch]).astype(np.float32)
    for crop in stacked:
        mask(crop, masks, rng)
    return stacked, np.array([[label] for _, label in batch], np.float32)


def _random_crop(mel: np.ndarray, frames: int, rng: np.random.Generator) -> np.ndarray:
    mel = repeat_to(mel, frames)
    start = rng.integers(0, len(mel) - frames + 1)
    return mel[start : start + frames]


def _clips(batch: pa.RecordBatch) -> list[tuple[str, np.ndarray]]:
    return list(zip(batch.column("clip").to_pylist(), spectrograms_of(batch), strict=True)) if batch.num_rows else []


def _row_groups(folder: Path) -> list[tuple[Path, int]]:
    files = part_files(folder).values()
    return [(path, group) for path in files for group in range(pq.read_metadata(path).num_row_groups)]


def _read_group(path: Path, group: int) -> pa.RecordBatch:
    with pq.ParquetFile(path) as file:
        return file.read_row_group(group).combine_chunks().to_batches()[0]


CLIP_COLUMNS = ["clip", "path", "label", "split", "source"]  # of a split table, that `clips_of` reads


@dataclass(frozen=True)
class Clips:
    """Where the features are and which clips train and judge; labels are True for ai.

    `sources` names the source of each, where it is known, and `companions` those that train beside the corpus's own.
    """

    features: Path
    train: Labels
    dev: Labels
    frames: int
    n_bands: int
    sources: Mapping[str, str] = field(default_factory=dict)
    companions: frozenset[str] = frozenset()


def clips_of(
    rows: Iterable[Mapping[str, Any]], features: Path, shape: tuple[int, int], companions: CompanionSettings
) -> Clips:
    """Return the clips that train and judge by `rows` of a split table; `shape` of crops is (frames, n_bands)."""
    rows = list(rows)
    sides = {
        side: {row["clip"]: row["label"] == "ai" for row in rows if row["split"] == side} for side in ("train", "dev")
    }
    sources = {row["clip"]: row["source"] for row in rows}
    beside = frozenset(row["clip"] for row in rows if companions.hold(row["path"]))
    return Clips(features, sides["train"], sides["dev"], *shape, sources, beside)
