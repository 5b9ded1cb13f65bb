"""Points of the curves that DVC and the report draw."""

import numpy as np
import pandas as pd

from bonafide.evaluation.scored_clips import arrays
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.curve import det_curve
from bonafide.scoring.measures import reliability

CURVE_POINTS = 400  # of a plot; a screen shows no more
HISTOGRAM_BINS = 40


def confusion(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row for each clip with what it is and what it is called: the points of a confusion matrix."""
    called = np.where(is_ai(scores["llr"].to_numpy(), threshold), "ai", "human")
    return pd.DataFrame({"actual": scores["label"].to_numpy(), "predicted": called})


def curve(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the ROC and DET curves: false-positive, true-positive and false-negative rate."""
    _, fpr, fnr = det_curve(*arrays(scores))
    kept = np.unique(np.linspace(0, len(fpr) - 1, CURVE_POINTS).astype(int))
    return pd.DataFrame({"fpr": fpr[kept], "tpr": 1 - fnr[kept], "fnr": fnr[kept]})


def reliability_points(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the reliability diagram: mean p_ai and share of ai clips of each bin that holds clips."""
    _, predicted, observed = reliability(*arrays(scores))
    return pd.DataFrame({"predicted": predicted, "observed": observed}).dropna()


def histogram(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each class's clips in bins over the llr, written as the middle of each bin in nats."""
    llr, human = arrays(scores)
    edges = np.histogram_bin_edges(llr, HISTOGRAM_BINS)
    shares = {name: np.histogram(llr[side], edges)[0] / side.sum() for name, side in (("human", human), ("ai", ~human))}
    return pd.DataFrame({"llr": (edges[:-1] + edges[1:]) / 2, **shares})
