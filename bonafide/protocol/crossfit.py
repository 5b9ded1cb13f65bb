"""Calibration by cross-fitting: from the logits of clips that a network of the same settings had never heard."""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.table import SPLIT, as_table
from bonafide.files import write_bytes
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table
from bonafide.protocol.fold import Fold
from bonafide.protocol.protocols import Protocol
from bonafide.training.export import detector_file, model_card, network_file
from bonafide.training.fit import fit, read_training
from bonafide.training.networks.registry import NETWORKS, TrainSettings
from bonafide.training.saving import load_model, save_model
from bonafide.training.start import read_start

Examples = Any  # each network has its own, see `bonafide.training.networks.registry.Network`


def examples_of_all(protocol: Protocol) -> Examples:
    """Return what the networks of all folds share: the examples of all clips and copies."""
    rows = [{**row, "split": "train"} for row in protocol.rows]
    settings, clips = read_training(protocol.params, rows, protocol.features)
    return NETWORKS[settings.model].examples(clips, settings.own)


def train_and_calibrate(protocol: Protocol, fold: Fold, examples: Examples) -> None:
    """Train the network of `fold` on all that it does not test, and calibrate it by what the other folds held out.

    Each clip of another fold is judged by a network that heard neither that fold nor what is tested, whichever of the
    two it is: half of these networks are there when the first fold is done.
    """
    train_held_out(protocol, fold, fold.params, examples)
    logits, human = [], []
    for other in sorted({*range(1, fold.of + 1)} - {fold.number}):
        pair = fold.pair(other)
        train_held_out(protocol, pair, fold.params, examples)
        judges = protocol.judges(fold, other)
        of_clip = held_out_logits(fold.params, pair, examples, [row["clip"] for row in judges])
        logits += [of_clip[row["clip"]] for row in judges]
        human += [row["label"] == "human" for row in judges]
    card = model_card(load_model(fold.keras), protocol.sides(fold))
    write_bytes(fold.onnx, calibrated(fold.keras, fold.params, np.array(logits), np.array(human), card))


def held_out_logits(params: Path, fold: Fold, examples: Examples, clips: Collection[str]) -> dict[str, float]:
    """Return the logit of each of `clips` by the network of `fold`, which was fitted with `params`."""
    settings = read_section(params, "train", TrainSettings)
    return NETWORKS[settings.model].logits(load_model(fold.keras), examples, clips)


def calibrated(model: Path, params: Path, logits: np.ndarray, human: np.ndarray, card: dict[str, Any]) -> bytes:
    """Return the ONNX file of the .keras `model`, calibrated by other networks' `logits`; see `detector_file`."""
    audio = read_section(params, "audio", AudioSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    return detector_file(network_file(load_model(model)), audio, spectrogram, logits, human, card)


def train_held_out(protocol: Protocol, fold: Fold, params: Path, examples: Examples) -> None:
    """Fit the network of `fold` on all that it does not hold out and keep it, unless it is there already."""
    if fold.keras.exists():
        return
    rows = protocol.sides(fold)
    write_table(as_table(rows, SPLIT), fold.sides)
    settings, clips = read_training(params, rows, protocol.features)
    checkpoints = fold.folder / "checkpoints"
    model, _ = fit(clips, settings, checkpoints, examples, read_start(params))
    save_model(model, fold.keras)
    shutil.rmtree(checkpoints, ignore_errors=True)
