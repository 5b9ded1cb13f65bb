"""Measures of a detector's scores: error rates, ASVspoof's costs, calibration and decisions.

Scores are llrs in nats, higher is more human; ``human`` is True for bona fide clips. A clip is called ai when
its llr lies below the threshold. Human is ASVspoof's positive class, but people look for ai, so the error
rates carry these names:

- ``fpr``, false-positive rate: human clips called ai. ASVspoof's P_miss.
- ``fnr``, false-negative rate: ai clips called human. ASVspoof's P_fa.

Every function takes ``weights``, how many times each clip counts (all once by default): a weight of 2 is the
clip given twice. Functions that end in ``_of`` work on counts along the last axis, so that the bootstrap runs
the same formulas. All raise ValueError for scores that cannot be measured (see
`bonafide.scoring.calibration.check_scores`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from bonafide.scoring.calibration import Bools, Floats, is_ai, p_ai
from bonafide.scoring.curve import checked, closest, error_curve
from bonafide.scoring.operating_points import measure_name

# ASVspoof 5's operating point (Wang et al. 2024): an attack is rare, and one let in costs ten false
# rejections.
P_SPOOF, C_MISS, C_FA = 0.05, 1.0, 10.0
DCF_FPR, DCF_FNR = C_MISS * (1 - P_SPOOF), C_FA * P_SPOOF
# Bayes' threshold for those costs, -ln 1.9, in nats.
DCF_THRESHOLD = -float(np.log(DCF_FPR / DCF_FNR))
# Bins of equal width over p_ai, as Guo et al. 2017 have them.
BINS = 15


def eer(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Equal error rate: mean of fpr and fnr at the threshold where they are closest.

    That is what ASVspoof's scripts do: no interpolation, and not the ROC's convex hull. Of two thresholds
    that are equally close the lower one is taken.
    """
    _, below_human, below_ai = error_curve(llr, human, weights)
    return float(eer_of(below_human, below_ai))


def eer_of(below_human: Floats, below_ai: Floats) -> Floats:
    """Equal error rate from the counts of a `Curve`, shape=(..., k), as shape=(...)."""
    at = closest(below_human, below_ai)[..., None]
    fpr = np.take_along_axis(below_human, at, -1)[..., 0] / below_human[..., -1]
    missed = below_ai[..., -1] - np.take_along_axis(below_ai, at, -1)[..., 0]
    return np.asarray((fpr + missed / below_ai[..., -1]) / 2)


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
    values, labels, counts = checked(llr, human, weights)
    return _balanced_mean(llr_cost(values, labels), labels, counts)


def brier(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Mean squared error of `p_ai` at prior 0.5 (Brier 1950), so each class weighs one half."""
    values, labels, counts = checked(llr, human, weights)
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
    clips = (human + ai)[counted]
    starts = isotonic_regression(human[counted] / clips, weights=clips).blocks[:-1]
    human, ai = np.add.reduceat(human[counted], starts), np.add.reduceat(ai[counted], starts)
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
    values, labels, counts = checked(llr, human, weights)
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


def decisions(
    llr: ArrayLike, human: ArrayLike, threshold: ArrayLike, weights: ArrayLike | None = None
) -> dict[str, float]:
    """Return the measures of yes-or-no decisions at a threshold (in nats); see `decisions_of` for names.

    Each clip may have its own, where clips of several detectors are pooled.
    """
    values, labels, counts = checked(llr, human, weights)
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


def answers(llr: ArrayLike, human: ArrayLike, low: ArrayLike, high: ArrayLike) -> dict[str, float]:
    """Measure a detector that calls ai below `low`, human from `high` on, and nothing between; each class weighs half.

    Parameters
    ----------
    llr, human : array_like, shape=(n,)
        Scores in nats and labels.
    low, high : array_like, shape=() or (n,)
        In nats; of each clip, where clips of several detectors are pooled.

    Returns
    -------
    dict
        ``answered``: the share of clips that are called ai or human. ``right_of_answered``: the share of these that
        are called rightly; left out where none is.
    """
    values, labels, counts = checked(llr, human, None)
    below, above = is_ai(values, low), ~is_ai(values, high)
    answered = _balanced_mean((below | above).astype(float), labels, counts)
    right = _balanced_mean(np.where(labels, above, below).astype(float), labels, counts)
    return {"answered": answered} | ({"right_of_answered": right / answered} if answered else {})


def summary(llr: ArrayLike, human: ArrayLike, thresholds: Mapping[str, float]) -> dict[str, float]:
    """Measure everything at once: numbers by name, ready for JSON, not rounded.

    Parameters
    ----------
    llr, human : array_like, shape=(n,)
        Scores in nats and labels.
    thresholds : mapping
        Names and llrs, such as `thresholds` chooses on the development set.

    Returns
    -------
    dict
        act_dcf, auc, brier, cllr, ece, eer, min_cllr, min_dcf; clips_ai and clips_human; and `decisions` at each
        of the thresholds with the threshold itself, by `bonafide.scoring.operating_points.measure_name`. Sorted.
    """
    measures = (act_dcf, auc, brier, cllr, ece, eer, min_cllr, min_dcf)
    values = {measure.__name__: measure(llr, human) for measure in measures}
    n_human = int(np.count_nonzero(human))
    values |= {"clips_ai": len(np.asarray(human)) - n_human, "clips_human": n_human}
    for name, threshold in thresholds.items():
        rates = decisions(llr, human, threshold) | {"threshold": float(threshold)}
        values |= {measure_name(name, rate): value for rate, value in rates.items()}
    return dict(sorted(values.items()))
