"""Bootstrap intervals over clusters: speakers of human clips, generators of ai clips.

Clips of one speaker or one generator resemble each other, so thousands of clips may be worth no more than
their dozens of clusters. Whole clusters are drawn with replacement, each class apart (Field & Welsh 2007,
"Bootstrapping clustered data"; for speech scores Ferrer & Riera's ConfidenceIntervals), and intervals are
percentiles of the replicates (Efron & Tibshirani 1993). With few clusters (less than some 20) such intervals
are too narrow; with 5 generators take them as a hint.

How it stays fast: a replicate is a list of how many times each cluster counts. All measures that are sums
over clips (decisions, Cllr, Brier, ECE, actDCF) follow from sums by cluster, so a replicate is one small
matrix product. The measures of rank (EER, AUC, minDCF, minCllr) weigh the scores, which are sorted once, and
run the formulas of `bonafide.scoring`. Minimum Cllr is exact too: its isotonic regression is fitted anew in
each replicate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide import scoring
from bonafide.calibration import Bools, Floats, check_scores, is_ai, p_ai

Intervals = dict[str, tuple[float, float]]
Ints = NDArray[np.intp]

# Numbers in one working array (8 MB): enough to keep numpy busy, little enough for memory and cache.
CHUNK = 2**20
RANKED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "auc": scoring.auc_of,
    "eer": scoring.eer_of,
    "min_cllr": lambda human, ai: np.array(
        [scoring.min_cllr_of(h, a) for h, a in zip(np.diff(human), np.diff(ai), strict=True)]
    ),
    "min_dcf": scoring.min_dcf_of,
}


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
        Names and llrs at which `bonafide.scoring.decisions` are measured; they stay as they are in all
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
        (low, high) by name: the names of `bonafide.scoring.summary`, with those under a threshold joined by a
        dot.

    Raises
    ------
    ValueError
        For scores that cannot be measured, lists of unlike length, or an unknown name in metrics.
    """
    values = replicate(llr, human, clusters, thresholds=thresholds, metrics=metrics, replicates=replicates, seed=seed)
    return intervals(values, level=level)


def paired_bootstrap(
    llr_a: ArrayLike,
    llr_b: ArrayLike,
    human: ArrayLike,
    clusters: ArrayLike,
    *,
    thresholds_a: Mapping[str, float] | None = None,
    thresholds_b: Mapping[str, float] | None = None,
    metrics: Collection[str] | None = None,
    replicates: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Intervals:
    """Interval of each measure of system A less that of system B over the same clips.

    Both are measured on the same draws, so what makes a clip hard for both cancels out. Each system has its
    own thresholds under the same names. Other parameters as in `cluster_bootstrap`.
    """
    first, second = (
        replicate(llr, human, clusters, thresholds=each, metrics=metrics, replicates=replicates, seed=seed)
        for llr, each in ((llr_a, thresholds_a), (llr_b, thresholds_b))
    )
    return intervals({name: first[name] - second[name] for name in first if name in second}, level=level)


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
    values, labels = check_scores(llr, human)
    if replicates < 1:
        raise ValueError(f"There must be at least one replicate, not {replicates}.")
    index, sizes = cluster_index(labels, clusters)
    measured = np.ones(values.size, dtype=bool) if subset is None else np.asarray(subset)
    if measured.shape != values.shape or measured.dtype != np.bool_:
        raise ValueError("A subset must be one boolean a clip.")
    values, labels, index = values[measured], labels[measured], index[measured]
    check_scores(values, labels)

    ranked, added = _wanted(thresholds or {}, metrics)
    sums = _cluster_sums(values, labels, index, sum(sizes), thresholds or {})
    rank = _rank_measures(values, labels, index, ranked)
    widest = max(sum(sizes), values.size if ranked else 1)
    parts = []
    for drawn in _draws(sizes, replicates, seed, rows=max(1, CHUNK // widest)):
        totals = (drawn[:, : sizes[0]] @ sums[: sizes[0]], drawn[:, sizes[0] :] @ sums[sizes[0] :])
        # A subset may have lost a class to the draw: 0 / 0 is meant to be NaN there.
        with np.errstate(invalid="ignore", divide="ignore"):
            part = _measures_of(*totals, thresholds or {})
            part |= rank(drawn)
        lost = (totals[0][:, 0] == 0) | (totals[1][:, 0] == 0)
        parts.append({name: np.where(lost, np.nan, part[name]) for name in (*ranked, *added)})
    return {name: np.concatenate([part[name] for part in parts]) for name in sorted(parts[0])}


def _wanted(thresholds: Mapping[str, float], metrics: Collection[str] | None) -> tuple[list[str], list[str]]:
    """Names of the ranked measures and of those that are sums, as far as they are wanted."""
    added = ["act_dcf", "brier", "cllr", "ece"]
    added += [f"{name}.{rate}" for name in thresholds for rate in scoring.decisions_of(0, 0, 1, 1)]
    if metrics is None:
        return list(RANKED), added
    if unknown := set(metrics) - set(RANKED) - set(added):
        raise ValueError(f"There is no measure named {', '.join(sorted(unknown))}; thresholds bring theirs with them.")
    return [name for name in RANKED if name in metrics], [name for name in added if name in metrics]


def cluster_index(human: Bools, clusters: ArrayLike) -> tuple[Ints, tuple[int, int]]:
    """Give clusters numbers: those of human clips first, then those of ai clips.

    Parameters
    ----------
    human : np.ndarray of bool, shape=(n,)
        Labels.
    clusters : array_like of str or int, shape=(n,)
        Names; empty ones stand each for itself, and one name alone in a class is taken apart into its clips.

    Returns
    -------
    tuple
        Number of each clip's cluster, shape=(n,), and how many clusters there are of each class (human, ai).
    """
    names = np.asarray(clusters)
    if names.shape != human.shape:
        raise ValueError(f"Each clip needs its cluster: {names.shape} clusters for {human.shape} clips.")
    if names.dtype == object:
        # Parquet hands out missing names as None.
        names = np.array(["" if name is None else str(name) for name in names])
    index, sizes, first = np.empty(human.size, dtype=np.intp), [], 0
    for side in (human, ~human):
        found, code = np.unique(names[side], return_inverse=True)
        alone = names[side] == "" if names.dtype.kind == "U" else np.zeros(code.size, dtype=bool)
        alone |= found.size == 1
        code = np.where(alone, found.size + np.arange(code.size), code)
        # Numbered anew without gaps: an empty cluster could be drawn otherwise.
        found, code = np.unique(code, return_inverse=True)
        index[side] = first + code
        first += found.size
        sizes.append(int(found.size))
    return index, (sizes[0], sizes[1])


def _draws(sizes: tuple[int, int], replicates: int, seed: int, rows: int) -> Iterator[Floats]:
    """Yield how often each cluster is drawn, shape=(at most rows, clusters), replicates rows in all.

    Each replicate is drawn after the other, so that the draws do not depend on the number of rows.
    """
    generator = np.random.default_rng(seed)
    for first in range(0, replicates, rows):
        drawn = np.empty((min(rows, replicates - first), sum(sizes)))
        for row in drawn:
            row[: sizes[0]] = np.bincount(generator.integers(sizes[0], size=sizes[0]), minlength=sizes[0])
            row[sizes[0] :] = np.bincount(generator.integers(sizes[1], size=sizes[1]), minlength=sizes[1])
        yield drawn


def _cluster_sums(llr: Floats, human: Bools, index: Ints, n_clusters: int, thresholds: Mapping[str, float]) -> Floats:
    """Add up each cluster's clips, shape=(clusters, columns): see `_measures_of` for the columns."""
    probability = p_ai(llr)
    flagged = [is_ai(llr, threshold) for threshold in (scoring.DCF_THRESHOLD, *thresholds.values())]
    columns = [np.ones(llr.size), scoring.llr_cost(llr, human), (probability - ~human) ** 2, *flagged]
    sums = [np.bincount(index, column, n_clusters)[:, None] for column in columns]
    cells = index * scoring.BINS + scoring.bin_of(probability)
    size = n_clusters * scoring.BINS
    # What ECE needs of a bin is how much was predicted less how much was there: one number a bin.
    sums.append(np.bincount(cells, probability - ~human, size).reshape(n_clusters, scoring.BINS))
    return np.hstack(sums)


def _measures_of(human: Floats, ai: Floats, thresholds: Mapping[str, float]) -> dict[str, Floats]:
    """Measures from the sums of each class, shape=(replicates, columns).

    Columns: clips, Cllr cost, squared error, called ai at the DCF threshold and at each of the thresholds,
    then each bin's predicted less observed number of ai clips.
    """
    n_human, n_ai = human[:, 0], ai[:, 0]
    means = (human / n_human[:, None] + ai / n_ai[:, None]) / 2
    found = {
        "act_dcf": scoring.dcf(human[:, 3] / n_human, 1 - ai[:, 3] / n_ai),
        "brier": means[:, 2],
        "cllr": means[:, 1],
        "ece": np.abs(means[:, -scoring.BINS :]).sum(axis=1),
    }
    for column, name in enumerate(thresholds, start=4):
        rates = scoring.decisions_of(human[:, column], ai[:, column], n_human, n_ai)
        found |= {f"{name}.{rate}": value for rate, value in rates.items()}
    return found


def _rank_measures(llr: Floats, human: Bools, index: Ints, names: list[str]) -> Callable[[Floats], dict[str, Floats]]:
    """Sort once; return the function from draws, shape=(rows, clusters), to measures, shape=(rows,)."""
    if not names:
        return lambda drawn: {}
    order = np.argsort(llr, kind="stable")
    ends, labels, index = scoring.tie_ends(llr[order]), human[order], index[order]

    def measure(drawn: Floats) -> dict[str, Floats]:
        weights = np.take(drawn, index, axis=1)
        below_human = scoring.cumulate(weights * labels, ends)
        below_ai = scoring.cumulate(weights * ~labels, ends)
        return {name: RANKED[name](below_human, below_ai) for name in names}

    return measure
