"""The released detector: trained on every clip, calibrated by cross-fitting on clips that its folds had never heard."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section
from bonafide.protocol.crossfit import calibrated, held_out_logits, statistics_of_all
from bonafide.protocol.folds import CROSS_FITTED, FEATURES, KERAS, METRICS, SIDES, folds_folder, run_stage
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.measures import auc, decisions, eer
from bonafide.scoring.thresholds import thresholds
from bonafide.training.calibration_fit import fit_calibration
from bonafide.training.kernel import CropStatistics

CARD_COLUMNS = ("source", "generator", "language", "license")


def release(params: Path, by: str, work: Path) -> bytes:
    """Return the ONNX file of a detector trained on all prepared clips.

    Its calibration and thresholds come from the folds of `bonafide folds --cross-fit`, which must have run with the
    same params: each clip's logit is that of the fold that held its source out, so no clip judges a network that has
    heard it.

    Parameters
    ----------
    params : Path
    by : str
        What the folds held out: ``"source"``, ``"generator"`` or ``"speaker"``.
    work : Path
        Where the folds were kept.

    Raises
    ------
    UserError
        When the folds are not there.
    """
    folder = folds_folder(params, by, work)
    folds = sorted(path.parent for path in (folder / CROSS_FITTED).glob(f"{by}-*/{METRICS}"))
    if not folds:
        raise UserError(f"{folder} has no folds: run `bonafide folds --cross-fit --by {by}` with the same params first")
    rows = pq.read_table(folder / "all.parquet").to_pylist()
    logits, human = _held_out(folds, statistics_of_all(folder / "params.yaml", rows, folder / FEATURES))
    model = folder / "release.keras"
    run_stage("train", folder / "params.yaml", folder / "all.parquet", folder / FEATURES, model, folder / "release.csv")
    llr = calibrate(logits, fit_calibration(logits, human))
    _, companions = parted(rows, read_section(params, "companions", CompanionSettings))
    card = _card(rows, llr, human, len(folds)) | {"companions": sorted({row["source"] for row in companions})}
    return calibrated(model, folder / "params.yaml", logits, human, card)


def _held_out(folds: list[Path], known: CropStatistics) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits of all held-out clips, each by its fold's network, and whether each is human."""
    logits, human = [], []
    for fold in folds:
        tested = pq.read_table(fold / SIDES, filters=[("split", "=", "test")]).to_pylist()
        of_clip = held_out_logits(fold / KERAS, known, [row["clip"] for row in tested])
        logits += [of_clip[row["clip"]] for row in tested]
        human += [row["label"] == "human" for row in tested]
        print(f"{fold.name}: {len(tested)} clips held out", file=sys.stderr, flush=True)
    return np.array(logits), np.array(human)


def _card(rows: list[dict[str, Any]], llr: np.ndarray, human: np.ndarray, folds: int) -> dict[str, Any]:
    """Return what a person who gets the file wants to know of its training and of how far it can be trusted."""
    at_balanced = decisions(llr, human, thresholds(llr, human)["balanced"])
    return {
        "network": "statistics",
        "clips": {label: sum(row["label"] == label for row in rows) for label in ("human", "ai")},
        **{f"{name}s": sorted({row[name] for row in rows} - {""}) for name in CARD_COLUMNS},
        "trained_on": "all clips; calibrated and measured on clips of sources that a fold's network had never heard,"
        " and on none of the companions",
        "held_out": {
            "folds": folds,
            "clips": len(llr),
            "eer": round(eer(llr, human), 4),
            "auc": round(auc(llr, human), 4),
            "fpr": round(at_balanced["fpr"], 4),
            "fnr": round(at_balanced["fnr"], 4),
        },
        "use": "research and evaluation: some sources state no licence or forbid commercial use. Retrain it on"
        " recordings of your own with `dvc repro`, `bonafide folds` and `bonafide release`",
    }
