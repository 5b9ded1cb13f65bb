"""The statistics of every training crop, taken once for all that is fitted to them, and what each crop counts."""

from collections.abc import Collection
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from bonafide.progress import track
from bonafide.training.ahead import ahead
from bonafide.training.backend import keras
from bonafide.training.crop_labels import NEITHER
from bonafide.training.data import Clips, copies_of, training_crops, training_statistics
from bonafide.training.draws import balanced_weights
from bonafide.training.logits import filled_batches

BATCHES_AHEAD = 2  # that are read while others are looked at


@dataclass(frozen=True)
class CropStatistics:
    """Statistics of crops, shape (n, k), with the clip of each, the number of its copy and its label, shape (n,).

    Copy 0 is the recording, copy k went through chain k of the augmentation. For labels see
    `bonafide.training.crop_labels`.
    """

    clips: np.ndarray
    copies: np.ndarray
    values: np.ndarray
    labels: np.ndarray

    def of(self, clips: Collection[str]) -> "CropStatistics":
        """Return those of `clips` alone."""
        return self.where(np.isin(self.clips, list(clips)))

    def where(self, chosen: np.ndarray) -> "CropStatistics":
        """Return those where `chosen`, shape (n,), is true; where all are, itself, as a copy may be of a gigabyte."""
        if chosen.all():
            return self
        return CropStatistics(self.clips[chosen], self.copies[chosen], self.values[chosen], self.labels[chosen])

    def labelled(self) -> "CropStatistics":
        """Return those that are human or ai: of a clip that is human in part, some crops are neither."""
        return self.where(self.labels != NEITHER)


def crop_statistics(clips: Clips, statistics: keras.Model) -> CropStatistics:
    """Return what `statistics` says of the crops of the training clips and their copies; 4 bytes a statistic."""
    total = len(clips.train) * (1 + copies_of(clips.features))
    coming = training_crops(clips.features, clips.train, clips.frames)
    cut = (
        ((clip, copy, label), crop[None].astype(np.float32))
        for clip, copy, together, of_crops in track(coming, total=total, what="taking statistics of clips and copies")
        for crop, label in zip(together, of_crops.tolist(), strict=True)
    )
    names: list[str] = []
    copies: list[int] = []
    labels: list[int] = []
    values: list[np.ndarray] = []
    for keys, batch in ahead(filled_batches(cut), BATCHES_AHEAD):
        names += [clip for clip, _, _ in keys]
        copies += [copy for _, copy, _ in keys]
        labels += [label for _, _, label in keys]
        values.append(np.asarray(statistics.predict_on_batch(batch))[: len(keys)])
    return CropStatistics(np.array(names), np.array(copies), np.concatenate(values), np.array(labels))


def stored_statistics(clips: Clips, share: float = 1.0) -> CropStatistics:
    """Return the statistics that the features hold of the crops of the training clips and their copies.

    Where it is told to, of a `share` of the crops alone: always of the same ones.
    """
    names: list[str] = []
    copies: list[int] = []
    labels: list[np.ndarray] = []
    values: list[np.ndarray] = []
    for clip, copy, together, of_crops in training_statistics(clips.features, clips.train, clips.frames):
        chosen = [number for number in range(len(together)) if _chosen(clip, copy, number, share)]
        names += [clip] * len(chosen)
        copies += [copy] * len(chosen)
        labels.append(of_crops[chosen])
        values.append(together[chosen])
    return CropStatistics(np.array(names), np.array(copies), np.concatenate(values), np.concatenate(labels))


def _chosen(clip: str, copy: int, number: int, share: float) -> bool:
    """Whether a crop is of a share of all: the same ones whatever else there is."""
    return crc32(f"{clip} {copy} {number}".encode()) < share * 2**32


def crop_weights(
    training: CropStatistics, is_ai: np.ndarray, clips: Clips, copy_weight: float, companion_weight: float
) -> np.ndarray:
    """Return what each crop counts, shape (n,): the corpus's own 1 in the mean, its companions together a share.

    The companions count `companion_weight` of what all of its own do. Both are balanced by themselves, so that
    companions move no balance among the corpus's own sources.
    """
    given = np.where(training.copies > 0, copy_weight, 1.0)
    beside = np.isin(training.clips, list(clips.companions))
    weights = np.zeros(len(beside))
    for part, whole in ((~beside, 1.0), (beside, companion_weight)):
        balanced = balanced_weights(training.clips[part], is_ai[part], clips.sources, given[part])
        weights[part] = balanced * whole * (~beside).sum() / max(1, part.sum())
    return weights
