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

from bonafide.audio.spectrogram import crops, repeat_to
from bonafide.clips.features import spectrograms_of
from bonafide.corpus.companions import CompanionSettings
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import read_rows
from bonafide.training.crop_labels import NEITHER, Stretches, crop_labels, start_labels

GROUPS_IN_MEMORY = 32  # row groups shuffled together: some 2,000 clips, 300 MB at the most

Labels = dict[str, bool]  # clip id to whether it is ai
_Example = tuple[np.ndarray, bool | np.ndarray]  # a spectrogram, and its label or that of a crop from each frame on


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

    A crop of a partly synthetic clip has the label of what is in it; see `bonafide.training.crop_labels`.

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
    waiting: list[_Example] = []
    groups = _row_groups(folder)
    order = rng.permutation(len(groups))
    for start in range(0, len(order), GROUPS_IN_MEMORY):
        for number in order[start : start + GROUPS_IN_MEMORY]:
            waiting += _examples(_read_group(*groups[number]), ai, frames)
        rng.shuffle(waiting)
        while len(waiting) >= batch_size:
            batch, waiting = waiting[:batch_size], waiting[batch_size:]
            yield _stack([_random_crop(*example, frames, rng) for example in batch], masks, rng)


def expected_labels(folder: Path, ai: Labels, frames: int) -> Mapping[str, float]:
    """Return, for each clip of `ai`, the share of ai among the crops that `training_batches` draws of it."""
    partly = {}
    for batch in read_rows(part_files(folder).values(), ["clip", "copy", "frames", "ai_frames"]):
        for row in batch.to_pylist():
            if row["copy"] == 0 and row["ai_frames"] and row["clip"] in ai:
                labels = start_labels(row["ai_frames"], row["frames"], frames)
                drawn = labels[labels != NEITHER]
                partly[row["clip"]] = float(drawn.mean()) if drawn.size else 0.5  # none is drawn: no class the more
    return {**ai, **partly} if partly else ai


def clip_spectrograms(folder: Path, chosen: Container[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the id and the spectrogram, shape (frames, n_bands), of each of the `chosen` clips, without copies."""
    for batch in read_rows(part_files(folder).values()):
        recordings = batch.filter(pa.compute.equal(batch.column("copy"), 0))
        yield from ((clip, mel) for clip, mel in _clips(recordings) if clip in chosen)


def training_crops(folder: Path, ai: Labels, frames: int) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Yield the id, the number (0: the clip itself), all crops and their labels of each copy of the clips in `ai`.

    See `bonafide.audio.spectrogram.crops` and `bonafide.training.crop_labels.crop_labels`.
    """
    for batch in read_rows(part_files(folder).values()):
        columns = (batch.column(name).to_pylist() for name in ("copy", "ai_frames"))
        for copy, stretches, (clip, mel) in zip(*columns, _clips(batch), strict=True):
            if clip in ai:
                cut = crops(mel, frames)
                yield clip, copy, cut, crop_labels(stretches, len(mel), frames, ai[clip], len(cut))


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


def _examples(group: pa.RecordBatch, ai: Labels, frames: int) -> Iterator[_Example]:
    """Yield what crops can be drawn of: none of a clip whose every crop is neither human nor ai."""
    stretches: list[Stretches] = group.column("ai_frames").to_pylist()
    for own, (clip, mel) in zip(stretches, _clips(group), strict=True):
        if clip in ai:
            labels = start_labels(own, len(mel), frames) if own else ai[clip]
            if not isinstance(labels, np.ndarray) or (labels != NEITHER).any():
                yield mel, labels


def _random_crop(
    mel: np.ndarray, labels: bool | np.ndarray, frames: int, rng: np.random.Generator
) -> tuple[np.ndarray, bool]:
    mel = repeat_to(mel, frames)
    if not isinstance(labels, np.ndarray):
        start = rng.integers(0, len(mel) - frames + 1)
        return mel[start : start + frames], labels
    start = rng.choice(np.flatnonzero(labels != NEITHER))
    return mel[start : start + frames], bool(labels[start])


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
