"""Convolutional networks, fitted by epochs: that which ranks dev best is kept, and a stop costs one epoch at most."""

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import keras
import numpy as np
from annotated_types import Ge, Gt, Lt

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.errors import UserError
from bonafide.files import write_text, write_whole
from bonafide.training.backend import make_deterministic
from bonafide.training.data import Clips, SpecAugment, expected_labels, training_batches
from bonafide.training.logits import History, clip_logits, judge
from bonafide.training.networks.seed import seed as seed_network
from bonafide.training.networks.small import SMALLEST_CROP
from bonafide.training.networks.small import small as small_network

ARCHITECTURES: dict[str, Callable[[int, int, float], keras.Model]] = {"small": small_network, "seed": seed_network}


@dataclass(frozen=True)
class CnnSettings:
    """How a convolutional network is fitted; section `train.cnn` of params.yaml."""

    architecture: Literal["small", "seed"]
    epochs: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(0)]
    learning_rate: Annotated[float, Gt(0)]
    dropout: Annotated[float, Ge(0), Lt(1)]
    spec_augment: SpecAugment


def check(settings: CnnSettings, spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where crops of so many frames of such spectrograms are too small for the network."""
    if min(frames, spectrogram.n_bands) < SMALLEST_CROP:
        raise UserError(
            f"crops of {frames} frames and {spectrogram.n_bands} bands are too small for the network cnn, which needs"
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
    model, history = _resume(checkpoints) or (_compiled(clips, settings), [])
    for epoch in range(len(history), settings.epochs):
        loss = _one_epoch(model, clips, settings, seed, epoch)
        history.append({"epoch": epoch + 1, "loss": loss, **judge(model, clips)})
        print(_line(history[-1], settings.epochs), flush=True)
        if not clips.dev or history[-1]["dev_auc"] == max(line["dev_auc"] for line in history):
            write_whole(checkpoints / "best.keras", model.save)
        _keep(model, history, checkpoints)
    return keras.saving.load_model(checkpoints / "best.keras"), history


def logits(model: keras.Model, examples: Clips, clips: Collection[str]) -> dict[str, float]:
    """Return the logit of each of `clips`, whose features are those of `examples`: the mean over its crops."""
    return clip_logits(model, examples.features, clips, examples.frames)


def _compiled(clips: Clips, settings: CnnSettings) -> keras.Model:
    model = ARCHITECTURES[settings.architecture](clips.frames, clips.n_bands, settings.dropout)
    model.compile(keras.optimizers.Adam(settings.learning_rate), loss=keras.losses.BinaryCrossentropy())
    print(f"cnn '{settings.architecture}': {model.count_params():,} parameters", flush=True)
    return model


def _one_epoch(model: keras.Model, clips: Clips, settings: CnnSettings, seed: int, epoch: int) -> float:
    """Return the mean loss of the epoch; its order, crops and dropout depend on the epoch alone, for resuming."""
    rng = np.random.default_rng([seed, epoch])
    _seed_dropout(model, seed, epoch)
    model.optimizer.learning_rate = settings.learning_rate * _cosine(epoch / settings.epochs)
    weights = _class_weights(expected_labels(clips.features, clips.train, clips.frames))
    size = min(settings.batch_size, len(clips.train))
    batches = training_batches(clips.features, clips.train, clips.frames, size, settings.spec_augment, rng)
    losses = [float(model.train_on_batch(x, y, sample_weight=weights[y[:, 0].astype(int)])) for x, y in batches]
    return float(np.mean(losses))


def _seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Start the dropout of each layer anew: a .keras file does not say how far its random numbers had come."""
    for number, layer in enumerate(layer for layer in model.layers if hasattr(layer, "seed_generator")):
        state = np.random.default_rng([seed, epoch, number]).integers(2**31, size=2, dtype=np.uint32)
        layer.seed_generator.state.assign(state)


def _cosine(progress: float) -> float:
    """Fall from 1 to 0 over the training (Loshchilov & Hutter 2017, without restarts)."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def _class_weights(ai: Mapping[str, float]) -> np.ndarray:
    """Weights of human and ai crops, shape (2,), under which both classes count alike."""
    share = np.mean(list(ai.values()))
    return np.array([0.5 / (1 - share), 0.5 / share], np.float32)


def _resume(checkpoints: Path) -> tuple[keras.Model, History] | None:
    state = checkpoints / "state.json"
    if not state.exists():
        return None
    history = json.loads(state.read_text(encoding="utf-8"))
    print(f"going on after epoch {len(history)}", flush=True)
    return keras.saving.load_model(checkpoints / f"epoch-{len(history)}.keras"), history


def _keep(model: keras.Model, history: History, checkpoints: Path) -> None:
    """Keep the state; the history names the model to go on from, so it is written between the new and the old."""
    write_whole(checkpoints / f"epoch-{len(history)}.keras", model.save)
    write_text(checkpoints / "state.json", json.dumps(history))
    (checkpoints / f"epoch-{len(history) - 1}.keras").unlink(missing_ok=True)


def _line(epoch: dict[str, float], epochs: int) -> str:
    names = {"loss": "loss", "dev_loss": "dev loss", "dev_auc": "dev AUC", "dev_eer": "dev EER"}
    figures = ", ".join(f"{name} {epoch[key]:.4f}" for key, name in names.items() if key in epoch)
    return f"epoch {epoch['epoch']} of {epochs}: {figures}"
