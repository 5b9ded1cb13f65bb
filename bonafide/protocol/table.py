"""The figures that Bonafide is developed by: held-out sources, pooled, within sources, and on sources without fakes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.metrics import BAND
from bonafide.evaluation.scored_clips import arrays, clusters, family_names, tested
from bonafide.files import write_text
from bonafide.protocol.fold import Fold
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.measures import answers, auc, decisions, eer
from bonafide.scoring.operating_points import measure_name

POINTS = {"balanced": "", "decisive": ", decisive"}  # thresholds of dev, with what their columns' names end in
FEWEST = 5  # clips of each class that a source needs for an AUC of its own
# What tells one row of the table from another.
NUMBERS = ("name", "params", "calibrated by", "held out", "folds", "seeds")
REPLICATES = 1000  # of the bootstrap of a row
SHOWN = ("eer", "auc", "min_dcf", "cllr", "accuracy", "fpr", "fnr", "hter")  # of a fold
SHOWN_MEANS = ("auc_over_generators", "fnr_over_generators", "fpr_over_human_sources")


def read_fold(fold: Fold) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the scores of a fold's test clips, and the thresholds and the band that its dev side chose."""
    return tested(pd.read_parquet(fold.scores)), carried_over(_metrics(fold))


def fold_figures(fold: Fold) -> dict[str, Any]:
    """Return the row of a fold in the list of all."""
    metrics = _metrics(fold)
    return {
        **{"held out": fold.by, "fold": fold.number, "seed": fold.seed},
        **{name: metrics[name] for name in (*SHOWN, *SHOWN_MEANS)},
        "clips": metrics["clips_human"] + metrics["clips_ai"],
    }


def spread(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean, and standard deviation over folds and seeds, of each figure of `fold_figures`."""
    numbers = rows.drop(columns=["held out", "fold", "seed"])
    return pd.DataFrame({"mean": numbers.mean(), "sd over folds and seeds": numbers.std(ddof=1)})


def table_row(name: str, params: str, calibrated_by: str, folds: Sequence[Fold]) -> dict[str, Any]:
    """Return the row of the table for the whole protocol: the system `name`, known by its `params`, on `folds`."""
    figures = summary_row([read_fold(fold) for fold in folds], replicates=REPLICATES, seed=1)
    figures |= missed_by_family((pd.read_parquet(fold.scores), carried_over(_metrics(fold))) for fold in folds)
    return {
        "name": name,
        "params": params,
        "calibrated by": calibrated_by,
        "held out": folds[0].by,
        "folds": folds[0].of,
        "seeds": " ".join(str(seed) for seed in dict.fromkeys(fold.seed for fold in folds)),
        **{key: round(value, 4) for key, value in (figures | eer_through_codecs(folds)).items()},
    }


def eer_through_codecs(folds: Sequence[Fold]) -> dict[str, float]:
    """Return the pooled EER of all folds' clips, each through a codec drawn at random; nothing where one has none."""
    if not all(fold.coded.exists() for fold in folds):
        return {}
    labels = [tested(pd.read_parquet(fold.scores))[["clip", "label"]] for fold in folds]
    coded = [pd.read_parquet(fold.coded).dropna(subset="llr") for fold in folds]
    pool = pd.concat([own.merge(known, on="clip") for own, known in zip(coded, labels, strict=True)])
    return {"pooled EER through codecs": eer(*arrays(pool))}


def put_into(path: Path, row: Mapping[str, object], key: Sequence[str] = NUMBERS) -> None:
    """Write `row` into the CSV file `path`; see `put_row`."""
    types = {"name": str, "seeds": str, "params": str}
    table = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""]) if path.exists() else pd.DataFrame()
    write_text(path, put_row(table, row, key).to_csv(index=False))


def carried_over(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the llr thresholds and the ends of the band, by name, that a fold's dev side chose.

    They come from what the stage `evaluate` measured; an older one knows no band.
    """
    names = {name: measure_name(name, "threshold") for name in POINTS} | {name: name for name in BAND}
    return {name: metrics[written] for name, written in names.items() if written in metrics}


def within_sources(scores: pd.DataFrame) -> dict[str, float]:
    """Return the AUC inside each source that has enough clips of both classes: no recording chain can help there."""
    of_source = {}
    for source, own in scores.groupby("source"):
        if (own["label"].value_counts().reindex(["human", "ai"], fill_value=0) >= FEWEST).all():
            of_source[str(source)] = auc(*arrays(own))
    return of_source


def false_alarms(scores: pd.DataFrame, threshold: float) -> dict[str, float]:
    """Return the share of clips called ai in each source that has human clips alone."""
    human_only = scores.groupby("source")["label"].transform(lambda label: (label == "human").all())
    flagged = scores[human_only]["llr"] < threshold
    return {str(source): float(share) for source, share in flagged.groupby(scores["source"]).mean().items()}


def balanced_accuracy(scores: pd.DataFrame, threshold: float) -> float:
    """Return the mean of the shares of human and of ai clips that are called rightly."""
    rates = decisions(*arrays(scores), threshold)
    return 1 - (rates["fpr"] + rates["fnr"]) / 2


def summary_row(
    folds: Sequence[tuple[pd.DataFrame, Mapping[str, float]]], *, replicates: int, seed: int
) -> dict[str, float]:
    """Return one row of the table: means over folds and seeds, and what is pooled: answers, and the EER with its ends.

    Parameters
    ----------
    folds : sequence of (pd.DataFrame, mapping)
        Scores, and dev thresholds as `carried_over` gives them, of each fold and seed; in the pool each fold's llr is
        as its own dev calibrated it.
    replicates, seed : int
        Of the bootstrap over speakers and generators.
    """
    own = [eer(*arrays(scores)) for scores, _ in folds]
    pool = pd.concat([scores for scores, _ in folds])
    llr, human = arrays(pool)
    draws = Draws(clusters(pool), human, replicates=replicates, seed=seed)
    low, high = draws.intervals(llr, metrics=["eer"])["eer"]
    # Macro figures over all sources, not the mean of means: folds hold unlike numbers of sources.
    within = [value for scores, _ in folds for value in within_sources(scores).values()]
    at_points = {}
    for point, end in POINTS.items():
        cut_folds = [(scores, cuts[point]) for scores, cuts in folds if point in cuts]
        at_points[f"balanced accuracy{end}"] = _mean([balanced_accuracy(scores, cut) for scores, cut in cut_folds])
        alarms = [value for scores, cut in cut_folds for value in false_alarms(scores, cut).values()]
        at_points[f"human-only false alarms{end}"] = _mean(alarms)
    return {
        "pooled EER": eer(llr, human),
        "low": low,
        "high": high,
        "mean fold EER": _mean(own),
        "sd": float(np.std(own, ddof=1)) if len(own) > 1 else float("nan"),
        "within-source AUC": _mean(within),
        **at_points,
        **_answers(folds),
        "clips": pool["clip"].nunique(),
    }


def _answers(folds: Sequence[tuple[pd.DataFrame, Mapping[str, float]]]) -> dict[str, float]:
    """Return the `answers` on all folds' clips by their own bands; nothing where a fold has none."""
    if not all(end in cuts for _, cuts in folds for end in BAND):
        return {}
    pool = pooled(folds)
    shares = answers(*arrays(pool), *(pool[end] for end in BAND))
    return {"answered": shares["answered"], "right among answers": shares.get("right_of_answered", float("nan"))}


def pooled(folds: Iterable[tuple[pd.DataFrame, Mapping[str, float]]]) -> pd.DataFrame:
    """Return the scores of all folds, each clip with the thresholds and the band of its own in columns."""
    return pd.concat([scores.assign(**cuts) for scores, cuts in folds], ignore_index=True)


def missed_by_family(folds: Iterable[tuple[pd.DataFrame, Mapping[str, float]]]) -> dict[str, float]:
    """Return the share of each family's clips that is not called ai at the balanced threshold, by column of the table.

    A clip counts once, however many folds and seeds have scored it: what is counted apart may be in several.
    """
    parts = []
    for scores, cuts in folds:
        ai = scores[scores["label"] == "ai"]
        missed = ~is_ai(ai["llr"].to_numpy(), cuts["balanced"])
        parts.append(pd.DataFrame({"clip": ai["clip"], "family": family_names(ai), "missed": missed}))
    of_clip = pd.concat(parts).groupby(["family", "clip"])["missed"].mean()
    return {f"missed, {name}": float(share) for name, share in of_clip.groupby("family").mean().items() if name}


def put_row(table: pd.DataFrame, row: Mapping[str, object], key: Sequence[str] = NUMBERS) -> pd.DataFrame:
    """Return `table` with `row` in the place of an older one that has the same in the columns `key`, or at its end."""
    new = pd.DataFrame([row])
    if table.empty:
        return new
    same = (table.reindex(columns=list(key)).astype(str) == new[list(key)].astype(str).iloc[0]).all(axis=1)
    return pd.concat([table[~same], new], ignore_index=True)


def _metrics(fold: Fold) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads(fold.metrics.read_text(encoding="utf-8"))
    return metrics


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
