"""Points of the curves that DVC and the report draw."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from bonafide.evaluation.scored_clips import arrays
from bonafide.scoring.calibration import Floats, is_ai
from bonafide.scoring.curve import det_curve
from bonafide.scoring.measures import reliability

CURVE_POINTS = 400  # of a plot; a screen shows no more
HISTOGRAM_BINS = 40


def points_of(scores: pd.DataFrame, threshold: float) -> dict[str, pd.DataFrame]:
    """Return the points of every plot by its name, decisions at `threshold` (llr in nats)."""
    return {
        "confusion": confusion(scores, threshold),
        "curve": curve(scores),
        "histogram": histogram(scores),
        "reliability": reliability_points(scores),
    }


def confusion(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row for each clip with what it is and what it is called: the points of a confusion matrix."""
    called = np.where(is_ai(scores["llr"].to_numpy(), threshold), "ai", "human")
    return pd.DataFrame({"actual": scores["label"].to_numpy(), "predicted": called})


def curve(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the ROC and DET curves: false-positive, true-positive and false-negative rate."""
    _, fpr, fnr = det_curve(*arrays(scores))
    kept = _evenly(fpr, fnr) if fpr.size > CURVE_POINTS else np.arange(fpr.size)
    return pd.DataFrame({"fpr": fpr[kept], "tpr": 1 - fnr[kept], "fnr": fnr[kept]})


def _evenly(fpr: Floats, fnr: Floats) -> NDArray[np.intp]:
    """Positions of points at like distances along the DET curve, whose axes stretch the low rates, and both ends."""
    least = 0.5 / fpr.size
    steps = [np.abs(np.diff(ndtri(np.clip(rate, least, 1 - least)))) for rate in (fpr, fnr)]
    way = np.append(0, np.cumsum(steps[0] + steps[1]))
    near = np.searchsorted(way, np.linspace(0, way[-1], CURVE_POINTS))
    return np.unique([0, *near, fpr.size - 1])


def reliability_points(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the reliability diagram, one for each bin of p_ai that holds clips.

    Columns: mean p_ai ``predicted``, share of ai clips ``observed``, and the ``share`` of all clips that the bin
    holds, each class weighing one half.
    """
    share, predicted, observed = reliability(*arrays(scores))
    return pd.DataFrame({"predicted": predicted, "observed": observed, "share": share}).dropna()


def histogram(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each class's clips in bins over the llr, written as the middle of each bin in nats."""
    llr, human = arrays(scores)
    edges = np.histogram_bin_edges(llr, HISTOGRAM_BINS)
    shares = {name: np.histogram(llr[side], edges)[0] / side.sum() for name, side in (("human", human), ("ai", ~human))}
    return pd.DataFrame({"llr": (edges[:-1] + edges[1:]) / 2, **shares})
