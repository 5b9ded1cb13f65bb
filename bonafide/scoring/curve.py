"""Counts of clips below every threshold, from which the measures follow; see `bonafide.scoring.measures.measures`."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bonafide.scoring.calibration import Bools, Floats, check_scores


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
    values, labels, counts = checked(llr, human, weights)
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


def checked(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Bools, Floats]:
    """Return scores, labels and weights as arrays, each of shape (n,), after checking that they can be measured."""
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


def closest(below_human: Floats, below_ai: Floats) -> NDArray[np.intp]:
    """Positions where fpr and fnr are closest. Products of counts are whole, so that ties are exact."""
    n_human, n_ai = below_human[..., -1:], below_ai[..., -1:]
    gap = below_human * n_ai
    gap += below_ai * n_human
    gap -= n_human * n_ai
    return np.asarray(np.argmin(np.abs(gap, out=gap), axis=-1))
