"""Fits a network to the training clips, keeps the epoch that ranks the dev clips best, and can be interrupted.

With `bonafide.training.networks` and `bonafide.training.export` the only code that imports Keras.
"""

import json
import math
import re
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import keras
import numpy as np
from annotated_types import Ge, Gt, Lt

import bonafide.training.networks.statistics  # noqa: F401 - Keras looks its layers up by name when it loads a model
from bonafide.audio.spectrogram import crops
from bonafide.files import write_text, write_whole
from bonafide.scoring.calibration import Calibration, calibrate
from bonafide.scoring.measures import auc, cllr, eer
from bonafide.training.data import Clips, Labels, SpecAugment, clip_spectrograms, training_batches
from bonafide.training.networks.seed import seed as seed_model
from bonafide.training.networks.small import small as small_model

MODELS: dict[str, Callable[[int, int, float], keras.Model]] = {"small": small_model, "seed": seed_model}
CROPS_AT_ONCE = 128  # scored together; every batch is filled up to it, so that one compiled graph serves all
SHARED = re.compile(r'("shared_object_id": )(\d+)')
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class KernelSettings:
    """How the network "statistics" is fitted; part of section `train`."""

    centres: Annotated[int, Gt(0)]
    width: Annotated[float, Gt(0)]
    strength: Annotated[float, Gt(0)]
    copy_weight: Annotated[float, Gt(0)]
    experts: tuple[tuple[Annotated[int, Ge(1)], ...], ...]
    components: Annotated[int, Gt(0)]


@dataclass(frozen=True)
class TrainSettings:
    """How the network is trained; section `train` of params.yaml."""

    model: Literal["statistics", "small", "seed"]
    crop_seconds: Annotated[float, Gt(0)]
    epochs: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(0)]
    learning_rate: Annotated[float, Gt(0)]
    dropout: Annotated[float, Ge(0), Lt(1)]
    seed: Annotated[int, Ge(0)]
    spec_augment: SpecAugment
    kernel: KernelSettings


def fit(clips: Clips, settings: TrainSettings, checkpoints: Path) -> tuple[keras.Model, list[dict[str, float]]]:
    """Train a network and return it as it was after its best epoch, with the history.

    The best epoch is the one with the highest AUC on dev. State is kept in `checkpoints` after every epoch: an
    interrupted training goes on from there and ends in the same weights as one that was left alone.

    Returns
    -------
    keras.Model
        Crops (n, frames, n_bands) in, probability of ai (n, 1) out, with a layer named ``logit`` before it.
    list of dict
        One for each epoch: epoch, loss, dev_loss, dev_auc, dev_eer.
    """
    _make_deterministic(settings.seed)
    checkpoints.mkdir(parents=True, exist_ok=True)
    model, history = _resume(checkpoints) or (_compiled(clips, settings), [])
    for epoch in range(len(history), settings.epochs):
        loss = _one_epoch(model, clips, settings, epoch)
        history.append({"epoch": epoch + 1, "loss": loss, **judge(model, clips)})
        print(_line(history[-1], settings.epochs), flush=True)
        if history[-1]["dev_auc"] == max(line["dev_auc"] for line in history):
            write_whole(checkpoints / "best.keras", model.save)
        _keep(model, history, checkpoints)
    return keras.saving.load_model(checkpoints / "best.keras"), history


def save_model(model: keras.Model, path: Path) -> None:
    """Write `model` to `path` as a .keras archive whose bytes depend on nothing but the model."""
    write_whole(path, lambda temporary: _save_timeless(model, temporary))


def logit_model(model: keras.Model) -> keras.Model:
    """Return `model` up to its logit, before the sigmoid rounds high scores to 1."""
    inner = keras.Model(model.input, model.get_layer("logit").output)
    crop = keras.Input(model.input_shape[1:], name="log_mel")
    # Said here, as Resizing takes silence for training, and so would all layers after it in an export.
    return keras.Model(crop, inner(crop, training=False), name=f"{model.name}_logit")


def clip_logits(model: keras.Model, features: Path, chosen: Collection[str], frames: int) -> dict[str, float]:
    """Return the mean logit over the crops of each of the `chosen` clips."""
    scorer = logit_model(model)
    sums: dict[str, list[float]] = {clip: [] for clip in chosen}
    cut = ((clip, crops(mel, frames).astype(np.float32)) for clip, mel in clip_spectrograms(features, chosen))
    for names, batch in _filled_batches(cut):
        logits = np.asarray(scorer.predict_on_batch(batch))[: len(names), 0]
        for clip, logit in zip(names, logits, strict=True):
            sums[clip].append(float(logit))
    return {clip: float(np.mean(logits)) for clip, logits in sums.items() if logits}


def _make_deterministic(seed: int) -> None:
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def _compiled(clips: Clips, settings: TrainSettings) -> keras.Model:
    model = MODELS[settings.model](clips.frames, clips.n_bands, settings.dropout)
    model.compile(keras.optimizers.Adam(settings.learning_rate), loss=keras.losses.BinaryCrossentropy())
    print(f"network '{settings.model}': {model.count_params():,} parameters", flush=True)
    return model


def _one_epoch(model: keras.Model, clips: Clips, settings: TrainSettings, epoch: int) -> float:
    """Return the mean loss of the epoch; its order, crops and dropout depend on the epoch alone, for resuming."""
    rng = np.random.default_rng([settings.seed, epoch])
    _seed_dropout(model, settings.seed, epoch)
    model.optimizer.learning_rate = settings.learning_rate * _cosine(epoch / settings.epochs)
    weights = _class_weights(clips.train)
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


def _class_weights(ai: Labels) -> np.ndarray:
    """Weights of human and ai clips, shape (2,), under which both classes count alike."""
    share = np.mean(list(ai.values()))
    return np.array([0.5 / (1 - share), 0.5 / share], np.float32)


def judge(model: keras.Model, clips: Clips) -> dict[str, float]:
    """Return dev_loss, dev_auc and dev_eer of `model` on the dev clips."""
    logits = clip_logits(model, clips.features, clips.dev, clips.frames)
    human = np.array([not clips.dev[clip] for clip in logits])
    llr = calibrate(list(logits.values()), Calibration(scale=1.0, offset=0.0))
    # Cllr is the cross-entropy in bits with both classes counted alike.
    return {
        "dev_loss": cllr(llr, human) * math.log(2),
        "dev_auc": auc(llr, human),
        "dev_eer": eer(llr, human),
    }


def _filled_batches(cut: Iterable[tuple[str, np.ndarray]]) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield crops `CROPS_AT_ONCE` at a time with the ids of their clips; the last batch is filled up with zeros."""
    names: list[str] = []
    waiting: list[np.ndarray] = []
    for clip, of_clip in cut:
        names += [clip] * len(of_clip)
        waiting += list(of_clip)
        while len(waiting) >= CROPS_AT_ONCE:
            yield names[:CROPS_AT_ONCE], np.stack(waiting[:CROPS_AT_ONCE])
            names, waiting = names[CROPS_AT_ONCE:], waiting[CROPS_AT_ONCE:]
    if waiting:
        filler = [np.zeros_like(waiting[0])] * (CROPS_AT_ONCE - len(waiting))
        yield names, np.stack(waiting + filler)


def _resume(checkpoints: Path) -> tuple[keras.Model, list[dict[str, float]]] | None:
    state = checkpoints / "state.json"
    if not state.exists():
        return None
    history = json.loads(state.read_text(encoding="utf-8"))
    print(f"going on after epoch {len(history)}", flush=True)
    return keras.saving.load_model(checkpoints / f"epoch-{len(history)}.keras"), history


def _keep(model: keras.Model, history: list[dict[str, float]], checkpoints: Path) -> None:
    """Keep the state; the history names the model to go on from, so it is written between the new and the old."""
    write_whole(checkpoints / f"epoch-{len(history)}.keras", model.save)
    write_text(checkpoints / "state.json", json.dumps(history))
    (checkpoints / f"epoch-{len(history) - 1}.keras").unlink(missing_ok=True)


def _line(epoch: dict[str, float], epochs: int) -> str:
    return (
        f"epoch {epoch['epoch']} of {epochs}: loss {epoch['loss']:.4f},"
        f" dev loss {epoch['dev_loss']:.4f}, dev AUC {epoch['dev_auc']:.4f}, dev EER {epoch['dev_eer']:.4f}"
    )


def _save_timeless(model: keras.Model, path: Path) -> None:
    """Save without what differs between runs: the clock, in entries and metadata, and addresses in memory."""
    saved = path.with_suffix(".saved.keras")
    try:
        model.save(saved)
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
            for name in sorted(source.namelist()):
                content = source.read(name)
                if name == "metadata.json":
                    content = json.dumps({**json.loads(content), "date_saved": ""}).encode()
                if name == "config.json":
                    content = _number_shared(content.decode()).encode()
                target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    finally:
        saved.unlink(missing_ok=True)


def _number_shared(config: str) -> str:
    """Return the configuration with its shared objects numbered; Keras tells them apart by their address."""
    numbers: dict[str, int] = {}
    return SHARED.sub(lambda found: f"{found[1]}{numbers.setdefault(found[2], len(numbers))}", config)
