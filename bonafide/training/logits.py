"""What a network says of clips: the mean logit over the crops of each, and how well these rank the dev side."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from bonafide.audio.spectrogram import crops
from bonafide.scoring.calibration import Calibration, calibrate
from bonafide.scoring.measures import auc, cllr, eer
from bonafide.training.backend import keras
from bonafide.training.data import Clips, clip_spectrograms

CROPS_AT_ONCE = 128  # scored together; every batch is filled up to it, so that one compiled graph serves all

History = list[dict[str, float]]  # figures of each epoch
Key = TypeVar("Key")
Judge = Callable[[np.ndarray], np.ndarray]  # crops, shape (n, frames, width), to logits, shape (n, 1)


def logit_model(model: keras.Model) -> keras.Model:
    """Return `model` up to its logit, before the sigmoid rounds high scores to 1."""
    inner = keras.Model(model.input, model.get_layer("logit").output)
    crop = keras.Input(model.input_shape[1:], name="log_mel")
    # Said here, as Resizing takes silence for training, and so would all layers after it in an export.
    return keras.Model(crop, inner(crop, training=False), name=f"{model.name}_logit")


def clip_logits(model: keras.Model, features: Path, chosen: Collection[str], frames: int) -> dict[str, float]:
    """Return the mean logit over the crops of each of the `chosen` clips, without their copies.

    `model` hears the bands that the `features` hold.
    """
    (logits,) = spectrogram_logits([logit_model(model).predict_on_batch], clip_spectrograms(features, chosen), frames)
    return logits


def spectrogram_logits(
    judges: Sequence[Judge], spectrograms: Iterable[tuple[str, np.ndarray]], frames: int
) -> list[dict[str, float]]:
    """Return for each of the `judges` the mean logit over the crops of each spectrogram, shape (n, width), by clip."""
    return _mean_logits(judges, ((clip, crops(each, frames).astype(np.float32)) for clip, each in spectrograms))


def statistics_logits(network: keras.Model, statistics: Iterable[tuple[str, np.ndarray]]) -> dict[str, float]:
    """Return the mean logit of each clip by a `network` that hears `statistics` of its crops, shape (crops, k)."""
    (logits,) = _mean_logits([network.predict_on_batch], statistics)
    return logits


def _mean_logits(judges: Sequence[Judge], cut: Iterable[tuple[str, np.ndarray]]) -> list[dict[str, float]]:
    of_clip: list[dict[str, list[float]]] = [{} for _ in judges]
    for clips, batch in filled_batches(cut):
        for judge, found in zip(judges, of_clip, strict=True):
            logits = np.asarray(judge(batch))[: len(clips), 0]
            for clip, logit in zip(clips, logits, strict=True):
                found.setdefault(clip, []).append(float(logit))
    return [{clip: float(np.mean(logits)) for clip, logits in found.items()} for found in of_clip]


def judge(model: keras.Model, clips: Clips) -> dict[str, float]:
    """Return dev_loss, dev_auc and dev_eer of `model` on the dev clips; nothing where there are none."""
    if not clips.dev:
        return {}
    logits = clip_logits(model, clips.features, clips.dev, clips.frames)
    human = np.array([not clips.dev[clip] for clip in logits])
    llr = calibrate(list(logits.values()), Calibration(scale=1.0, offset=0.0))
    # Cllr is the cross-entropy in bits with both classes counted alike.
    return {
        "dev_loss": cllr(llr, human) * math.log(2),
        "dev_auc": auc(llr, human),
        "dev_eer": eer(llr, human),
    }


def filled_batches(cut: Iterable[tuple[Key, np.ndarray]]) -> Iterator[tuple[list[Key], np.ndarray]]:
    """Yield crops `CROPS_AT_ONCE` at a time with the key of each; the last batch is filled up with zeros.

    Parameters
    ----------
    cut : iterable of (key, np.ndarray)
        Crops that belong together, shape (n, frames, n_bands), with what to know them by.
    """
    keys: list[Key] = []
    waiting: list[np.ndarray] = []
    for key, together in cut:
        keys += [key] * len(together)
        waiting += list(together)
        while len(waiting) >= CROPS_AT_ONCE:
            yield keys[:CROPS_AT_ONCE], np.stack(waiting[:CROPS_AT_ONCE])
            keys, waiting = keys[CROPS_AT_ONCE:], waiting[CROPS_AT_ONCE:]
    if waiting:
        filler = [np.zeros_like(waiting[0])] * (CROPS_AT_ONCE - len(waiting))
        yield keys, np.stack(waiting + filler)
