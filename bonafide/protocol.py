"""The figures that Bonafide is developed by: held-out sources, pooled, within sources, and on sources without fakes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bonafide.bootstrap import cluster_bootstrap
from bonafide.evaluation import arrays, clusters
from bonafide.scoring import auc, decisions, eer

FEWEST = 5  # clips of each class that a source needs for an AUC of its own
NUMBERS = (
    "name",
    "params",
    "calibrated by",
    "held out",
    "folds",
    "seeds",
)  # what tells one row of the table from another


def fold_figures(scores: pd.DataFrame, threshold: float) -> dict[str, float]:
    """Return the protocol's figures for the test side of one fold.

    Parameters
    ----------
    scores : pd.DataFrame
        The clip table with ``llr``.
    threshold : float
        The dev side's balanced threshold on the llr.

    Returns
    -------
    dict
        eer, balanced_accuracy, within_source_auc (mean over sources with clips enough of both classes) and
        human_only_false_alarms (mean over sources without ai clips); NaN where no source is of that kind.
    """
    llr, human = arrays(scores)
    rates = decisions(llr, human, threshold)
    return {
        "eer": eer(llr, human),
        "balanced_accuracy": 1 - (rates["fpr"] + rates["fnr"]) / 2,
        "within_source_auc": _mean(list(within_sources(scores).values())),
        "human_only_false_alarms": _mean(list(false_alarms(scores, threshold).values())),
    }


def within_sources(scores: pd.DataFrame) -> dict[str, float]:
    """Return the AUC inside each source that has enough clips of both classes: no recording chain can help there."""
    found = {}
    for source, own in scores.groupby("source"):
        if (own["label"].value_counts().reindex(["human", "ai"], fill_value=0) >= FEWEST).all():
            found[str(source)] = auc(*arrays(own))
    return found


def false_alarms(scores: pd.DataFrame, threshold: float) -> dict[str, float]:
    """Return the share of clips called ai in each source that has human clips alone."""
    human_only = scores.groupby("source")["label"].transform(lambda label: (label == "human").all())
    flagged = scores[human_only]["llr"] < threshold
    return {str(source): float(share) for source, share in flagged.groupby(scores["source"]).mean().items()}


def summary_row(folds: Sequence[tuple[pd.DataFrame, float]], *, replicates: int, seed: int) -> dict[str, float]:
    """Return one row of the table: means over folds and seeds, and the pooled EER with its 95 % interval.

    Parameters
    ----------
    folds : sequence of (pd.DataFrame, float)
        Scores and dev threshold of each fold and seed; in the pool each fold's llr is as its own dev calibrated it.
    replicates, seed : int
        Of the bootstrap over speakers and generators.
    """
    figures = pd.DataFrame([fold_figures(scores, threshold) for scores, threshold in folds])
    pool = pd.concat([scores for scores, _ in folds])
    llr, human = arrays(pool)
    drawn = cluster_bootstrap(llr, human, clusters(pool), metrics=["eer"], replicates=replicates, seed=seed)
    # Macro figures over all sources, not the mean of means: folds hold unlike numbers of sources.
    within = [value for scores, _ in folds for value in within_sources(scores).values()]
    alarms = [value for scores, threshold in folds for value in false_alarms(scores, threshold).values()]
    return {
        "pooled EER": eer(llr, human),
        "low": drawn["eer"][0],
        "high": drawn["eer"][1],
        "mean fold EER": float(figures["eer"].mean()),
        "sd": float(figures["eer"].std(ddof=1)) if len(figures) > 1 else float("nan"),
        "within-source AUC": _mean(within),
        "balanced accuracy": float(figures["balanced_accuracy"].mean()),
        "human-only false alarms": _mean(alarms),
        "clips": pool["clip"].nunique(),
    }


def put_row(table: pd.DataFrame, row: dict[str, object], key: Sequence[str] = NUMBERS) -> pd.DataFrame:
    """Return `table` with `row` in the place of an older one that has the same in the columns `key`, or at its end."""
    new = pd.DataFrame([row])
    if table.empty:
        return new
    same = (table.reindex(columns=list(key)).astype(str) == new[list(key)].astype(str).iloc[0]).all(axis=1)
    return pd.concat([table[~same], new], ignore_index=True)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
