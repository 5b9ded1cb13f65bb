"""The released detector: trained on every clip, calibrated by cross-fitting on clips that its folds had never heard."""

import sys
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.corpus.heard import StartSettings, heard_table
from bonafide.corpus.rows import Rows
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import FOLDS
from bonafide.protocol.crossfit import calibrated, examples_of_all, held_out_logits, train_held_out
from bonafide.protocol.fold import Fold
from bonafide.protocol.folds import compute_features, run_stage
from bonafide.protocol.protocols import By, Protocol, read_protocol
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.measures import answers, auc, decisions, eer
from bonafide.scoring.thresholds import cannot_tell_band, thresholds
from bonafide.training.backend import keras
from bonafide.training.calibration_fit import fit_calibration
from bonafide.training.export import model_card
from bonafide.training.networks.registry import TrainSettings
from bonafide.training.saving import load_model


@dataclass(frozen=True)
class Released:
    """A detector for other people.

    Attributes
    ----------
    onnx : bytes
        The detector.
    network : keras.Model
        What other trainings can start from.
    heard : pa.Table
        What must not test those; see `bonafide.corpus.heard.heard_table`.
    """

    onnx: bytes
    network: keras.Model
    heard: pa.Table


def release(params: Path, by: By, n_folds: int, work: Path = FOLDS) -> Released:
    """Return a detector trained on all prepared clips.

    Its calibration and thresholds come from a network for each fold, trained as it is on all but that fold: each
    clip's logit is that of the one that held its source out, so no clip judges a network that has heard it. They are
    those of `bonafide folds --cross-fit` with the same params, where these are there already.

    Parameters
    ----------
    params : Path
    by : str
        What the folds hold out: ``"source"``, ``"generator"`` or ``"speaker"``.
    n_folds : int
    work : Path
        Where the folds are kept: what was done is not done again.

    Raises
    ------
    UserError
        When nothing was prepared, or the clips cannot be divided so.
    """
    protocol = read_protocol(params, by, work)
    compute_features(protocol)
    seed = read_section(params, "train", TrainSettings).seed
    folds = [Fold(protocol.cross_fitted, by, (number,), n_folds, seed) for number in range(1, n_folds + 1)]
    logits, human, fold_numbers = _held_out(protocol, folds)
    model, history = protocol.home / "release.keras", protocol.home / "release.csv"
    run_stage("train", protocol.params, protocol.everything, protocol.features, model, history)
    rows = pq.read_table(protocol.everything).to_pylist()
    network = load_model(model)
    card = {
        **model_card(network, rows),
        "licenses": sorted({row["license"] for row in rows} - {""}),
        "companions": sorted({row["source"] for row in protocol.companions}),
        **_trust(calibrate(logits, fit_calibration(logits, human)), human, fold_numbers, len(folds)),
    }
    return Released(calibrated(model, protocol.params, logits, human, card), network, _heard(params, rows))


def _heard(params: Path, rows: Rows) -> pa.Table:
    """Return what a network has heard that was trained on `rows`: what it started from has heard counts, too."""
    own = heard_table(rows)
    if read_section(params, "start", StartSettings).weights == "none":
        return own
    with as_file(files("bonafide") / "weights" / "default.heard.parquet") as before:
        return pa.concat_tables([own, pq.read_table(before).cast(own.schema)])


def _held_out(protocol: Protocol, folds: list[Fold]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the logits of all held-out clips, each by its fold's network, whether each is human, and whose it is."""
    examples = examples_of_all(protocol)
    logits, human, numbers = [], [], []
    for fold in folds:
        train_held_out(protocol, fold, protocol.params, examples)
        tested = pq.read_table(fold.sides, filters=[("split", "=", "test")]).to_pylist()
        of_clip = held_out_logits(protocol.params, fold, examples, [row["clip"] for row in tested])
        logits += [of_clip[row["clip"]] for row in tested]
        human += [row["label"] == "human" for row in tested]
        numbers += [fold.number] * len(tested)
        print(f"{fold.name}: {len(tested)} clips held out", file=sys.stderr, flush=True)
    return np.array(logits), np.array(human), np.array(numbers)


def _trust(llr: np.ndarray, human: np.ndarray, fold_numbers: np.ndarray, folds: int) -> dict[str, Any]:
    """Return what the card says of how far the detector can be trusted, and for what."""
    at_balanced = decisions(llr, human, thresholds(llr, human)["balanced"])
    return {
        "trained_on": "all clips; calibrated and measured on clips of sources that a fold's network had never heard,"
        " and on none of the companions",
        "held_out": {
            "folds": folds,
            "clips": len(llr),
            "eer": round(eer(llr, human), 4),
            "auc": round(auc(llr, human), 4),
            "fpr": round(at_balanced["fpr"], 4),
            "fnr": round(at_balanced["fnr"], 4),
            **{name: round(share, 4) for name, share in _answers(llr, human, fold_numbers).items()},
        },
        "use": "research and evaluation: some sources state no licence or forbid commercial use. Retrain it on"
        " recordings of your own with `dvc repro`, `bonafide folds` and `bonafide release`",
    }


def _answers(llr: np.ndarray, human: np.ndarray, fold_numbers: np.ndarray) -> dict[str, float]:
    """Return the `answers` on all clips, those of each fold by the band that the other folds' clips choose."""
    bands = np.empty((len(llr), 2))
    for number in np.unique(fold_numbers):
        inside = fold_numbers == number
        bands[inside] = cannot_tell_band(llr[~inside], human[~inside])
    return answers(llr, human, bands[:, 0], bands[:, 1])
