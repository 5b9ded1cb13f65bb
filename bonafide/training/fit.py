"""Fits the network that section `train` of params.yaml chooses, whichever it is."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings, band_centres
from bonafide.corpus.companions import CompanionSettings
from bonafide.pipeline.code_version import code_version
from bonafide.pipeline.params import read_section
from bonafide.pipeline.parts import tasks_from_parts
from bonafide.training.backend import keras
from bonafide.training.data import Clips, clips_of
from bonafide.training.logits import History
from bonafide.training.networks.registry import NETWORKS, TrainSettings
from bonafide.training.networks.starts import Start


def crop_shape(settings: TrainSettings, spectrogram: SpectrogramSettings, rate: int) -> tuple[int, int]:
    """Return how many frames the crops have that the chosen network is to judge, and bands each of these.

    Raises
    ------
    UserError
        When the network cannot use such crops.
    """
    frames = spectrogram.frames(settings.crop_seconds, rate)
    NETWORKS[settings.model].check(settings.own, spectrogram, frames)
    return frames, spectrogram.n_bands


def read_training(params: Path, rows: Iterable[Mapping[str, Any]], features: Path) -> tuple[TrainSettings, Clips]:
    """Return the settings in the file `params`, and the clips that train and judge by `rows` of a split table."""
    settings = read_section(params, "train", TrainSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    rate = read_section(params, "audio", AudioSettings).rate
    companions = read_section(params, "companions", CompanionSettings)
    return settings, training_clips(rows, features, settings, spectrogram, rate, companions)


def training_clips(
    rows: Iterable[Mapping[str, Any]],
    features: Path,
    settings: TrainSettings,
    spectrogram: SpectrogramSettings,
    rate: int,
    companions: CompanionSettings,
) -> Clips:
    """Return the clips that train and judge by `rows` of a split table, and what their features are.

    Raises
    ------
    UserError
        When the chosen network cannot use such features.
    """
    clips = clips_of(rows, features, crop_shape(settings, spectrogram, rate), companions)
    hertz = tuple(band_centres(spectrogram, rate)[: spectrogram.n_bands].tolist())
    return replace(clips, hertz=hertz, layout=spectrogram.layout)


def fit(
    clips: Clips,
    settings: TrainSettings,
    checkpoints: Path,
    examples: Any = None,  # noqa: ANN401 - each network has examples of its own
    start: Start | None = None,
) -> tuple[keras.Model, History]:
    """Fit the chosen network to the training clips and return it with its history.

    See `bonafide.training.networks.registry.Network` for what the parameters are.
    """
    keras.backend.clear_session()  # layers are numbered anew, and the networks of earlier fits leave the memory
    return NETWORKS[settings.model].fit(clips, settings.own, settings.seed, checkpoints, examples, start)


def fingerprint(clips: Clips, settings: TrainSettings, start: Start | None = None) -> str:
    """Return a name for exactly this training, so that no other goes on from its checkpoints."""
    facts = [
        [task.inputs for task in tasks_from_parts(clips.features)],
        [clips.train, clips.dev, clips.frames],
        [settings.model, settings.seed, asdict(settings.own)],
        [start.rate, start.share, *(weights.sum(dtype=float) for weights in start.network.get_weights())]
        if start
        else [],
        code_version(Path(__file__)),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
