"""The way from logit to llr, probability and verdict."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from bonafide.scoring.calibration import (
    Calibration,
    calibrate,
    check_scores,
    is_ai,
    p_ai,
)


def test_map_is_the_written_formula():
    assert calibrate([0.0, 1.0, 2.0], Calibration(scale=3.0, offset=-1.0)).tolist() == [1.0, -2.0, -5.0]


def test_p_ai_is_bayes_rule():
    llr = np.array([-800.0, -2.0, 0.0, 3.0, 800.0])
    np.testing.assert_allclose(p_ai(llr), expit(-llr), rtol=1e-12)
    human, ai = np.exp(1.5) * 0.7, 1 * 0.3
    assert p_ai(1.5, prior=0.3) == pytest.approx(ai / (ai + human))
    assert p_ai(0.0, prior=0.2) == pytest.approx(0.2)


@pytest.mark.parametrize("prior", [0.0, 1.0, -1.0, float("nan")])
def test_p_ai_refuses_a_prior_that_is_none(prior):
    with pytest.raises(ValueError, match="prior"):
        p_ai(0.0, prior=prior)


@given(arrays(float, 5, elements=st.floats(-50, 50)))
def test_p_ai_falls_as_the_llr_rises(llr):
    assert (np.diff(p_ai(np.sort(llr))) <= 0).all()


def test_score_on_the_threshold_is_called_human():
    assert is_ai([0.9, 1.0, 1.1], 1.0).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("scores", "human", "said"),
    [
        ([], np.array([], dtype=bool), "no score"),
        ([1.0, 2.0], [True, True], "no ai clip"),
        ([1.0, 2.0], [False, False], "no human clip"),
        ([1.0, float("nan")], [True, False], "1 of 2 scores are not finite"),
        ([1.0, float("inf")], [True, False], "not finite"),
        ([1.0, 2.0, 3.0], [True, False], "one length"),
        ([1.0, 2.0], [1, 0], "booleans"),
        ([1.0, 2.0], ["human", "ai"], "booleans"),
    ],
)
def test_scores_that_cannot_be_measured_are_refused(scores, human, said):
    with pytest.raises(ValueError, match=said):
        check_scores(scores, human)
