"""Measures of a detector's scores: error rates, ASVspoof's costs, calibration and decisions.

Scores are llrs in nats, higher is more human; ``human`` is True for bona fide clips. A clip is called ai when
its llr lies below the threshold. Human is ASVspoof's positive class, but people look for ai, so the error
rates carry these names:

- ``fpr``, false-positive rate: human clips called ai. ASVspoof's P_miss.
- ``fnr``, false-negative rate: ai clips called human. ASVspoof's P_fa.

Every function takes ``weights``, how many times each clip counts (all once by default): a weight of 2 is the
clip given twice. Functions that end in ``_of`` work on counts along the last axis, so that the bootstrap runs
the same formulas. All raise ValueError for scores that cannot be measured (see
`bonafide.calibration.check_scores`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.calibration import Bools, Floats, check_scores, is_ai, p_ai
from bonafide.isotonic import pool_adjacent_violators

# ASVspoof 5's operating point (Wang et al. 2024): an attack is rare, and one let in costs ten false
# rejections.
P_SPOOF, C_MISS, C_FA = 0.05, 1.0, 10.0
DCF_FPR, DCF_FNR = C_MISS * (1 - P_SPOOF), C_FA * P_SPOOF
# Bayes' threshold for those costs, -ln 1.9, in nats.
DCF_THRESHOLD = -float(np.log(DCF_FPR / DCF_FNR))
# Bins of equal width over p_ai, as Guo et al. 2017 have them.
BINS = 15
# What the thresholds chosen on dev promise there: share of human clips flagged, share of ai clips missed.
DECISIVE_FPR, MAX_FPR, MAX_FNR = 0.1, 0.01, 0.05


class Curve(NamedTuple):
    """Clips below each of k thresholds, ascending from "nothing is ai" to "everything is"."""

    threshold: Floats  # shape=(k,), nats
    human: Floats  # shape=(k,), human clips called ai
    ai: Floats  # shape=(k,), ai clips called ai


def error_curve(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> Curve:
    """Count the clips of each class below every threshold that makes a difference.

    Between two neighbouring scores the threshold is their middle; equal scores are never told apart. The
    first threshold is the lowest score (nothing is called ai), the last lies just above the highest; all are
    finite.

    Parameters
    ----------
    llr : array_like, shape=(n,)
        Scores in nats.
    human : array_like of bool, shape=(n,)
        True for human clips.
    weights : array_like, shape=(n,), optional
        Counts, not negative.

    Returns
    -------
    Curve
        k = number of distinct scores + 1 thresholds and counts.
    """
    values, labels, counts = _checked(llr, human, weights)
    order = np.argsort(values, kind="stable")
    ends = tie_ends(values[order])
    scores = values[order][ends]
    # Half of each, not half of their sum, which may overflow; where rounding swallows the step, the upper
    # score serves.
    middle = scores[:-1] / 2 + scores[1:] / 2
    middle = np.where(middle > scores[:-1], middle, scores[1:])
    threshold = np.concatenate([scores[:1], middle, np.nextafter(scores[-1:], np.inf)])
    below = [cumulate(counts[order] * side[order], ends) for side in (labels, ~labels)]
    return Curve(threshold, below[0], below[1])


def _checked(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Bools, Floats]:
    values, labels = check_scores(llr, human)
    if weights is None:
        return values, labels, np.ones(values.size)
    counts = np.asarray(weights, dtype=np.float64)
    if counts.shape != values.shape or not (np.isfinite(counts) & (counts >= 0)).all():
        raise ValueError("Weights must be one count a score, none negative.")
    if not (counts[labels].any() and counts[~labels].any()):
        raise ValueError("Both classes need a clip that counts.")
    return values, labels, counts


def tie_ends(ascending: Floats) -> NDArray[np.intp]:
    """Return where each run of equal values ends: positions of last members, ascending."""
    return np.flatnonzero(np.append(ascending[1:] != ascending[:-1], True))


def cumulate(counts: Floats, ends: NDArray[np.intp]) -> Floats:
    """Sum counts, shape=(..., n), up to each tie's end, a 0 first: shape=(..., k). Exact if whole."""
    total = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    np.cumsum(counts, axis=-1, out=total[..., 1:])
    if ends.size == counts.shape[-1]:
        return total
    return np.concatenate([total[..., :1], total[..., 1:][..., ends]], axis=-1)


def det_curve(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> tuple[Floats, Floats, Floats]:
    """Return (thresholds, fpr, fnr), each of shape (k,), for the thresholds of `error_curve`."""
    curve = error_curve(llr, human, weights)
    return curve.threshold, curve.human / curve.human[-1], 1 - curve.ai / curve.ai[-1]


def eer(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Equal error rate: mean of fpr and fnr at the threshold where they are closest.

    That is what ASVspoof's scripts do: no interpolation, and not the ROC's convex hull. Of two thresholds
    that are equally close the lower one is taken.
    """
    _, below_human, below_ai = error_curve(llr, human, weights)
    return float(eer_of(below_human, below_ai))


def eer_of(below_human: Floats, below_ai: Floats) -> Floats:
    """Equal error rate from the counts of a `Curve`, shape=(..., k), as shape=(...)."""
    at = _closest(below_human, below_ai)[..., None]
    fpr = np.take_along_axis(below_human, at, -1)[..., 0] / below_human[..., -1]
    missed = below_ai[..., -1] - np.take_along_axis(below_ai, at, -1)[..., 0]
    return np.asarray((fpr + missed / below_ai[..., -1]) / 2)


def _closest(below_human: Floats, below_ai: Floats) -> NDArray[np.intp]:
    """Positions where fpr and fnr are closest. Products of counts are whole, so that ties are exact."""
    n_human, n_ai = below_human[..., -1:], below_ai[..., -1:]
    gap = below_human * n_ai
    gap += below_ai * n_human
    gap -= n_human * n_ai
    return np.asarray(np.argmin(np.abs(gap, out=gap), axis=-1))


def auc(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Area under the ROC: the chance that a human clip scores above an ai clip, ties counting one half."""
    _, below_human, below_ai = error_curve(llr, human, weights)
    return float(auc_of(below_human, below_ai))


def auc_of(below_human: Floats, below_ai: Floats) -> Floats:
    """Area under the ROC from the counts of a `Curve`, by trapezoids."""
    doubled = np.einsum("...i,...i->...", np.diff(below_human), below_ai[..., 1:] + below_ai[..., :-1])
    return np.asarray(doubled / (2 * below_human[..., -1] * below_ai[..., -1]))


def auc_between(human: Floats, ai: Floats) -> float:
    """Area under the ROC from the scores of each class, both ascending: fast where one class has few clips."""
    few, many = (human, ai) if human.size < ai.size else (ai, human)
    below = sum(int(np.searchsorted(many, few, side=side).sum()) for side in ("left", "right"))
    pairs = 2 * few.size * many.size
    return (below if few is human else pairs - below) / pairs


def dcf(fpr: ArrayLike, fnr: ArrayLike) -> Floats:
    """Normalised detection cost of ASVspoof 5; 1 is the cost of calling all clips alike, the better way."""
    return (DCF_FPR * np.asarray(fpr) + DCF_FNR * np.asarray(fnr)) / min(DCF_FPR, DCF_FNR)


def min_dcf(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Least `dcf` over all thresholds, between 0 and 1: what the order of the scores allows."""
    _, below_human, below_ai = error_curve(llr, human, weights)
    return float(min_dcf_of(below_human, below_ai))


def min_dcf_of(below_human: Floats, below_ai: Floats) -> Floats:
    """Least `dcf` from the counts of a `Curve`."""
    cost = below_human * (DCF_FPR / below_human[..., -1:])
    cost -= below_ai * (DCF_FNR / below_ai[..., -1:])
    return np.asarray((cost.min(axis=-1) + DCF_FNR) / min(DCF_FPR, DCF_FNR))


def act_dcf(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Actual `dcf` at Bayes' threshold -ln 1.9, at which calibrated llrs would cost least."""
    rates = decisions(llr, human, DCF_THRESHOLD, weights)
    return float(dcf(rates["fpr"], rates["fnr"]))


def llr_cost(llr: Floats, human: Bools) -> Floats:
    """Cost of each llr in bits, shape=(n,): log2(1 + exp(-llr)) where human, log2(1 + exp(llr)) where ai."""
    return np.asarray(np.logaddexp(0, np.where(human, -llr, llr)) / np.log(2))


def cllr(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Cost of the log-likelihood ratios in bits (Brümmer & du Preez 2006); 1 where the llr is always 0.

    This is the log loss of `p_ai`, each class weighing one half, divided by ln 2.
    """
    values, labels, counts = _checked(llr, human, weights)
    return _balanced_mean(llr_cost(values, labels), labels, counts)


def brier(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Mean squared error of `p_ai` at prior 0.5 (Brier 1950), so each class weighs one half."""
    values, labels, counts = _checked(llr, human, weights)
    return _balanced_mean((p_ai(values) - ~labels) ** 2, labels, counts)


def _balanced_mean(cost: Floats, human: Bools, counts: Floats) -> float:
    return float(sum(np.average(cost[side], weights=counts[side]) for side in (human, ~human)) / 2)


def min_cllr(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """`cllr` after the best monotone map of the scores, in bits: what the order of the scores allows.

    The map is isotonic regression of the labels on these very scores (Brümmer & du Preez 2006), without the
    dummy clips that some implementations add. So min_cllr <= cllr; the difference is the calibration loss.
    """
    _, below_human, below_ai = error_curve(llr, human, weights)
    return min_cllr_of(np.diff(below_human), np.diff(below_ai))


def min_cllr_of(human: Floats, ai: Floats) -> float:
    """Least Cllr in bits from the clips of each class at each score, ascending: two arrays of shape (k,)."""
    counted = human + ai > 0
    human, ai = pool_adjacent_violators(human[counted], ai[counted])
    odds = (human / human.sum(), ai / ai.sum())
    cost = 0.0
    for own, other in (odds, odds[::-1]):
        cost += float(own[own > 0] @ np.log2(1 + other[own > 0] / own[own > 0])) / 2
    return cost


def bin_of(probability: Floats) -> NDArray[np.intp]:
    """Return the bin, 0 to BINS - 1, that each probability falls into."""
    return np.minimum((probability * BINS).astype(np.intp), BINS - 1)


def reliability(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> tuple[Floats, Floats, Floats]:
    """Return (mass, predicted, observed) of each bin of p_ai, shape=(BINS,), each class weighing one half.

    Mass sums to 1; predicted is the mean p_ai in the bin, observed the share of ai, both NaN where the bin is
    empty.
    """
    values, labels, counts = _checked(llr, human, weights)
    probability = p_ai(values)
    share = counts * np.where(labels, 0.5 / counts[labels].sum(), 0.5 / counts[~labels].sum())
    bins = bin_of(probability)
    mass, predicted, observed = (
        np.bincount(bins, share * each, BINS).astype(np.float64)
        for each in (np.ones(values.size), probability, ~labels)
    )
    with np.errstate(invalid="ignore"):
        return mass, predicted / mass, observed / mass


def ece(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Mean distance between predicted and observed share of ai: expected calibration error (Guo et al. 2017).

    15 bins of equal width, so that bins mean the same for every system and sums over clusters are enough for
    the bootstrap. p_ai is taken at prior 0.5, so each class weighs one half: a mix of classes unlike that
    prior is no miscalibration.
    """
    mass, predicted, observed = reliability(llr, human, weights)
    return float(np.nansum(mass * np.abs(predicted - observed)))


def decisions(llr: ArrayLike, human: ArrayLike, threshold: float, weights: ArrayLike | None = None) -> dict[str, float]:
    """Return the measures of yes-or-no decisions at one threshold (in nats); see `decisions_of` for names."""
    values, labels, counts = _checked(llr, human, weights)
    flagged = counts * is_ai(values, threshold)
    rates = decisions_of(flagged[labels].sum(), flagged[~labels].sum(), counts[labels].sum(), counts[~labels].sum())
    return {name: float(rate) for name, rate in rates.items()}


def decisions_of(
    human_flagged: ArrayLike, ai_flagged: ArrayLike, n_human: ArrayLike, n_ai: ArrayLike
) -> dict[str, Floats]:
    """Return the measures of decisions from counts of clips called ai and of clips, all of one shape.

    accuracy counts all clips alike; precision, recall and f1 are those of ai, the class to detect (0 where
    nothing is called ai, as in scikit-learn); fpr and fnr as in this module's head; hter is half of their
    sum.
    """
    fp, tp, n_h, n_a = (np.asarray(each, dtype=np.float64) for each in (human_flagged, ai_flagged, n_human, n_ai))
    fpr, fnr = fp / n_h, (n_a - tp) / n_a
    return {
        "accuracy": (tp + n_h - fp) / (n_h + n_a),
        "precision": tp / np.maximum(tp + fp, np.finfo(float).tiny),
        "recall": tp / n_a,
        "f1": 2 * tp / (tp + fp + n_a),
        "fpr": fpr,
        "fnr": fnr,
        "hter": (fpr + fnr) / 2,
    }


def thresholds(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> dict[str, float]:
    """Choose the thresholds (llrs in nats) on a development set; a clip is called ai when its llr lies below.

    - ``balanced``: where fpr and fnr are closest, as for the EER.
    - ``decisive``: fewest ai clips missed while at most 10 % of human clips are flagged; ``balanced`` where that
      flags fewer.
    - ``precision``: fewest ai clips missed while at most 1 % of human clips are flagged.
    - ``recall``: fewest human clips flagged while at most 5 % of ai clips are missed.

    Of thresholds that do equally well the one with fewer errors of the other kind is taken, and each lies
    midway between two scores. A set with less than 100 human clips cannot resolve 1 %, nor one with less than
    20 ai clips 5 %: then the only rate that keeps the promise is none at all, so ``precision`` flags no human
    clip and ``recall`` misses no ai clip of the set. Nothing follows from that about a rate of 1 % elsewhere:
    3 / N is about the rate that N clips without an error leave possible (rule of three, 95 %).
    """
    values, below_human, below_ai = error_curve(llr, human, weights)
    missed = below_ai[-1] - below_ai
    # A trace of slack, for 0.05 * 20 must allow one clip whatever floating point makes of it.
    few_missed = missed <= MAX_FNR * below_ai[-1] + 1e-9
    few_flagged = {
        name: below_human <= share * below_human[-1] + 1e-9
        for name, share in (("decisive", DECISIVE_FPR), ("precision", MAX_FPR))
    }
    balanced = float(values[_closest(below_human, below_ai)])
    chosen = {name: float(values[_least(missed, below_human, few)]) for name, few in few_flagged.items()}
    return {
        "balanced": balanced,
        "decisive": min(chosen["decisive"], balanced),
        "precision": chosen["precision"],
        "recall": float(values[_least(below_human, missed, few_missed)]),
    }


def _least(first: Floats, second: Floats, allowed: Bools) -> int:
    """Position of the least ``first``, then the least ``second``, among the allowed ones."""
    return int(np.lexsort((second, first, ~allowed))[0])


def summary(llr: ArrayLike, human: ArrayLike, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Measure everything at once: a dict ready for JSON, keys sorted, numbers not rounded.

    Parameters
    ----------
    llr, human : array_like, shape=(n,)
        Scores in nats and labels.
    thresholds : mapping
        Names and llrs, such as `thresholds` chooses on the development set.

    Returns
    -------
    dict
        act_dcf, auc, brier, cllr, ece, eer, min_cllr, min_dcf; clips_ai and clips_human; and for each
        threshold's name a dict of `decisions` with the threshold itself.
    """
    measures = (act_dcf, auc, brier, cllr, ece, eer, min_cllr, min_dcf)
    found: dict[str, Any] = {measure.__name__: measure(llr, human) for measure in measures}
    n_human = int(np.count_nonzero(human))
    found |= {"clips_ai": len(np.asarray(human)) - n_human, "clips_human": n_human}
    for name, threshold in thresholds.items():
        found[name] = dict(sorted((decisions(llr, human, threshold) | {"threshold": float(threshold)}).items()))
    return dict(sorted(found.items()))
