"""Convolutional networks, fitted by epochs: that which ranks dev best is kept, and a stop costs one epoch at most.

Beside some of them stand dense layers on fixed statistics of the crops; see `bonafide.training.networks.joint`.
"""

import json
import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.errors import UserError
from bonafide.files import write_text, write_whole
from bonafide.progress import time_left, track
from bonafide.training.ahead import ahead
from bonafide.training.backend import keras, layers, make_deterministic
from bonafide.training.crop_augmentation import CropAugmentation, augmented_crop
from bonafide.training.data import Clips, clip_statistics, copies_of, training_batches
from bonafide.training.draws import Draws, balanced_draws
from bonafide.training.logits import History, clip_logits, judge, statistics_logits
from bonafide.training.networks import joint
from bonafide.training.networks.crop_statistics import CropStatistics, stored_statistics
from bonafide.training.networks.seed import seed as seed_network
from bonafide.training.networks.small import SMALLEST_CROP, small
from bonafide.training.networks.starts import Start


@dataclass(frozen=True)
class Architecture:
    """A convolutional network.

    Attributes
    ----------
    build : callable
        Gets the clips and the share of the dropout; returns the network: crops of their bands in, logits out.
    check : callable
        See `bonafide.training.networks.registry.Network`; its settings are `CnnSettings`.
    beside_statistics : bool
        Whether dense layers on the statistics of crops stand beside it; see `bonafide.training.networks.joint`.
    """

    build: Callable[[Clips, float], keras.Model]
    check: Callable[["CnnSettings", SpectrogramSettings, int], None]
    beside_statistics: bool = False


def _check_size(_: "CnnSettings", spectrogram: SpectrogramSettings, frames: int) -> None:
    if min(frames, spectrogram.width) < SMALLEST_CROP:
        raise UserError(
            f"crops of {frames} frames and {spectrogram.width} bands are too small for the network cnn, which needs"
            f" {SMALLEST_CROP} of both: see features.n_bands and train.crop_seconds"
        )


ARCHITECTURES = {
    "joint": Architecture(
        lambda clips, dropout: joint.convolutions(clips.frames, clips.n_bands, dropout),
        lambda settings, spectrogram, frames: joint.check(settings.dense, spectrogram, frames),
        beside_statistics=True,
    ),
    "small": Architecture(lambda clips, dropout: small(clips.frames, clips.n_bands, dropout), _check_size),
    "seed": Architecture(lambda clips, dropout: seed_network(clips.frames, clips.n_bands, dropout), _check_size),
}
MOST_EXAMPLES = 64_000  # recordings and copies whose crops the dense layers learn from, at most
BATCHES_AHEAD = 4  # that are read while the network learns
WARM_UP = 0.03  # of the training, over which the learning rate rises


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
    dense: joint.DenseSettings
    augment: CropAugmentation


def check(settings: CnnSettings, spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where crops of so many frames of such spectrograms are not what the network can hear."""
    ARCHITECTURES[settings.architecture].check(settings, spectrogram, frames)


@dataclass(frozen=True)
class CnnExamples:
    """What the fits of one corpus share: its features, how many frames a crop has, and statistics if any are taken."""

    features: Path
    frames: int
    statistics: CropStatistics | None


def examples(clips: Clips, settings: CnnSettings) -> CnnExamples:
    """Return what the fits to parts of `clips` share."""
    beside = ARCHITECTURES[settings.architecture].beside_statistics
    return CnnExamples(clips.features, clips.frames, _statistics(clips) if beside else None)


def fit(
    clips: Clips,
    settings: CnnSettings,
    seed: int,
    checkpoints: Path,
    shared: CnnExamples | None = None,
    start: Start | None = None,
) -> tuple[keras.Model, History]:
    """Train a network and return it as it was after its best epoch, with the history.

    The best epoch is the one with the highest AUC on dev; without a dev side it is the last one. State is kept in
    `checkpoints` after every epoch: an interrupted training goes on from there and ends in the same weights as one
    that was left alone.

    Parameters
    ----------
    clips, settings, seed, checkpoints, shared, start
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
    settings = replace(
        settings,
        epoch_crops=min(settings.epoch_crops, len(clips.train) * (1 + copies)),
        learning_rate=settings.learning_rate * (start.rate if start else 1.0),
    )
    before = start.branch(settings.architecture) if start else None
    draws = balanced_draws(
        clips.train, clips.sources, settings.epoch_crops, copies=copies, copy_share=settings.copy_share
    )
    network, history = _resume(checkpoints) or (_compiled(clips, settings, before), [])
    started, first = time.monotonic(), len(history)
    for epoch in range(first, settings.epochs):
        loss = _one_epoch(network, clips, draws, settings, seed, epoch)
        model = whole(network, clips.n_bands)
        history.append({"epoch": epoch + 1, "loss": loss, **judge(model, clips)})
        took = time_left(time.monotonic() - started, epoch + 1 - first, settings.epochs - first)
        print(f"{_line(history[-1], settings.epochs)}; {took}", flush=True)
        if not clips.dev or history[-1]["dev_auc"] == max(line["dev_auc"] for line in history):
            write_whole(checkpoints / "best.keras", network.save)
        _keep(network, history, checkpoints)
    best = keras.saving.load_model(checkpoints / "best.keras")
    if before:
        before.blend(best)
    return _joined(best, clips, settings, seed, shared, start), history


def whole(network: keras.Model, n_bands: int) -> keras.Model:
    """Return `network`, whose output is a logit, for crops of `n_bands` and with the probability of ai behind it."""
    frames, heard = network.input_shape[1:]
    crop = keras.Input((frames, n_bands), name="log_mel")
    logit = layers.Activation("linear", name="logit")(network(crop[:, :, :heard]))
    return keras.Model(crop, layers.Activation("sigmoid", name="p_ai")(logit), name=network.name)


def _joined(
    network: keras.Model,
    clips: Clips,
    settings: CnnSettings,
    seed: int,
    shared: CnnExamples | None,
    start: Start | None,
) -> keras.Model:
    """Return the fitted network whole, with its branch of statistics if it has one."""
    if not ARCHITECTURES[settings.architecture].beside_statistics:
        return whole(network, clips.width)
    all_crops = (shared and shared.statistics) or _statistics(clips)
    training = all_crops.of(clips.train)
    print(f"{len(training.values)} crops; {training.values.shape[1]} statistics of each", flush=True)
    before = start.branch(joint.DENSE_BRANCH) if start else None
    dense = joint.fit_dense(
        training, settings.dense, clips.origins, settings.copy_share, settings.label_smoothing, seed, before
    )
    taken = joint.statistics_of(clips.frames, clips.layout)
    return joint.together(network, taken, dense, settings.dense.share)


def _statistics(clips: Clips) -> CropStatistics:
    """Return the statistics of the crops, or of as many as stay in memory however large the corpus is."""
    recordings = len(clips.train) * (1 + copies_of(clips.features))
    return stored_statistics(clips, min(1.0, MOST_EXAMPLES / recordings))


def logits(model: keras.Model, shared: CnnExamples, clips: Collection[str]) -> dict[str, float]:
    """Return the logit of each of `clips`, whose features are among the shared ones: the mean over its crops."""
    return feature_logits(model, shared.features, clips, shared.frames)


def feature_logits(model: keras.Model, features: Path, clips: Collection[str], frames: int) -> dict[str, float]:
    """Return the logit of each of `clips` by what `features` hold of crops of so many frames: the mean over them."""
    if not any(layer.name == joint.DENSE_BRANCH for layer in model.layers):
        return clip_logits(model, features, clips, frames)
    cnn, dense, share = joint.apart(model)
    by_cnn = clip_logits(whole(cnn, cnn.input_shape[-1]), features, clips, frames)
    by_dense = statistics_logits(dense, clip_statistics(features, clips, frames))
    return {clip: (1 - share) * by_cnn[clip] + share * by_dense[clip] for clip in by_cnn}


def _compiled(clips: Clips, settings: CnnSettings, before: Start | None) -> keras.Model:
    network = ARCHITECTURES[settings.architecture].build(clips, settings.dropout)
    if before:
        network.set_weights(before.network.get_weights())
    optimizer = keras.optimizers.Adam(settings.learning_rate, weight_decay=settings.weight_decay or None)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing)
    network.compile(optimizer, loss=loss)
    print(f"cnn '{settings.architecture}': {network.count_params():,} parameters", flush=True)
    return network


def _one_epoch(network: keras.Model, clips: Clips, draws: Draws, settings: CnnSettings, seed: int, epoch: int) -> float:
    """Return the mean loss of the epoch; its order, crops and dropout depend on the epoch alone, for resuming."""
    _seed_dropout(network, seed, epoch)
    steps = max(1, settings.epoch_crops // settings.batch_size)
    batches = _batches(clips, draws, settings, np.random.default_rng([seed, epoch]))
    losses: list[float] = []
    for crops, is_ai in track(
        ahead(batches, BATCHES_AHEAD), total=steps, what=f"epoch {epoch + 1} of {settings.epochs}, batches"
    ):
        done = (epoch + min(1.0, len(losses) / steps)) / settings.epochs
        network.optimizer.learning_rate = settings.learning_rate * _schedule(done)
        losses.append(float(network.train_on_batch(crops, is_ai)))
    return float(np.mean(losses))


def _batches(
    clips: Clips, draws: Draws, settings: CnnSettings, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of an epoch."""
    hertz = np.array(clips.hertz or range(1, clips.n_bands + 1), float)

    def draw(mel: np.ndarray, start: int, rng: np.random.Generator) -> np.ndarray:
        return augmented_crop(mel, start, clips.frames, hertz, settings.augment, rng)

    size = min(settings.batch_size, max(1, settings.epoch_crops // 2))  # how many are drawn varies by chance
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


def _keep(network: keras.Model, history: History, checkpoints: Path) -> None:
    """Keep the state; the history names the model to go on from, so it is written between the new and the old."""
    write_whole(checkpoints / f"epoch-{len(history)}.keras", network.save)
    write_text(checkpoints / "state.json", json.dumps(history))
    (checkpoints / f"epoch-{len(history) - 1}.keras").unlink(missing_ok=True)


def _line(epoch: dict[str, float], epochs: int) -> str:
    names = {"loss": "loss", "dev_loss": "dev loss", "dev_auc": "dev AUC", "dev_eer": "dev EER"}
    figures = ", ".join(f"{name} {epoch[key]:.4f}" for key, name in names.items() if key in epoch)
    return f"epoch {epoch['epoch']} of {epochs}: {figures}"
