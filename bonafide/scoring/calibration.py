"""From a network's logit to a log-likelihood ratio, and from that to a probability and a decision.

The two orientations are laid down here. A network's raw ``logit`` is higher for ai. From here on everything is
an ``llr``: the natural logarithm of p(score | human) / p(score | ai), higher is more human, as ASVspoof has it.
``p_ai`` turns it round once more, into the probability that people ask for. Needs numpy alone, for the detector
imports it; what fits the map is in `bonafide.training.calibration_fit`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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


def _sigmoid(z: Floats) -> Floats:
    """Compute 1 / (1 + exp(-z)) without overflow, exact also where it is tiny."""
    return np.asarray(np.exp(-np.logaddexp(0, -z)))


def is_ai(llr: ArrayLike, threshold: ArrayLike) -> Bools:
    """Call clips ai whose llr lies below the threshold; one that lies on it is called human."""
    return np.asarray(np.asarray(llr) < np.asarray(threshold))
