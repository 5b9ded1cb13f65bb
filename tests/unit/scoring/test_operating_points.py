"""The thresholds by name, and the band in which nothing is called."""

import numpy as np
import pytest

from bonafide.scoring.operating_points import NAMES, cannot_tell_band
from bonafide.scoring.thresholds import thresholds


def test_the_names_are_those_of_the_thresholds_that_dev_chooses():
    assert tuple(thresholds([0.0, 1.0, -1.0, 0.5], np.array([True, True, False, False]))) == NAMES


@pytest.mark.parametrize(
    ("precision", "balanced", "recall", "band"),
    [
        (-2.0, 0.0, 3.0, (-2.0, 3.0)),
        (1.0, 1.0, 1.0, (1.0, 1.0)),
        (3.0, 0.0, -2.0, (0.0, 0.0)),
        (3.0, 9.0, -2.0, (3.0, 3.0)),
        (3.0, -9.0, -2.0, (-2.0, -2.0)),
    ],
)
def test_band_is_ordered_also_where_thresholds_cross(precision, balanced, recall, band):
    assert cannot_tell_band({"precision": precision, "balanced": balanced, "recall": recall}) == band
