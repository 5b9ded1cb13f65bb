"""Calibration by cross-fitting: from the logits of clips that a network of the same settings had never heard."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.companions import CompanionSettings
from bonafide.corpus.rows import Rows
from bonafide.pipeline.params import read_section
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Facts, facts_as_json
from bonafide.scoring.thresholds import thresholds
from bonafide.training.calibration_fit import fit_calibration
from bonafide.training.data import Clips, clips_of
from bonafide.training.export import to_onnx
from bonafide.training.fit import CROPS_AT_ONCE, TrainSettings, save_model
from bonafide.training.kernel import CropStatistics, crop_statistics, fit_statistics


def statistics_of_all(params: Path, rows: Rows, features: Path) -> CropStatistics:
    """Return the statistics of the crops of all clips in `rows` and of their copies, for `fit_part`."""
    return crop_statistics(_clips([{**row, "split": "train"} for row in rows], params, features))


def fit_part(params: Path, rows: Rows, features: Path, known: CropStatistics, out: Path) -> None:
    """Fit the network "statistics" to the train side of `rows` of a split table; write it as a .keras file to `out`."""
    settings = read_section(params, "train", TrainSettings)
    save_model(fit_statistics(_clips(rows, params, features), settings, known)[0], out)


def held_out_logits(model: Path, known: CropStatistics, clips: Collection[str]) -> dict[str, float]:
    """Return the logit of each of `clips`, by the .keras `model`: the mean over its crops, without copies.

    `known` has the statistics of all of them, so that the network's first and slowest layer is not run again.
    """
    network = keras.saving.load_model(model)
    judge = keras.Model(network.get_layer("statistics").output, network.get_layer("logit").output)
    heard = known.of(clips)
    heard = heard.where(heard.copies == 0)
    logits = judge.predict(heard.values, batch_size=CROPS_AT_ONCE, verbose=0)[:, 0]
    names, of = np.unique(heard.clips, return_inverse=True)
    means = np.bincount(of, logits) / np.bincount(of)
    return dict(zip(names.tolist(), means.tolist(), strict=True))


def calibrated(model: Path, params: Path, logits: np.ndarray, human: np.ndarray, card: dict[str, Any]) -> bytes:
    """Return the ONNX file of the .keras `model` with calibration and thresholds from other networks' logits.

    Parameters
    ----------
    model, params : Path
    logits : np.ndarray, shape=(n,)
        Of clips that were held out of the networks which gave them; higher is more ai.
    human : np.ndarray, shape=(n,), bool
    card : dict
        What the detector's metadata tells people of it.
    """
    calibration = fit_calibration(logits, human)
    found = thresholds(calibrate(logits, calibration), human)
    audio = read_section(params, "audio", AudioSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    return to_onnx(keras.saving.load_model(model), facts_as_json(Facts(audio, spectrogram, calibration, found, card)))


def _clips(rows: Rows, params: Path, features: Path) -> Clips:
    mel = read_section(params, "features", SpectrogramSettings)
    seconds = read_section(params, "train", TrainSettings).crop_seconds
    frames = mel.frames(seconds, read_section(params, "audio", AudioSettings).rate)
    return clips_of(rows, features, frames, mel.n_bands, read_section(params, "companions", CompanionSettings))
