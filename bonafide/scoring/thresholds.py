"""Thresholds, and the band in which nothing is called, that a development set chooses."""

import numpy as np
from numpy.typing import ArrayLike

from bonafide.scoring.calibration import Bools, Floats
from bonafide.scoring.curve import closest, error_curve
from bonafide.scoring.operating_points import DECISIVE_FPR, MAX_FNR, MAX_FPR, RIGHT_ANSWERS, ordered_band

SLACK = 1e-9  # for 0.05 * 20 must allow one clip whatever floating point makes of it


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
    few_missed = missed <= MAX_FNR * below_ai[-1] + SLACK
    few_flagged = {
        name: below_human <= share * below_human[-1] + SLACK
        for name, share in (("decisive", DECISIVE_FPR), ("precision", MAX_FPR))
    }
    balanced = float(values[closest(below_human, below_ai)])
    chosen = {name: float(values[_least(missed, below_human, few)]) for name, few in few_flagged.items()}
    return {
        "balanced": balanced,
        "decisive": min(chosen["decisive"], balanced),
        "precision": chosen["precision"],
        "recall": float(values[_least(below_human, missed, few_missed)]),
    }


def cannot_tell_band(llr: ArrayLike, human: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Choose the band (low, high) of llrs in nats in which nothing is called, on a development set.

    It is the narrowest of which both sides keep a promise: of what lies below ``low`` and is called ai, a
    share of `RIGHT_ANSWERS` is ai, and of what lies from ``high`` on and is called human, as much is human, where both
    classes weigh alike. So it is wide where the detector is poor, as wide as all scores where no side can keep it, and
    nothing where it is good; see `bonafide.scoring.operating_points.ordered_band`. How much is answered it does not
    promise.
    """
    values, below_human, below_ai = error_curve(llr, human, weights)
    flagged, caught = below_human / below_human[-1], below_ai / below_ai[-1]
    ai_is_right = caught >= RIGHT_ANSWERS * (caught + flagged) - SLACK
    human_is_right = 1 - flagged >= RIGHT_ANSWERS * (2 - flagged - caught) - SLACK
    low, high = values[np.flatnonzero(ai_is_right)[-1]], values[np.flatnonzero(human_is_right)[0]]
    return ordered_band(float(low), float(values[closest(below_human, below_ai)]), float(high))


def _least(first: Floats, second: Floats, allowed: Bools) -> int:
    """Position of the least ``first``, then the least ``second``, among the allowed ones."""
    return int(np.lexsort((second, first, ~allowed))[0])
