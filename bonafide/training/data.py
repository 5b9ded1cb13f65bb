"""Streams crops of spectrograms to the training, in bounded memory and in an order that a seed fixes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from bonafide.audio.spectrogram import Layout, crops, repeat_to
from bonafide.clips.features import spectrograms_of, statistics_of
from bonafide.corpus.companions import CompanionSettings
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import read_clips, read_rows
from bonafide.training.crop_labels import NEITHER, crop_labels, start_labels
from bonafide.training.draws import Draws

SPECTRA = ["clip", "copy", "frames", "mel", "ai_frames"]  # columns of features
STATISTICS = ["clip", "copy", "frames", "crop_statistics", "ai_frames"]
GROUPS_IN_MEMORY = 32  # row groups shuffled together: some 2,000 clips, 300 MB at the most

Labels = dict[str, bool]  # clip id to whether it is ai
_Example = tuple[np.ndarray, bool | np.ndarray]  # a spectrogram, and its label or that of a crop from each frame on


Draw = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]  # a crop of a spectrogram from a frame on


def training_batches(
    clips: "Clips", draws: Draws, batch_size: int, draw: Draw, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield one epoch of batches of crops at random places.

    Of a corpus that is larger than an epoch a random part is read, so that an epoch costs what is drawn.

    A crop of a partly synthetic clip has the label of what is in it; see `bonafide.training.crop_labels`.

    Parameters
    ----------
    clips : Clips
        Those that do not train are passed over.
    draws : Draws
    batch_size : int
        Every batch has this size; what does not fill the last one is left for another epoch's order.
    draw : callable
        Gets a spectrogram of `clips.frames` frames or more, the frame where the crop begins, and `rng`.
    rng : np.random.Generator

    Yields
    ------
    crops : np.ndarray, shape=(batch_size, frames, n_bands), float32
    is_ai : np.ndarray, shape=(batch_size, 1), float32
    """
    waiting: list[_Example] = []
    groups = _row_groups(clips.features)
    order = rng.permutation(len(groups))[: max(1, round(draws.read * len(groups)))]
    for start in range(0, len(order), GROUPS_IN_MEMORY):
        for number in order[start : start + GROUPS_IN_MEMORY]:
            path, group = groups[number]
            waiting += _examples(_read_group(path, group), clips, draws, rng)
        rng.shuffle(waiting)
        while len(waiting) >= batch_size:
            batch, waiting = waiting[:batch_size], waiting[batch_size:]
            yield _stack([_random_crop(*example, clips.frames, draw, rng) for example in batch])


def clip_spectrograms(folder: Path, chosen: Collection[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the id and the spectrogram, shape (frames, n_bands), of each of the `chosen` clips, without copies."""
    for batch in read_clips(part_files(folder).values(), chosen, SPECTRA, copies=False):
        yield from _clips(batch)


def clip_statistics(folder: Path, chosen: Collection[str], frames: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the id and the statistics of the crops, shape (crops, statistics), of each clip, without copies."""
    for batch in read_clips(part_files(folder).values(), chosen, STATISTICS, copies=False):
        yield from zip(batch.column("clip").to_pylist(), statistics_of(batch, frames), strict=True)


def training_statistics(folder: Path, ai: Labels, frames: int) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Yield what `training_crops` does, with the statistics of the crops in their stead."""
    for batch in read_rows(part_files(folder).values(), STATISTICS):
        columns = (batch.column(name).to_pylist() for name in ("clip", "copy", "frames", "ai_frames"))
        for clip, copy, length, stretches, values in zip(*columns, statistics_of(batch, frames), strict=True):
            if clip in ai:
                yield clip, copy, values, crop_labels(stretches, length, frames, ai[clip], len(values))


def training_crops(folder: Path, ai: Labels, frames: int) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Yield the id, the number (0: the clip itself), all crops and their labels of each copy of the clips in `ai`.

    See `bonafide.audio.spectrogram.crops` and `bonafide.training.crop_labels.crop_labels`.
    """
    for batch in read_rows(part_files(folder).values(), SPECTRA):
        columns = (batch.column(name).to_pylist() for name in ("copy", "ai_frames"))
        for copy, stretches, (clip, mel) in zip(*columns, _clips(batch), strict=True):
            if clip in ai:
                cut = crops(mel, frames)
                yield clip, copy, cut, crop_labels(stretches, len(mel), frames, ai[clip], len(cut))


def _stack(batch: list[tuple[np.ndarray, bool]]) -> tuple[np.ndarray, np.ndarray]:
    stacked = np.stack([crop for crop, _ in batch]).astype(np.float32, copy=False)
    return stacked, np.array([[label] for _, label in batch], np.float32)


def _examples(group: pa.RecordBatch, clips: "Clips", draws: Draws, rng: np.random.Generator) -> Iterator[_Example]:
    """Yield what crops are drawn of, as often as they are; none of a clip whose every crop is neither human nor ai."""
    names, copies, stretches = (group.column(name).to_pylist() for name in ("clip", "copy", "ai_frames"))
    counts = [
        draws.count(clip, copy, rng) if clip in clips.train else 0 for clip, copy in zip(names, copies, strict=True)
    ]
    own = [(label, count) for label, count in zip(stretches, counts, strict=True) if count]
    for (partly, count), (clip, mel) in zip(own, _clips(group.filter(pa.array(counts).cast(pa.bool_()))), strict=True):
        labels = start_labels(partly, len(mel), clips.frames) if partly else clips.train[clip]
        if not isinstance(labels, np.ndarray) or (labels != NEITHER).any():
            yield from [(mel, labels)] * count


def _random_crop(
    mel: np.ndarray, labels: bool | np.ndarray, frames: int, draw: Draw, rng: np.random.Generator
) -> tuple[np.ndarray, bool]:
    mel = repeat_to(mel, frames)
    if not isinstance(labels, np.ndarray):
        return draw(mel, int(rng.integers(0, len(mel) - frames + 1)), rng), labels
    start = int(rng.choice(np.flatnonzero(labels != NEITHER)))
    return draw(mel, start, rng), bool(labels[start])


def _clips(batch: pa.RecordBatch) -> list[tuple[str, np.ndarray]]:
    return list(zip(batch.column("clip").to_pylist(), spectrograms_of(batch), strict=True)) if batch.num_rows else []


def _row_groups(folder: Path) -> list[tuple[Path, int]]:
    files = part_files(folder).values()
    return [(path, group) for path in files for group in range(pq.read_metadata(path).num_row_groups)]


def _read_group(path: Path, group: int) -> pa.RecordBatch:
    with pq.ParquetFile(path) as file:
        return file.read_row_group(group, SPECTRA).combine_chunks().to_batches()[0]


def copies_of(folder: Path) -> int:
    """Return how many copies of a clip there are at most in the parts of features in `folder`."""
    batches = read_rows(part_files(folder).values(), ["copy"])
    return max((pa.compute.max(batch.column("copy")).as_py() or 0 for batch in batches), default=0)


CLIP_COLUMNS = ["clip", "path", "label", "split", "source", "generator"]  # of a split table, that `clips_of` reads


BANDS_ALONE = Layout((), (), phase=False)


@dataclass(frozen=True)
class Clips:
    """Where the features are and which clips train and judge; labels are True for ai.

    `sources` names the source of each, where it is known, `origins` that of a human clip and the generator of another,
    `companions` those that train beside the corpus's own, and `hertz` the centre of each band. What the network hears
    has further parts behind the bands, as `layout` says; of these the features hold statistics alone.
    """

    features: Path
    train: Labels
    dev: Labels
    frames: int
    n_bands: int
    sources: Mapping[str, str] = field(default_factory=dict)
    companions: frozenset[str] = frozenset()
    hertz: tuple[float, ...] = ()
    layout: Layout = BANDS_ALONE
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many values a frame has of what the network hears."""
        return self.n_bands + sum(self.layout.widths[1:])


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
    origins = {row["clip"]: (row["label"] == "ai" and row["generator"]) or row["source"] for row in rows}
    return Clips(features, sides["train"], sides["dev"], *shape, sources, beside, origins=origins)
