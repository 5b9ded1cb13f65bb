"""What other speakers and generators would make of a curve: 95 % bands around the points that are drawn of it."""

import numpy as np
import pandas as pd

from bonafide.evaluation.bootstrap import Draws, percentiles
from bonafide.scoring.calibration import Floats, p_ai
from bonafide.scoring.measures import BINS, bin_of


def roc_band(llr: Floats, draws: Draws, thresholds: Floats, fpr: Floats) -> tuple[Floats, Floats]:
    """Return the lower and the upper end of the true-positive rate at each of `fpr`, each of its shape (k,).

    The band is vertical (Fawcett 2006, "An introduction to ROC analysis"): at a false-positive rate each replicate has
    the highest true-positive rate that it reaches without flagging more. It is 95 % of the replicates at each rate by
    itself, not of whole curves. A replicate's curve is looked at where the llr is one of `thresholds`, ascending.
    """
    below = _below(llr, draws, thresholds)
    human, ai = below[True][1:], below[False][1:]
    places = (np.searchsorted(own, fpr, side="right") - 1 for own in human)
    reached = np.stack([own[at] for own, at in zip(ai, places, strict=True)])
    return _ends(reached)


def reliability_band(llr: Floats, draws: Draws) -> tuple[Floats, Floats]:
    """Return the ends of the share of ai in each bin of p_ai, each of shape (BINS,); NaN where a bin is empty."""
    bins = bin_of(p_ai(llr)).astype(np.float64)
    below = _below(bins, draws, np.arange(1.0, BINS))
    human, ai = np.diff(below[True])[1:], np.diff(below[False])[1:]
    with np.errstate(invalid="ignore"):  # a bin may lose its clips to the draw
        return _ends(ai / (human + ai))


def with_band(points: pd.DataFrame, name: str, ends: tuple[Floats, Floats]) -> pd.DataFrame:
    """Return `points` with the band of column `name` beside it, as columns ``name_low`` and ``name_high``."""
    return points.assign(**dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True)))


def _below(values: Floats, draws: Draws, edges: Floats) -> dict[bool, Floats]:
    """Return the share of each class (human or not) below nothing, each edge, and in all, shape (1 + replicates, k)."""
    drawn = draws.clips(values, {}, edges)
    return {label: clips.below_edges / clips.below_edges[:, -1:] for label, clips in drawn.items()}


def _ends(samples: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the middle 95 % of each column of `samples`, shape=(replicates, k)."""
    ends = np.array([percentiles({"": column})[""] for column in samples.T])
    return ends[:, 0], ends[:, 1]
