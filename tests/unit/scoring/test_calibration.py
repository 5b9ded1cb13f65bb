"""The way from logit to llr, probability and verdict: orientation first of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from bonafide.scoring.calibration import (
    MIN_SLOPE,
    Calibration,
    _logistic_fit,
    calibrate,
    cannot_tell_band,
    check_scores,
    fit_calibration,
    is_ai,
    p_ai,
)
from bonafide.scoring.measures import auc, cllr, eer, min_cllr


def gaussian_logits(n_human, n_ai, *, seed=0, mean=1.0):
    """Logits with ai around +mean, human around -mean, unit variance: the true llr is -2 * mean * logit."""
    rng = np.random.default_rng(seed)
    human = np.arange(n_human + n_ai) < n_human
    return rng.normal(np.where(human, -mean, mean)), human


def test_orientation_from_logit_to_verdict():
    logit, human = gaussian_logits(200, 200, mean=2.0)
    llr = calibrate(logit, fit_calibration(logit, human))
    # A logit is higher for ai, an llr for human, p_ai for ai again; a low llr is called ai.
    assert logit[human].mean() < 0 < logit[~human].mean()
    assert llr[human].mean() > 2 > -2 > llr[~human].mean()
    assert p_ai(llr[human]).mean() < 0.1 < 0.9 < p_ai(llr[~human]).mean()
    assert is_ai(llr[~human], 0.0).mean() > 0.9 > 0.1 > is_ai(llr[human], 0.0).mean()
    assert eer(llr, human) < 0.1
    assert auc(llr, human) > 0.9


def test_map_is_the_written_formula():
    assert calibrate([0.0, 1.0, 2.0], Calibration(scale=3.0, offset=-1.0)).tolist() == [1.0, -2.0, -5.0]


@pytest.mark.parametrize(("n_human", "n_ai"), [(20_000, 20_000), (20_000, 2_000)])
def test_fit_finds_the_true_llr_whatever_the_mix_of_classes(n_human, n_ai):
    logit, human = gaussian_logits(n_human, n_ai)
    fitted = fit_calibration(3 * logit + 7, human)
    assert fitted.scale == pytest.approx(2 / 3, rel=0.06)
    assert calibrate(7.0, fitted) == pytest.approx(0, abs=0.08)


def test_fit_agrees_with_scikit_learn():
    logit, human = gaussian_logits(3000, 700)
    reference = LogisticRegression(C=np.inf, class_weight="balanced", tol=1e-10).fit(logit[:, None], ~human)
    fitted = fit_calibration(logit, human)
    # What is left is Platt's smoothing of targets, which scikit-learn does not do.
    assert fitted.scale == pytest.approx(reference.coef_[0, 0], rel=0.02)
    assert fitted.offset == pytest.approx(reference.intercept_[0], abs=0.02)


def test_fit_lets_extra_copies_of_one_class_change_nothing():
    logit, human = gaussian_logits(500, 500)
    once = fit_calibration(logit, human)
    copies = np.concatenate([logit, np.tile(logit[human], 9)]), np.concatenate([human, np.ones(4500, bool)])
    often = fit_calibration(*copies)
    assert often.scale == pytest.approx(once.scale, rel=0.02)
    assert often.offset == pytest.approx(once.offset, abs=0.02)


@pytest.mark.parametrize("n", [1, 5, 500])
def test_fit_of_separable_classes_claims_no_more_than_their_number_allows(n):
    logit = np.concatenate([np.full(n, -3.0), np.full(n, 5.0)])
    human = np.arange(2 * n) < n
    llr = calibrate(logit, fit_calibration(logit, human))
    # Two piles: the best fit meets Platt's targets, odds of n + 1 to 1.
    assert llr[0] == pytest.approx(np.log(n + 1), rel=1e-4)
    assert llr[-1] == pytest.approx(-np.log(n + 1), rel=1e-4)


@pytest.mark.parametrize("size", [1e-12, 1e-3, 1e6])
def test_fit_does_not_care_for_the_unit_of_the_logit(size):
    logit, human = gaussian_logits(300, 200)
    expected = calibrate(logit, fit_calibration(logit, human))
    np.testing.assert_allclose(calibrate(size * logit, fit_calibration(size * logit, human)), expected, rtol=1e-6)


def test_fit_of_extreme_logits_stays_finite():
    human = np.array([True, True, True, False, False, False])
    fitted = fit_calibration([-1e4, -1.0, 3e3, -2e3, 1.0, 2e4], human)
    assert np.isfinite([fitted.scale, fitted.offset]).all()
    assert fitted.scale > 0


def test_newton_steps_that_overshoot_are_halved():
    # One clip far out: somewhere on the way a full step would make the loss worse.
    x, target = np.array([-0.32, -0.36, -7.51, 0.11]), np.array([0.99, 0.99, 0.99, 0.01])
    weight = np.array([0.976, 0.007, 0.011, 0.006])
    slope, intercept = _logistic_fit(x, target, weight)
    error = weight * (expit(slope * x + intercept) - target)
    np.testing.assert_allclose([error.sum(), error @ x], 0, atol=1e-6)


def test_inverted_model_is_shown_and_not_mended():
    logit, human = gaussian_logits(300, 300)
    llr = calibrate(-logit, fit_calibration(-logit, human))
    assert eer(llr, human) > 0.7
    assert np.abs(llr).max() < 10 * MIN_SLOPE
    assert cllr(llr, human) == pytest.approx(1, abs=0.01)


def test_constant_logits_say_nothing():
    human = np.array([True, True, False])
    llr = calibrate([4.2, 4.2, 4.2], fit_calibration([4.2, 4.2, 4.2], human))
    np.testing.assert_allclose(llr, 0, atol=1e-12)


def test_calibration_mends_scale_and_offset():
    logit, human = gaussian_logits(2000, 2000)
    skewed = 10 * logit + 30
    llr = calibrate(skewed, fit_calibration(skewed, human))
    assert cllr(-skewed, human) > 2
    assert min_cllr(llr, human) <= cllr(llr, human) < min_cllr(llr, human) + 0.02


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
