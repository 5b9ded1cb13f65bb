"""Bootstrap intervals over clusters: speakers of human clips, generators of ai clips.

Clips of one speaker or one generator resemble each other, so thousands of clips may be worth no more than
their dozens of clusters. Whole clusters are drawn with replacement, each class apart (Field & Welsh 2007,
"Bootstrapping clustered data"; for speech scores Ferrer & Riera's ConfidenceIntervals), and intervals are
percentiles of the replicates (Efron & Tibshirani 1993). With few clusters (less than some 20) such intervals
are too narrow; with 5 generators take them as a hint.

How it stays fast is written in `bonafide.evaluation.draws`, which draws the clips of each class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.evaluation.draws import Resampled, cluster_codes, draw_clusters, edges_of, eer_of_sides, row_chunks
from bonafide.scoring import measures
from bonafide.scoring.calibration import Floats, check_scores

Intervals = dict[str, tuple[float, float]]

# Measures that need the counts at every score; the EER needs them where it lies alone.
RANKED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "auc": measures.auc_of,
    "min_cllr": lambda human, ai: np.array(
        [measures.min_cllr_of(h, a) for h, a in zip(np.diff(human), np.diff(ai), strict=True)]
    ),
    "min_dcf": measures.min_dcf_of,
}


class Difference(NamedTuple):
    """A measure of system A less that of system B, and its interval."""

    difference: float
    low: float
    high: float


def cluster_bootstrap(
    llr: ArrayLike,
    human: ArrayLike,
    clusters: ArrayLike,
    *,
    thresholds: Mapping[str, float] | None = None,
    metrics: Collection[str] | None = None,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Intervals:
    """Interval of each measure.

    Parameters
    ----------
    llr : array_like, shape=(n,)
        Scores in nats.
    human : array_like of bool, shape=(n,)
        True for human clips.
    clusters : array_like of str or int, shape=(n,)
        Speaker of each human clip, generator of each ai clip; the same name in both classes means two
        clusters. Clips with an empty name stand each for itself. A class with one cluster only has its clips
        drawn one by one: its interval then speaks about that one speaker or generator, and about no other.
    thresholds : mapping, optional
        Names and llrs at which `bonafide.scoring.measures.decisions` are measured; they stay as they are in all
        replicates.
    metrics : collection of str, optional
        Names to keep, such as "eer" or "balanced.fpr"; all by default. Without names of ranked ones it is
        much faster.
    replicates : int
        Number of bootstrap samples.
    seed : int
        Seed of the draws. The same seed, labels and clusters give the same draws, whatever the scores.
    level : float
        Share of replicates inside the interval, between 0 and 1.

    Returns
    -------
    dict
        (low, high) by name: the names of `bonafide.scoring.measures.summary`, with those under a threshold joined by a
        dot.

    Raises
    ------
    ValueError
        For scores that cannot be measured, lists of unlike length, or an unknown name in metrics.
    """
    values = replicate(llr, human, clusters, thresholds=thresholds, metrics=metrics, replicates=replicates, seed=seed)
    return intervals(values, level=level)


def paired_difference(
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    human: ArrayLike,
    clusters: ArrayLike,
    *,
    metric: str = "eer",
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference:
    """Measure system A less system B over the same clips, with an interval from draws that both share.

    What makes a clip hard for both cancels out, so the interval is narrower than those of the two systems: an
    interval that leaves out 0 tells them apart, also where the two overlap.

    Parameters
    ----------
    scores_a, scores_b : array_like, shape=(n,)
        Scores of each system, higher is more human; for "eer" and "auc" of any scale, else llrs in nats.
    human, clusters, replicates, seed, level
        As in `cluster_bootstrap`.
    metric : str
        "eer", "auc" or another measure of `cluster_bootstrap` that needs no threshold.

    Returns
    -------
    Difference
        ``difference`` of the clips as they are, ``low`` and ``high`` of the replicates; unpacks as three numbers.

    Examples
    --------
    >>> human = [True, True, True, False, False, False]
    >>> right, wrong = [3.0, 2.0, 1.0, -1.0, -2.0, -3.0], [-3.0, 2.0, 1.0, -1.0, -2.0, 3.0]
    >>> round(paired_difference(right, wrong, human, ["a", "a", "b", "x", "y", "y"]).difference, 3)
    -0.333
    """
    first, second = (
        _measured(scores, human, clusters, None, {}, [metric], replicates, seed)[metric]
        for scores in (scores_a, scores_b)
    )
    low, high = intervals({metric: (first - second)[1:]}, level=level)[metric]
    return Difference(float(first[0] - second[0]), low, high)


def group_bootstrap(
    llr: ArrayLike,
    human: ArrayLike,
    clusters: ArrayLike,
    in_a: ArrayLike,
    in_b: ArrayLike,
    *,
    thresholds: Mapping[str, float] | None = None,
    metrics: Collection[str] | None = None,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Intervals:
    """Interval of each measure in group A less that in group B, such as the EER of women less that of men.

    Clusters are drawn from all clips, so a generator that speaks in both groups counts alike in both. A
    replicate that leaves a group without one of the classes is left out.

    Parameters
    ----------
    llr, human, clusters, thresholds, metrics, replicates, seed, level
        As in `cluster_bootstrap`.
    in_a, in_b : array_like of bool, shape=(n,)
        True for the clips of each group; both groups need both classes.

    Returns
    -------
    dict
        (low, high) by name.
    """
    first, second = (
        replicate(
            llr,
            human,
            clusters,
            subset=each,
            thresholds=thresholds,
            metrics=metrics,
            replicates=replicates,
            seed=seed,
        )
        for each in (in_a, in_b)
    )
    return intervals({name: first[name] - second[name] for name in first}, level=level)


def intervals(values: Mapping[str, Floats], *, level: float = 0.95) -> Intervals:
    """Percentile interval of each measure's replicates, NaN ones left out; (nan, nan) where all are NaN."""
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval must lie strictly between 0 and 1, not {level}.")
    tails = [(1 - level) / 2, (1 + level) / 2]
    found = {}
    for name in sorted(values):
        usable = values[name][~np.isnan(values[name])]
        low, high = np.quantile(usable, tails) if usable.size else (np.nan, np.nan)
        found[name] = (float(low), float(high))
    return found


def replicate(
    llr: ArrayLike,
    human: ArrayLike,
    clusters: ArrayLike,
    *,
    subset: ArrayLike | None = None,
    thresholds: Mapping[str, float] | None = None,
    metrics: Collection[str] | None = None,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, Floats]:
    """Return the measures of each bootstrap sample, shape=(replicates,) by name.

    Parameters as in `cluster_bootstrap`, and one more.
    ``subset``, bool of shape (n,), measures those clips alone while clusters are drawn from all. A replicate
    in which it lacks a class is NaN.
    """
    found = _measured(llr, human, clusters, subset, thresholds or {}, metrics, replicates, seed)
    return {name: found[name][1:] for name in sorted(found)}


def measure(human: Resampled, ai: Resampled, metrics: Collection[str] | None = None) -> dict[str, Floats]:
    """Return each measure of the two classes against each other, shape=(1 + replicates,) by name.

    The first number is that of the clips as they are, the others are those of the replicates: NaN where one lacks a
    class. Both sides must have been made with the same edges, thresholds and replicates.
    """
    ranked, added = _wanted(human.thresholds, metrics)
    n_human, n_ai = human.totals[:, 0], ai.totals[:, 0]
    # A subset may have lost a class to the draw: 0 / 0 is meant to be NaN there.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _sums_measured(human.totals, ai.totals, human.thresholds)
        if "eer" in ranked:
            found["eer"] = eer_of_sides(human, ai)
        found |= _ranks_measured(human, ai, [name for name in ranked if name != "eer"])
    lost = (n_human == 0) | (n_ai == 0)
    return {name: np.where(lost, np.nan, found[name]) for name in (*ranked, *added)}


def _measured(
    llr: ArrayLike,
    human: ArrayLike,
    clusters: ArrayLike,
    subset: ArrayLike | None,
    thresholds: Mapping[str, float],
    metrics: Collection[str] | None,
    replicates: int,
    seed: int,
) -> dict[str, Floats]:
    values, labels = check_scores(llr, human)
    if replicates < 1:
        raise ValueError(f"There must be at least one replicate, not {replicates}.")
    codes = cluster_codes(clusters)
    if codes.shape != labels.shape:
        raise ValueError(f"Each clip needs its cluster: {codes.shape} clusters for {labels.shape} clips.")
    measured = np.ones(values.size, dtype=bool) if subset is None else np.asarray(subset)
    if measured.shape != values.shape or measured.dtype != np.bool_:
        raise ValueError("A subset must be one boolean a clip.")
    check_scores(values[measured], labels[measured])
    edges = edges_of(values[measured])

    def side(is_human: bool) -> Resampled:
        own = labels == is_human
        cluster, drawn = draw_clusters(codes[own], is_human, replicates, seed)
        kept = measured[own]
        return Resampled.of(values[own][kept], cluster[kept], drawn, is_human, thresholds, edges)

    return measure(side(True), side(False), metrics)


def _wanted(thresholds: Mapping[str, float], metrics: Collection[str] | None) -> tuple[list[str], list[str]]:
    """Names of the ranked measures and of those that are sums, as far as they are wanted."""
    ranks = sorted([*RANKED, "eer"])
    added = ["act_dcf", "brier", "cllr", "ece"]
    added += [f"{name}.{rate}" for name in thresholds for rate in measures.decisions_of(0, 0, 1, 1)]
    if metrics is None:
        return ranks, added
    if unknown := set(metrics) - set(ranks) - set(added):
        raise ValueError(f"There is no measure named {', '.join(sorted(unknown))}; thresholds bring theirs with them.")
    return [name for name in ranks if name in metrics], [name for name in added if name in metrics]


def _sums_measured(human: Floats, ai: Floats, thresholds: Mapping[str, float]) -> dict[str, Floats]:
    """Measures from the `Resampled.totals` of each class."""
    n_human, n_ai = human[:, 0], ai[:, 0]
    means = (human / n_human[:, None] + ai / n_ai[:, None]) / 2
    found = {
        "act_dcf": measures.dcf(human[:, 3] / n_human, 1 - ai[:, 3] / n_ai),
        "brier": means[:, 2],
        "cllr": means[:, 1],
        "ece": np.abs(means[:, -measures.BINS :]).sum(axis=1),
    }
    for column, name in enumerate(thresholds, start=4):
        rates = measures.decisions_of(human[:, column], ai[:, column], n_human, n_ai)
        found |= {f"{name}.{rate}": value for rate, value in rates.items()}
    return found


def _ranks_measured(human: Resampled, ai: Resampled, names: list[str]) -> dict[str, Floats]:
    """Measures from the counts below every score."""
    if not names:
        return {}
    scores = np.unique(np.concatenate([human.llr, ai.llr]))
    positions = [np.searchsorted(side.llr, scores, side="right") for side in (human, ai)]
    parts = []
    for rows in row_chunks(len(human.drawn), scores.size):
        below = [side.below(rows, at) for side, at in zip((human, ai), positions, strict=True)]
        parts.append([RANKED[name](*below) for name in names])
    return {name: np.concatenate(part) for name, part in zip(names, zip(*parts, strict=True), strict=True)}
