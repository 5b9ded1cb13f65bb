"""From a network's logit to a log-likelihood ratio, a probability and a verdict.

This is the one module that knows the two orientations. A network's raw ``logit`` is higher for ai. From here
on everything is an ``llr``: the natural logarithm of p(score | human) / p(score | ai), higher is more human,
as ASVspoof has it. ``p_ai`` turns it round once more, into the probability that people ask for. Needs numpy
alone, for the detector imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Least slope of the map, in nats of llr per standard deviation of the logit: next to nothing, yet never
# turned round.
MIN_SLOPE = 1e-3
# Keeps Newton's matrix invertible where the slope hardly matters; too small to move a fit.
RIDGE = 1e-9


@dataclass(frozen=True)
class Calibration:
    """The affine map ``llr = -(scale * logit + offset)``; scale in nats per logit (> 0), offset in nats."""

    scale: float
    offset: float


def check_scores(scores: ArrayLike, human: ArrayLike) -> tuple[Floats, Bools]:
    """Return scores and labels as arrays after checking that they can be measured.

    Parameters
    ----------
    scores : array_like, shape=(n,)
        Finite scores: logits or llrs.
    human : array_like of bool, shape=(n,)
        True for bona fide (human) clips, False for ai clips.

    Returns
    -------
    tuple of np.ndarray
        Scores as float64 and labels as bool, each of shape (n,).

    Raises
    ------
    ValueError
        Where shapes differ, a label is not boolean, a score is not finite, or a class has no clip.
    """
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(human)
    if values.ndim != 1 or values.shape != labels.shape:
        raise ValueError(f"Scores and labels must be two lists of one length, not {values.shape} and {labels.shape}.")
    if values.size == 0:
        raise ValueError("There is no score to measure.")
    if labels.dtype != np.bool_:
        # Strings and 0/1 codes are refused: bool("ai") is True, and nothing says which class 1 stands for.
        raise ValueError(f"Labels must be booleans (True for human), not {labels.dtype}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(values))} of {values.size} scores are not finite numbers.")
    if labels.all() or not labels.any():
        raise ValueError(f"Both classes are needed, but there is no {'ai' if labels.all() else 'human'} clip.")
    return values, labels


def fit_calibration(logit: ArrayLike, human: ArrayLike) -> Calibration:
    """Fit the map from logit to llr on a development set by prior-weighted logistic regression.

    Each class weighs one half whatever its number of clips, so that the fitted log-odds are a log-likelihood
    ratio (Brümmer & du Preez 2006, "Application-independent evaluation of speaker detection"). The targets
    are Platt's smoothed ones (Platt 1999): (N + 1) / (N + 2) for the own class of N clips. They keep the fit
    finite where a threshold separates the classes: N clips without an error never claim more than odds of
    about N + 1 to 1.

    A model whose logits run the wrong way gets the smallest slope allowed (``MIN_SLOPE`` nats per standard
    deviation), not a negative one. A negative slope would mend such a model in silence on the development
    set, while it says that labels were swapped or nothing was learnt; so its llrs stay near 0 and its EER
    above 50 %, for all to see.

    Parameters
    ----------
    logit : array_like, shape=(n,)
        The network's raw output, higher is more ai.
    human : array_like of bool, shape=(n,)
        True for human clips.

    Returns
    -------
    Calibration
        Scale (> 0) and offset.

    Raises
    ------
    ValueError
        See `check_scores`.

    Examples
    --------
    >>> fitted = fit_calibration([-3.0, -1.0, -2.0, 2.0, 1.0, 3.0], [True, True, True, False, False, False])
    >>> bool(calibrate(-3.0, fitted) > 0)
    True
    """
    values, labels = check_scores(logit, human)
    # Each class counts one half, in the centre and spread as in the loss: copies of one class's clips change
    # nothing here.
    weight = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())
    center = float(weight @ values)
    spread = float(np.sqrt(weight @ (values - center) ** 2))
    # Rounding leaves a trace of spread where all the logits are one value: that is no slope to fit.
    if spread <= 1e-12 * max(1.0, abs(center)):
        return Calibration(scale=MIN_SLOPE, offset=-MIN_SLOPE * center)
    slope, intercept = _logistic_fit((values - center) / spread, _platt_targets(labels), weight)
    if slope < MIN_SLOPE:
        # With so flat a slope the best intercept is 0: the middle between the classes keeps an llr of 0.
        slope, intercept = MIN_SLOPE, 0.0
    return Calibration(scale=slope / spread, offset=intercept - slope * center / spread)


def _platt_targets(human: Bools) -> Floats:
    """Probabilities of ai to fit, shape=(n,): Platt's smoothed zeros and ones."""
    n_human, n_ai = human.sum(), (~human).sum()
    return np.asarray(np.where(human, 1 / (n_human + 2), (n_ai + 1) / (n_ai + 2)))


def _logistic_fit(x: Floats, target: Floats, weight: Floats, steps: int = 100) -> tuple[float, float]:
    """Slope and intercept of the least weighted log loss, by Newton's method with step halving."""
    design = np.stack([x, np.ones_like(x)], axis=1)

    def loss(beta: Floats) -> float:
        z = design @ beta
        return float(weight @ (np.logaddexp(0, z) - target * z)) + 0.5 * RIDGE * float(beta @ beta)

    beta, best = np.zeros(2), np.log(2.0)
    for _ in range(steps):
        p = _sigmoid(design @ beta)
        gradient = design.T @ (weight * (p - target)) + RIDGE * beta
        curvature = (design.T * (weight * p * (1 - p))) @ design + RIDGE * np.eye(2)
        move = np.linalg.solve(curvature, gradient)
        while (reached := loss(beta - move)) > best and np.abs(move).max() > 1e-12:
            move = move / 2
        if reached > best:
            break
        beta, best = beta - move, reached
        if np.abs(move).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def _sigmoid(z: Floats) -> Floats:
    """Compute 1 / (1 + exp(-z)) without overflow, exact also where it is tiny."""
    return np.asarray(np.exp(-np.logaddexp(0, -z)))


def calibrate(logit: ArrayLike, calibration: Calibration) -> Floats:
    """Turn logits (higher is more ai) into llrs in nats (higher is more human), of the same shape."""
    return -(calibration.scale * np.asarray(logit, dtype=np.float64) + calibration.offset)


def p_ai(llr: ArrayLike, *, prior: float = 0.5) -> Floats:
    """Turn llrs into the probability of ai, by Bayes' rule.

    Parameters
    ----------
    llr : array_like, any shape
        Calibrated log-likelihood ratios in nats, higher is more human.
    prior : float
        Share of ai clips expected where the detector is used, strictly between 0 and 1.

    Returns
    -------
    np.ndarray
        Probabilities of the same shape.

    Raises
    ------
    ValueError
        Where prior is not strictly between 0 and 1.

    Examples
    --------
    >>> float(p_ai(0.0)), float(p_ai(0.0, prior=0.1).round(6))
    (0.5, 0.1)
    """
    if not 0 < prior < 1:
        raise ValueError(f"The prior share of ai must lie strictly between 0 and 1, not {prior}.")
    return _sigmoid(np.log(prior / (1 - prior)) - np.asarray(llr, dtype=np.float64))


def is_ai(llr: ArrayLike, threshold: float) -> Bools:
    """Call clips ai whose llr lies below the threshold; one that lies on it is called human."""
    return np.asarray(np.asarray(llr) < threshold)


def cannot_tell_band(thresholds: Mapping[str, float]) -> tuple[float, float]:
    """Return the band (low, high) of llrs in which the detector had better say that it cannot tell.

    Below ``low`` a clip is called ai (few human clips lie there), from ``high`` on it is called human (few ai
    clips lie there). Where the detector is so good that the two thresholds cross, either of them and all
    between keep both promises: then there is nothing that it cannot tell, and the band shrinks to the
    balanced threshold, moved between the two if it lies outside.

    Parameters
    ----------
    thresholds : mapping
        "balanced", "precision" and "recall", llrs in nats, as `bonafide.scoring.thresholds.thresholds` finds them.

    Returns
    -------
    tuple of float
        ``low <= high``, llrs in nats.
    """
    low, high = float(thresholds["precision"]), float(thresholds["recall"])
    if low <= high:
        return low, high
    middle = min(max(float(thresholds["balanced"]), high), low)
    return middle, middle
