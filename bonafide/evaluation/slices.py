"""The metrics of parts of the test side: a generator, a language, low voices, short clips, noisy recordings."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bonafide.evaluation.bootstrap import Draws, percentiles
from bonafide.evaluation.drawn_clips import DrawnClips, edges_of
from bonafide.evaluation.drawn_measures import measure
from bonafide.evaluation.metrics import EvaluateSettings
from bonafide.evaluation.scored_clips import arrays, clusters, family_names
from bonafide.scoring.calibration import check_scores
from bonafide.scoring.measures import auc_between

NAMED = ("generator", "family", "source", "speaker", "language", "gender", "native_format")
RATES = ("accuracy", "precision", "recall", "f1", "fpr", "fnr", "hter")
SEEN = ("speaker_seen", "source_seen", "generator_seen")
# Edges of the bands that numbers are cut into, and how a band is written.
BANDS = {
    "seconds": ([0, 1, 2, 4, 8, np.inf], "s"),
    "level_dbfs": ([-np.inf, -35, -30, -25, -20, 0], "dBFS"),
    "snr_db": ([-np.inf, 20, 30, 40, 50, np.inf], "dB"),
    "pitch_hz": ([0, 120, 165, 220, np.inf], "Hz"),  # low voices, between, high ones: a view that needs no label
}


def slices_of(scores: pd.DataFrame, threshold: float, settings: EvaluateSettings) -> pd.DataFrame:
    """Return a row of metrics with 95 % intervals for each value of each slice.

    A slice of one class, such as a generator, has its error rate; its EER and AUC are taken against all clips of
    the other class, which column ``against`` says. ``small`` marks slices with fewer clips of a class that they hold
    than `settings.small_slice`: read their numbers as hints.
    """
    columns = {name: scores[name].astype(str) for name in (*NAMED, *SEEN)}
    columns |= {name: _banded(scores[name], edges, unit) for name, (edges, unit) in BANDS.items()}
    return _slices(scores, columns, threshold, settings)


def slices_apart(scores: pd.DataFrame, threshold: float, settings: EvaluateSettings) -> pd.DataFrame:
    """Return a row, as of `slices_of`, for each family of `scores` that is counted apart, against all test humans."""
    tested_humans = (scores["split"] == "test") & (scores["label"] == "human")
    own = scores[tested_humans | (scores["split"] == "apart")].reset_index(drop=True)
    return _slices(own, {"family": family_names(own)}, threshold, settings)


def _slices(
    scores: pd.DataFrame, columns: dict[str, pd.Series], threshold: float, settings: EvaluateSettings
) -> pd.DataFrame:
    llr, human = check_scores(*arrays(scores))
    draws = Draws(clusters(scores), human, replicates=settings.replicates, seed=settings.seed)
    thresholds, edges = {"balanced": threshold}, edges_of(llr)
    everyone = draws.clips(llr, thresholds, edges)  # what a slice of one class is measured against
    rows = []
    for name, column in columns.items():
        for value, positions in sorted(column.groupby(column.to_numpy()).indices.items()):
            if value:  # a speaker may be called nan
                own = draws.among(positions).clips(llr[positions], thresholds, edges)
                rows.append({"slice": name, "value": value, **_measure(own, everyone, settings)})
    return pd.DataFrame(rows)


def _banded(numbers: pd.Series, edges: list[float], unit: str) -> pd.Series:
    names = [
        f"below {high:g} {unit}"
        if low in (0, -np.inf)
        else f"{low:g} {unit} and more"
        if high == np.inf
        else f"{low:g} to {high:g} {unit}"
        for low, high in pairwise(edges)
    ]
    return pd.cut(numbers, edges, labels=names, right=False).astype(object).fillna("")


def _measure(
    own: dict[bool, DrawnClips], everyone: dict[bool, DrawnClips], settings: EvaluateSettings
) -> dict[str, Any]:
    """Measure the classes (by human or not) that a slice holds, or its one class against all of the other."""
    both = everyone | own
    samples = measure(both[True], both[False], ("eer", *RATES))
    values = {name: each[0] for name, each in samples.items()}
    values["auc"] = auc_between(both[True].llr, both[False].llr)
    alone = len(own) == 1
    # What the other class does at the threshold says nothing about a slice of one.
    kept = ("eer", "auc", "fpr" if True in own else "fnr") if alone else ("eer", "auc", *RATES)
    ends = percentiles({name: samples[name][1:] for name in ("eer", "fpr", "fnr")})
    counts = {label: own[label].llr.size if label in own else 0 for label in (True, False)}
    return {
        "clips_human": counts[True],
        "clips_ai": counts[False],
        "small": min(counts[label] for label in own) < settings.small_slice,
        "against": f"all {'ai' if True in own else 'human'}" if alone else "slice",
        **{name: values[name] for name in kept},
        **{
            f"{name}_{end}": ends[name][i]
            for name in ("eer", "fpr", "fnr")
            if name in kept
            for i, end in enumerate(("low", "high"))
        },
    }
