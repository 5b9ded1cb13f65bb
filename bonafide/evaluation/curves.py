"""Points of the curves that DVC and the report draw."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from bonafide.evaluation.bands import reliability_band, roc_band, with_band
from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.metrics import EvaluateSettings
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.scoring.calibration import Floats, is_ai
from bonafide.scoring.curve import det_curve
from bonafide.scoring.measures import reliability

CURVE_POINTS = 400  # of a plot; a screen shows no more
HISTOGRAM_BINS = 40


def points_of(scores: pd.DataFrame, threshold: float, settings: EvaluateSettings) -> dict[str, pd.DataFrame]:
    """Return the points of every plot by its name, decisions at `threshold` (llr in nats)."""
    human = (scores["label"] == "human").to_numpy()
    draws = Draws(clusters(scores), human, replicates=settings.replicates, seed=settings.seed)
    return {
        "confusion": confusion(scores, threshold),
        "curve": curve(scores, draws),
        "histogram": histogram(scores),
        "reliability": reliability_points(scores, draws),
    }


def confusion(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row for each clip with what it is and what it is called: the points of a confusion matrix."""
    called = np.where(is_ai(scores["llr"].to_numpy(), threshold), "ai", "human")
    return pd.DataFrame({"actual": scores["label"].to_numpy(), "predicted": called})


def curve(scores: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Return points of the ROC and DET curves: false-positive, true-positive and false-negative rate.

    ``tpr_low`` and ``tpr_high`` are the ends of the band at the same false-positive rate, from `draws` of the clips.
    """
    llr, human = arrays(scores)
    thresholds, fpr, fnr = det_curve(llr, human)
    kept = _evenly(fpr, fnr) if fpr.size > CURVE_POINTS else np.arange(fpr.size)
    points = pd.DataFrame({"fpr": fpr[kept], "tpr": 1 - fnr[kept], "fnr": fnr[kept]})
    return with_band(points, "tpr", roc_band(llr, draws, thresholds[kept], fpr[kept]))


def _evenly(fpr: Floats, fnr: Floats) -> NDArray[np.intp]:
    """Positions of points at like distances along the DET curve, whose axes stretch the low rates, and both ends."""
    least = 0.5 / fpr.size
    steps = [np.abs(np.diff(ndtri(np.clip(rate, least, 1 - least)))) for rate in (fpr, fnr)]
    way = np.append(0, np.cumsum(steps[0] + steps[1]))
    near = np.searchsorted(way, np.linspace(0, way[-1], CURVE_POINTS))
    return np.unique([0, *near, fpr.size - 1])


def reliability_points(scores: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Return points of the reliability diagram, one for each bin of p_ai that holds clips.

    Columns: mean p_ai ``predicted``, share of ai clips ``observed`` with the ends of its interval from `draws`, and
    the ``share`` of all clips that the bin holds, each class weighing one half.
    """
    llr, human = arrays(scores)
    share, predicted, observed = reliability(llr, human)
    points = pd.DataFrame({"predicted": predicted, "observed": observed, "share": share})
    return with_band(points, "observed", reliability_band(llr, draws)).dropna(subset="observed")


def histogram(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each class's clips in bins over the llr, written as the middle of each bin in nats."""
    llr, human = arrays(scores)
    edges = np.histogram_bin_edges(llr, HISTOGRAM_BINS)
    shares = {name: np.histogram(llr[side], edges)[0] / side.sum() for name, side in (("human", human), ("ai", ~human))}
    return pd.DataFrame({"llr": (edges[:-1] + edges[1:]) / 2, **shares})
