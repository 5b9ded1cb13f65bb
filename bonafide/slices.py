"""The metrics of parts of the test side: a generator, a language, low voices, short clips, noisy recordings."""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bonafide.bootstrap import cluster_bootstrap
from bonafide.cliptable import LABELS
from bonafide.evaluation import EvaluateSettings, arrays, clusters
from bonafide.scoring import auc, decisions, eer

NAMED = ("generator", "source", "speaker", "language", "gender", "native_format")
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
    columns["generator family"] = families(scores["generator"], settings.families)
    columns |= {name: _banded(scores[name], edges, unit) for name, (edges, unit) in BANDS.items()}
    rows = [
        {"slice": name, "value": value, **_measure(scores[column == value], scores, threshold, settings)}
        for name, column in columns.items()
        for value in sorted(set(column) - {"", "nan"})
    ]
    return pd.DataFrame(rows)


def families(generators: pd.Series, patterns: dict[str, str]) -> pd.Series:
    """Return the family of each generator: the first whose pattern its name holds, "other" where none is."""
    known = {
        name: next((family for family, pattern in patterns.items() if re.search(pattern, name)), "other")
        for name in set(generators) - {""}
    }
    return generators.map({**known, "": ""})


def _banded(numbers: pd.Series, edges: list[float], unit: str) -> pd.Series:
    names = [
        f"below {high:g} {unit}"
        if low in (0, -np.inf)
        else f"{low:g} {unit} and more"
        if high == np.inf
        else f"{low:g} to {high:g} {unit}"
        for low, high in pairwise(edges)
    ]
    return pd.cut(numbers, edges, labels=names, right=False).astype(str)


def _measure(
    inside: pd.DataFrame, scores: pd.DataFrame, threshold: float, settings: EvaluateSettings
) -> dict[str, Any]:
    labels = set(inside["label"])
    alone = len(labels) == 1
    both = pd.concat([inside, scores[~scores["label"].isin(labels)]]) if alone else inside
    llr, human = arrays(both)
    values = {"eer": eer(llr, human), "auc": auc(llr, human), **decisions(llr, human, threshold)}
    # What the other class does at the threshold says nothing about a slice of one.
    kept = ("eer", "auc", "fpr" if labels == {"human"} else "fnr") if alone else tuple(values)
    ends = cluster_bootstrap(
        llr,
        human,
        clusters(both),
        thresholds={"at": threshold},
        metrics=["eer", "at.fpr", "at.fnr"],
        replicates=settings.replicates,
        seed=settings.seed,
    )
    counts = {f"clips_{label}": int((inside["label"] == label).sum()) for label in LABELS}
    return {
        **counts,
        "small": min(counts[f"clips_{label}"] for label in labels) < settings.small_slice,
        "against": f"all {'ai' if labels == {'human'} else 'human'}" if alone else "slice",
        **{name: values[name] for name in kept},
        **{
            f"{name}_{end}": ends[key][i]
            for name, key in (("eer", "eer"), ("fpr", "at.fpr"), ("fnr", "at.fnr"))
            if name in kept
            for i, end in enumerate(("low", "high"))
        },
    }
