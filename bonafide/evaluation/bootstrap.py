"""Bootstrap intervals over clusters: speakers of human clips, generators of ai clips.

Clips of one speaker or one generator resemble each other, so thousands of clips may be worth no more than
their dozens of clusters. Whole clusters are drawn with replacement, each class apart (Field & Welsh 2007,
"Bootstrapping clustered data"; for speech scores Ferrer & Riera's ConfidenceIntervals), and intervals are
percentiles of the replicates (Efron & Tibshirani 1993). With few clusters (less than some 20) such intervals
are too narrow; with 5 generators take them as a hint.

How it stays fast is written in `bonafide.evaluation.drawn_clips`; `bonafide.evaluation.drawn_measures` has the
measures of all replicates at once.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bonafide.evaluation.drawn_clips import Counts, DrawnClips, Ints, cluster_codes, draw_clusters, edges_of
from bonafide.evaluation.drawn_measures import measure
from bonafide.scoring.calibration import Bools, Floats, check_scores

Intervals = dict[str, tuple[float, float]]

LEVEL = 0.95  # share of the replicates that lie inside an interval


class Difference(NamedTuple):
    """A measure of system A less that of system B, and its interval."""

    difference: float
    low: float
    high: float


class Draws:
    """Bootstrap samples of clips: drawn once, for whatever is asked of the clips' scores.

    The same seed, labels and clusters give the same draws, whatever the scores: what makes a clip hard for two
    systems, or a generator for two groups, cancels out of their difference.

    Parameters
    ----------
    clusters : array_like of str or int, shape=(n,)
        Speaker of each human clip, generator of each ai clip; the same name in both classes means two
        clusters. Clips with an empty name stand each for itself. A class with one cluster only has its clips
        drawn one by one: its interval then speaks about that one speaker or generator, and about no other.
    human : array_like of bool, shape=(n,)
        True for human clips.
    replicates : int
        Number of bootstrap samples.
    seed : int
        Of the draws.

    Raises
    ------
    ValueError
        For lists of unlike length, or less than one replicate.

    Examples
    --------
    >>> human = [True, True, True, False, False, False]
    >>> draws = Draws(["ann", "ann", "bob", "pico", "vits", "vits"], human, replicates=100, seed=1)
    >>> right, wrong = [3.0, 2.0, 1.0, -1.0, -2.0, -3.0], [-3.0, 2.0, 1.0, -1.0, -2.0, 3.0]
    >>> draws.intervals(right, metrics=["eer"])
    {'eer': (0.0, 0.0)}
    >>> round(draws.paired_difference(right, wrong).difference, 3)
    -0.333
    """

    def __init__(self, clusters: ArrayLike, human: ArrayLike, *, replicates: int, seed: int) -> None:
        if replicates < 1:
            raise ValueError(f"There must be at least one replicate, not {replicates}.")
        self.human: Bools = np.asarray(human)
        self.codes: Ints = cluster_codes(clusters)
        self.replicates, self.seed = replicates, seed
        if self.codes.shape != self.human.shape:
            raise ValueError(f"Each clip needs its cluster: {self.codes.shape} clusters for {self.human.shape} clips.")

    def among(self, positions: Ints) -> "Draws":
        """Return draws from the clusters of the clips at `positions` alone, with the same seed."""
        return Draws(self.codes[positions], self.human[positions], replicates=self.replicates, seed=self.seed)

    def measure(
        self,
        llr: ArrayLike,
        *,
        thresholds: Mapping[str, float] | None = None,
        metrics: Collection[str] | None = None,
        subset: ArrayLike | None = None,
    ) -> dict[str, Floats]:
        """Return each measure of the clips as they are, then of each replicate: shape=(1 + replicates,) by name.

        Parameters
        ----------
        llr : array_like, shape=(n,)
            Scores in nats, higher is more human; for "eer" and "auc" of any scale.
        thresholds : mapping, optional
            Names and llrs at which `bonafide.scoring.measures.decisions` are measured; they stay as they are in all
            replicates.
        metrics : collection of str, optional
            Names to keep, such as "eer" or "fpr"; all by default. Without names of ranked ones it is much faster.
        subset : array_like of bool, shape=(n,), optional
            The clips to measure, while clusters are drawn from all. A replicate in which it lacks a class is NaN.

        Returns
        -------
        dict
            The names are those of `bonafide.scoring.measures.summary`.

        Raises
        ------
        ValueError
            For scores that cannot be measured, lists of unlike length, or an unknown name in metrics.
        """
        values, labels = check_scores(llr, self.human)
        measured = np.ones(values.size, dtype=bool) if subset is None else np.asarray(subset)
        if measured.shape != values.shape or measured.dtype != np.bool_:
            raise ValueError("A subset must be one boolean a clip.")
        check_scores(values[measured], labels[measured])
        clips = self.clips(values, thresholds or {}, edges_of(values[measured]), measured)
        return measure(clips[True], clips[False], metrics)

    def intervals(
        self,
        llr: ArrayLike,
        *,
        thresholds: Mapping[str, float] | None = None,
        metrics: Collection[str] | None = None,
    ) -> Intervals:
        """Return the interval (low, high) of each measure by name; parameters as of `measure`."""
        values = self.measure(llr, thresholds=thresholds, metrics=metrics)
        return percentiles({name: each[1:] for name, each in values.items()})

    def paired_difference(self, scores_a: ArrayLike, scores_b: ArrayLike, *, metric: str = "eer") -> Difference:
        """Measure system A less system B over the same clips, with an interval from draws that both share.

        The interval is narrower than those of the two systems: one that leaves out 0 tells them apart, also where
        the two overlap.

        Parameters
        ----------
        scores_a, scores_b : array_like, shape=(n,)
            Scores of each system, as of `measure`.
        metric : str
            "eer", "auc" or another measure that needs no threshold.

        Returns
        -------
        Difference
            ``difference`` of the clips as they are, ``low`` and ``high`` of the replicates; unpacks as three numbers.
        """
        first, second = (self.measure(scores, metrics=[metric])[metric] for scores in (scores_a, scores_b))
        apart = first - second
        return Difference(float(apart[0]), *percentiles({metric: apart[1:]})[metric])

    def group_difference(
        self,
        llr: ArrayLike,
        in_a: ArrayLike,
        in_b: ArrayLike,
        *,
        thresholds: Mapping[str, float] | None = None,
        metrics: Collection[str] | None = None,
    ) -> Intervals:
        """Return the interval of each measure in group A less that in group B, such as of women less that of men.

        Clusters are drawn from all clips, so a generator that speaks in both groups counts alike in both. A
        replicate that leaves a group without one of the classes is left out.

        Parameters
        ----------
        llr, thresholds, metrics
            As of `measure`.
        in_a, in_b : array_like of bool, shape=(n,)
            True for the clips of each group; both groups need both classes.
        """
        first, second = (
            self.measure(llr, thresholds=thresholds, metrics=metrics, subset=each) for each in (in_a, in_b)
        )
        return percentiles({name: (first[name] - second[name])[1:] for name in first})

    def clips(
        self, llr: Floats, thresholds: Mapping[str, float], edges: Floats, subset: Bools | None = None
    ) -> dict[bool, DrawnClips]:
        """Return the clips of each class, or those in `subset`, by whether it is human, as far as there are any."""
        classes = {}
        for label, (positions, cluster, counts) in self._drawn.items():
            kept = np.ones(positions.size, dtype=bool) if subset is None else subset[positions]
            own = llr[positions[kept]]
            classes[label] = DrawnClips.of(own, cluster[kept], counts, label, thresholds, edges)
        return classes

    @cached_property
    def _drawn(self) -> dict[bool, tuple[Ints, Ints, Counts]]:
        """Positions of the clips of each class, their clusters and how often each of these counts."""
        places = {label: np.flatnonzero(self.human == label) for label in (True, False)}
        return {
            label: (at, *draw_clusters(self.codes[at], label, self.replicates, self.seed))
            for label, at in places.items()
            if at.size
        }


def percentiles(values: Mapping[str, Floats]) -> Intervals:
    """Percentile interval of each measure's replicates, NaN ones left out; (nan, nan) where all are NaN."""
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    ends = {}
    for name in sorted(values):
        usable = values[name][~np.isnan(values[name])]
        low, high = np.quantile(usable, tails) if usable.size else (np.nan, np.nan)
        ends[name] = (float(low), float(high))
    return ends
