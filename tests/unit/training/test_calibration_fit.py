"""The fit of the calibration, against its own formula, scikit-learn's plain regression and the true llr."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from bonafide.scoring.calibration import calibrate, is_ai, p_ai
from bonafide.scoring.measures import auc, cllr, eer, min_cllr
from bonafide.training.calibration_fit import MIN_SLOPE, fit_calibration


def gaussian_logits(n_human, n_ai, *, seed=0, mean=1.0):
    """Logits with ai around +mean, human around -mean, unit variance: the true llr is -2 * mean * logit."""
    rng = np.random.default_rng(seed)
    human = np.arange(n_human + n_ai) < n_human
    return rng.normal(np.where(human, -mean, mean)), human


def smoothed(human):
    """The probability of ai that each clip is fitted to, and its weight."""
    own = np.where(human, human.sum(), (~human).sum())
    return np.where(human, 1 / (own + 2), (own + 1) / (own + 2)), 0.5 / own


@st.composite
def logits(draw):
    """Logits of which some may lie far out, and labels of both classes; higher is more ai on the whole."""
    size = draw(st.integers(2, 40))
    human = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    assume(human.any() and not human.all())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    noise = rng.standard_normal(size) if draw(st.booleans()) else rng.standard_cauchy(size)
    return np.where(human, -1.0, 1.0) * draw(st.sampled_from([0.5, 2.0, 9.0])) + noise, human


@given(logits())
def test_no_other_slope_or_offset_costs_less(case):
    logit, human = case
    fitted = fit_calibration(logit, human)
    target, weight = smoothed(human)
    spread = np.sqrt(weight @ (logit - weight @ logit) ** 2)
    assume(fitted.scale * spread > 1.001 * MIN_SLOPE)  # else it was held there
    # The cost is convex, so it is least where its slope is 0 along both.
    error = weight * (p_ai(calibrate(logit, fitted)) - target)
    np.testing.assert_allclose([error.sum(), error @ logit / spread], 0, atol=1e-9)


@pytest.mark.parametrize("n_human", [3, 40, 380])
def test_fit_is_what_a_minimiser_finds(n_human):
    logit, human = gaussian_logits(n_human, 400 - n_human)
    target, weight = smoothed(human)

    def cost(beta):
        z = beta[0] * logit + beta[1]
        return weight @ (np.logaddexp(0, z) - target * z), (weight * (expit(z) - target)) @ np.c_[logit, np.ones(400)]

    best = minimize(cost, [0.0, 0.0], jac=True, tol=1e-12).x
    fitted = fit_calibration(logit, human)
    assert (fitted.scale, fitted.offset) == pytest.approx(tuple(best), abs=1e-6)


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
