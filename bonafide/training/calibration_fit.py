"""Fits the map from a network's logit to a log-likelihood ratio on clips that the network has not learnt from."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from bonafide.scoring.calibration import Bools, Calibration, Floats, check_scores

# Least slope of the map, in nats of llr per standard deviation of the logit: next to nothing, yet never
# turned round.
MIN_SLOPE = 1e-3


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
        See `bonafide.scoring.calibration.check_scores`.

    Examples
    --------
    >>> calibration = fit_calibration([-3.0, -1.0, -2.0, 2.0, 1.0, 3.0], [True, True, True, False, False, False])
    >>> calibration.scale > 0
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


def _logistic_fit(x: Floats, target: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of the least weighted log loss, each of shape (n,).

    A clip with the target t is one of ai that weighs t and one of human that weighs 1 - t, so each is given twice.
    """
    regression = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)  # without regularisation
    is_ai = np.repeat([True, False], x.size)
    with threadpool_limits(1):  # sums over several threads round differently
        regression.fit(np.tile(x, 2)[:, None], is_ai, np.concatenate([weight * target, weight * (1 - target)]))
    return float(regression.coef_[0, 0]), float(regression.intercept_[0])
