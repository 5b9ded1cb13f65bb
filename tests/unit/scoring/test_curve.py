"""The curve of error rates over all thresholds."""

import numpy as np
import pytest

from bonafide.scoring import curve, measures

from .scores import HUMAN, LLR, mixture


def test_curve_by_hand():
    threshold, fpr, fnr = curve.det_curve(LLR, HUMAN)
    np.testing.assert_allclose(threshold[:-1], [-3.0, -2.5, -1.5, -0.25, 0.75, 1.5, 2.5])
    assert 3.0 < threshold[-1] < 3.0001
    np.testing.assert_allclose(fpr, [0, 0, 0, 0.25, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(fnr, [1, 2 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0], atol=1e-15)


def test_curve_says_what_decisions_do_at_its_thresholds():
    llr, human = mixture()
    for threshold, fpr, fnr in zip(*curve.det_curve(llr, human), strict=True):
        rates = measures.decisions(llr, human, threshold)
        assert (rates["fpr"], rates["fnr"]) == pytest.approx((fpr, fnr))


def test_curve_tells_neighbouring_floats_apart():
    lower = 1.0
    threshold, _, _ = curve.det_curve([lower, np.nextafter(lower, 2)], [False, True])
    assert threshold[1] > lower
