"""What is said of the clips that networks had not heard, where each fold is judged by what the others held out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bonafide.evaluation.metrics import BAND
from bonafide.evaluation.scored_clips import arrays
from bonafide.protocol.table import REPLICATES, missed_by_family, pooled, summary_row
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.measures import answers, auc, decisions
from bonafide.scoring.thresholds import cannot_tell_band, thresholds
from bonafide.training.calibration_fit import fit_calibration

Judged = Sequence[tuple[pd.DataFrame, dict[str, float]]]


def judged_by_others(scores: pd.DataFrame) -> list[tuple[pd.DataFrame, dict[str, float]]]:
    """Return each fold's clips with their llr, and its thresholds and band: all chosen on the clips of other folds.

    The networks of the others had heard this fold's clips, though it was not these that they were asked about.
    `bonafide.protocol.crossfit` trains ten networks more for five folds, that have not.

    Parameters
    ----------
    scores : pd.DataFrame
        Columns ``fold``, ``label`` and ``logit``, that of the network which held the clip out.
    """
    judged = []
    for number, own in scores.groupby("fold"):
        others = scores[scores["fold"] != number]
        logits, human = others["logit"].to_numpy(), (others["label"] == "human").to_numpy()
        calibration = fit_calibration(logits, human)
        llr = calibrate(logits, calibration)
        band = dict(zip(BAND, cannot_tell_band(llr, human), strict=True))
        own = own.assign(llr=calibrate(own["logit"].to_numpy(), calibration)).reset_index(drop=True)
        judged.append((own, {**thresholds(llr, human), **band}))
    return judged


def protocol_row(params: str, by: str, seed: int, folds: Judged) -> dict[str, Any]:
    """Return the row of a table of protocols, as `bonafide.protocol.table.table_row` does, but for its name."""
    figures = summary_row(folds, replicates=REPLICATES, seed=1) | missed_by_family(folds)
    return {
        "params": params,
        "calibrated by": "the other tests",
        "held out": by,
        "folds": len(folds),
        "seeds": str(seed),
        **{key: round(value, 4) for key, value in figures.items()},
    }


def card_figures(folds: Judged, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a detector's card says of the clips of `judged_by_others`, of which `row` is the `protocol_row`.

    ``held_out`` has its errors and answers, ``missed`` the share of each family of generators that is not called ai.
    """
    clips = pooled(folds)
    llr, human = arrays(clips)
    at_balanced = decisions(llr, human, clips["balanced"].to_numpy())
    figures = {
        "eer": row["pooled EER"],
        "eer_low": row["low"],
        "eer_high": row["high"],
        "auc": auc(llr, human),
        "within_source_auc": row["within-source AUC"],
        "fpr": at_balanced["fpr"],
        "fnr": at_balanced["fnr"],
        "human_only_fpr": row["human-only false alarms"],
        **answers(llr, human, *(clips[end].to_numpy() for end in BAND)),
    }
    missed = {name.removeprefix("missed, "): row[name] for name in row if name.startswith("missed, ")}
    shares = {name: round(float(share), 4) for name, share in figures.items() if np.isfinite(share)}
    return {
        "held_out": {"folds": len(folds), "clips": len(clips), **shares},
        "missed": missed,
    }
