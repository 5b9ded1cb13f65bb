"""Convolutional networks, fitted by epochs: that which ranks dev best is kept, and a stop costs one epoch at most."""

import json
import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.errors import UserError
from bonafide.files import write_text, write_whole
from bonafide.progress import time_left, track
from bonafide.training.backend import keras, layers, make_deterministic
from bonafide.training.crop_augmentation import CropAugmentation, augmented_crop
from bonafide.training.data import Clips, copies_of, training_batches
from bonafide.training.draws import Draws, balanced_draws
from bonafide.training.logits import History, clip_logits, judge
from bonafide.training.networks import joint
from bonafide.training.networks.seed import seed as seed_network
from bonafide.training.networks.small import SMALLEST_CROP, small

# Each takes crops (n, frames, n_bands) to logits (n, branches): each branch learns by itself, their mean is the answer.
ARCHITECTURES: dict[str, Callable[[Clips, float], keras.Model]] = {
    "joint": lambda clips, dropout: joint.joint(clips.frames, clips.n_bands, clips.linear_bins, dropout),
    "small": lambda clips, dropout: small(clips.frames, clips.n_bands, dropout),
    "seed": lambda clips, dropout: seed_network(clips.frames, clips.n_bands, dropout),
}
WARM_UP = 0.03  # of the training, over which the learning rate rises
FEW_BATCHES = 40  # of crops, enough for the mean and the deviation of a statistic


@dataclass(frozen=True)
class CnnSettings:
    """How a convolutional network is fitted; section `train.cnn` of params.yaml."""

    architecture: Literal["joint", "small", "seed"]
    epochs: Annotated[int, Gt(0)]
    epoch_crops: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(0)]
    learning_rate: Annotated[float, Gt(0)]
    weight_decay: Annotated[float, Ge(0)]
    label_smoothing: Annotated[float, Ge(0), Lt(1)]
    dropout: Annotated[float, Ge(0), Lt(1)]
    copy_share: Annotated[float, Ge(0), Le(1)]
    augment: CropAugmentation


def check(settings: CnnSettings, spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where crops of so many frames of such spectrograms are not what the network can hear."""
    if settings.architecture == "joint":
        joint.check(spectrogram, frames)
    elif min(frames, spectrogram.width) < SMALLEST_CROP:
        raise UserError(
            f"crops of {frames} frames and {spectrogram.width} bands are too small for the network cnn, which needs"
            f" {SMALLEST_CROP} of both: see features.n_bands and train.crop_seconds"
        )


def fit(
    clips: Clips, settings: CnnSettings, seed: int, checkpoints: Path, examples: Clips | None = None
) -> tuple[keras.Model, History]:
    """Train a network and return it as it was after its best epoch, with the history.

    The best epoch is the one with the highest AUC on dev; without a dev side it is the last one. State is kept in
    `checkpoints` after every epoch: an interrupted training goes on from there and ends in the same weights as one
    that was left alone.

    Parameters
    ----------
    clips, settings, seed, checkpoints, examples
        See `bonafide.training.networks.registry.Network`.

    Returns
    -------
    keras.Model
        Crops (n, frames, n_bands) in, probability of ai (n, 1) out, with a layer named ``logit`` before it.
    list of dict
        One for each epoch: epoch, loss, and where there is a dev side dev_loss, dev_auc, dev_eer.
    """
    make_deterministic(seed)
    checkpoints.mkdir(parents=True, exist_ok=True)
    copies = copies_of(clips.features)
    settings = replace(settings, epoch_crops=min(settings.epoch_crops, len(clips.train) * (1 + copies)))
    draws = balanced_draws(
        clips.train, clips.sources, settings.epoch_crops, copies=copies, copy_share=settings.copy_share
    )
    branches, history = _resume(checkpoints) or (_compiled(clips, draws, settings, seed), [])
    started, first = time.monotonic(), len(history)
    for epoch in range(first, settings.epochs):
        loss = _one_epoch(branches, clips, draws, settings, seed, epoch)
        model = whole(branches)
        history.append({"epoch": epoch + 1, "loss": loss, **judge(model, clips)})
        took = time_left(time.monotonic() - started, epoch + 1 - first, settings.epochs - first)
        print(f"{_line(history[-1], settings.epochs)}; {took}", flush=True)
        if not clips.dev or history[-1]["dev_auc"] == max(line["dev_auc"] for line in history):
            write_whole(checkpoints / "best.keras", model.save)
        _keep(branches, history, checkpoints)
    return keras.saving.load_model(checkpoints / "best.keras"), history


def whole(branches: keras.Model) -> keras.Model:
    """Return the network that says the probability of ai, from the mean of the logits of its `branches`."""
    count = branches.output_shape[-1]
    mean = layers.Dense(1, use_bias=False, trainable=False, kernel_initializer=keras.initializers.Constant(1 / count))
    mean.name = "logit"
    return keras.Model(
        branches.input, layers.Activation("sigmoid", name="p_ai")(mean(branches.output)), name=branches.name
    )


def logits(model: keras.Model, examples: Clips, clips: Collection[str]) -> dict[str, float]:
    """Return the logit of each of `clips`, whose features are those of `examples`: the mean over its crops."""
    return clip_logits(model, examples.features, clips, examples.frames)


def _compiled(clips: Clips, draws: Draws, settings: CnnSettings, seed: int) -> keras.Model:
    branches = ARCHITECTURES[settings.architecture](clips, settings.dropout)
    optimizer = keras.optimizers.Adam(settings.learning_rate, weight_decay=settings.weight_decay or None)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing)
    branches.compile(optimizer, loss=loss)
    if settings.architecture == "joint":
        batches = _batches(clips, draws, settings, np.random.default_rng(seed))
        joint.standardise(branches, (crops for crops, _ in islice(batches, FEW_BATCHES)))
    print(f"cnn '{settings.architecture}': {branches.count_params():,} parameters", flush=True)
    return branches


def _one_epoch(
    branches: keras.Model, clips: Clips, draws: Draws, settings: CnnSettings, seed: int, epoch: int
) -> float:
    """Return the mean loss of the epoch; its order, crops and dropout depend on the epoch alone, for resuming."""
    _seed_dropout(branches, seed, epoch)
    steps, heads = max(1, settings.epoch_crops // settings.batch_size), branches.output_shape[-1]
    batches = _batches(clips, draws, settings, np.random.default_rng([seed, epoch]))
    losses: list[float] = []
    for crops, is_ai in track(batches, total=steps, what=f"epoch {epoch + 1} of {settings.epochs}, batches"):
        done = (epoch + min(1.0, len(losses) / steps)) / settings.epochs
        branches.optimizer.learning_rate = settings.learning_rate * _schedule(done)
        losses.append(float(branches.train_on_batch(crops, np.repeat(is_ai, heads, axis=1))))
    return float(np.mean(losses))


def _batches(
    clips: Clips, draws: Draws, settings: CnnSettings, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    hertz = np.array(clips.hertz or range(1, clips.n_bands + 1), float)

    def draw(mel: np.ndarray, start: int, rng: np.random.Generator) -> np.ndarray:
        return augmented_crop(mel, start, clips.frames, hertz, settings.augment, rng)

    size = min(settings.batch_size, settings.epoch_crops)
    return training_batches(clips, draws, size, draw, rng)


def _seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Start the dropout of each layer anew: a .keras file does not say how far its random numbers had come."""
    for number, layer in enumerate(layer for layer in model.layers if hasattr(layer, "seed_generator")):
        state = np.random.default_rng([seed, epoch, number]).integers(2**31, size=2, dtype=np.uint32)
        layer.seed_generator.state.assign(state)


def _schedule(done: float) -> float:
    """Return the learning rate's share when `done` of the training is: a rise, then a cosine to 0.

    Loshchilov & Hutter 2017, "SGDR: Stochastic gradient descent with warm restarts", without restarts.
    """
    return min(1.0, (done + 1e-3) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))


def _resume(checkpoints: Path) -> tuple[keras.Model, History] | None:
    state = checkpoints / "state.json"
    if not state.exists():
        return None
    history = json.loads(state.read_text(encoding="utf-8"))
    print(f"going on after epoch {len(history)}", flush=True)
    return keras.saving.load_model(checkpoints / f"epoch-{len(history)}.keras"), history


def _keep(branches: keras.Model, history: History, checkpoints: Path) -> None:
    """Keep the state; the history names the model to go on from, so it is written between the new and the old."""
    write_whole(checkpoints / f"epoch-{len(history)}.keras", branches.save)
    write_text(checkpoints / "state.json", json.dumps(history))
    (checkpoints / f"epoch-{len(history) - 1}.keras").unlink(missing_ok=True)


def _line(epoch: dict[str, float], epochs: int) -> str:
    names = {"loss": "loss", "dev_loss": "dev loss", "dev_auc": "dev AUC", "dev_eer": "dev EER"}
    figures = ", ".join(f"{name} {epoch[key]:.4f}" for key, name in names.items() if key in epoch)
    return f"epoch {epoch['epoch']} of {epochs}: {figures}"
