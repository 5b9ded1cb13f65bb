"""Thresholds that a development set chooses."""

import numpy as np
from numpy.typing import ArrayLike

from bonafide.scoring.calibration import Bools, Floats
from bonafide.scoring.curve import closest, error_curve
from bonafide.scoring.operating_points import DECISIVE_FPR, MAX_FNR, MAX_FPR


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
    balanced = float(values[closest(below_human, below_ai)])
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
