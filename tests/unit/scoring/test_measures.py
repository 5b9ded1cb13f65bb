"""The measures, against scikit-learn, against hand-worked cases and against what must hold for all scores."""

import json
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from bonafide.scoring import curve, measures, thresholds
from bonafide.scoring.calibration import p_ai

from .scores import HUMAN, LLR, mixture, scored

MEASURES = [
    measures.eer,
    measures.auc,
    measures.min_dcf,
    measures.act_dcf,
    measures.cllr,
    measures.min_cllr,
    measures.ece,
    measures.brier,
]


def balanced_weights(human):
    return np.where(human, 0.5 / human.sum(), 0.5 / (~human).sum())


def test_eer_by_hand():
    # Closest at -0.25: fpr 1/4, fnr 1/3.
    assert measures.eer(LLR, HUMAN) == pytest.approx((1 / 4 + 1 / 3) / 2)


def test_auc_by_hand():
    # 12 pairs of human and ai; only (-1, 0.5) is the wrong way round.
    assert measures.auc(LLR, HUMAN) == pytest.approx(11 / 12)
    assert measures.auc([1.0, 1.0], [True, False]) == 0.5


def test_min_dcf_by_hand():
    # At -1.5 no human clip is lost and 1 of 3 ai clips passes; at 0.75, which costs more, 1 of 4 and none.
    assert measures.min_dcf(LLR, HUMAN) == pytest.approx(min(0.5 / 3, 0.95 / 4) / 0.5)


def test_act_dcf_by_hand():
    assert pytest.approx(-0.6418538861723947) == measures.DCF_THRESHOLD
    # At -0.64: 1 of 4 human clips is lost, 1 of 3 ai clips passes.
    assert measures.act_dcf(LLR, HUMAN) == pytest.approx((0.95 / 4 + 0.5 / 3) / 0.5)
    # A score of 0 is accepted there: all ai clips pass and none of the human ones is lost.
    assert measures.act_dcf([0.0, 0.0], [True, False]) == pytest.approx(1)


def test_cllr_by_hand():
    # Odds of 3 the right way cost log2(4/3), the wrong way log2(4).
    llr = np.log(3) * np.array([1.0, 1.0, -1.0, 1.0])
    human = np.array([True, True, False, False])
    right, wrong = math.log2(4 / 3), 2.0
    assert measures.cllr(llr, human) == pytest.approx((right + (right + wrong) / 2) / 2)


def test_min_cllr_by_hand():
    # Blocks: a a | h a | h h h; only the middle one costs: odds (1/4)/(1/3) for its human clip and back for
    # its ai clip.
    expected = (math.log2(1 + 4 / 3) / 4 + math.log2(1 + 3 / 4) / 3) / 2
    assert measures.min_cllr(LLR, HUMAN) == pytest.approx(expected)


def test_decisions_by_hand():
    # Below 0: two ai clips and one human clip.
    assert measures.decisions(LLR, HUMAN, 0.0) == pytest.approx(
        {
            "accuracy": 5 / 7,
            "precision": 2 / 3,
            "recall": 2 / 3,
            "f1": 2 / 3,
            "fpr": 1 / 4,
            "fnr": 1 / 3,
            "hter": (1 / 4 + 1 / 3) / 2,
        }
    )


def test_precision_is_zero_where_nothing_is_called_ai():
    rates = measures.decisions(LLR, HUMAN, -100.0)
    assert (rates["precision"], rates["recall"], rates["f1"]) == (0, 0, 0)


@pytest.mark.parametrize("measure", MEASURES)
def test_orientation_no_measure_survives_a_flip(measure):
    llr, human = mixture(decimals=3)
    kept = measure(llr, human)
    for flipped in (measure(-llr, human), measure(llr, ~human)):
        assert flipped < kept - 0.2 if measure is measures.auc else flipped > kept + 0.05


def test_orientation_of_the_unequal_costs():
    # One ai clip that passes costs more than one human clip that is lost: 0.5 against 0.95, but of fewer
    # clips.
    human = np.array([True] * 10 + [False] * 10)
    llr = np.where(human, 1.0, -1.0)
    lost, passed = llr.copy(), llr.copy()
    lost[0], passed[-1] = -1.0, 1.0
    assert measures.act_dcf(lost, human) == pytest.approx(0.95 / 0.5 / 10)
    assert measures.act_dcf(passed, human) == pytest.approx(1 / 10)


def test_agreement_with_scikit_learn():
    llr, human = mixture()
    probability, ai, weight = p_ai(llr), ~human, balanced_weights(human)
    assert measures.auc(llr, human) == pytest.approx(sk.roc_auc_score(ai, probability))
    assert measures.brier(llr, human) == pytest.approx(sk.brier_score_loss(ai, probability, sample_weight=weight))
    log_loss = sk.log_loss(ai, probability, sample_weight=weight)
    assert measures.cllr(llr, human) == pytest.approx(log_loss / np.log(2))
    called = llr < 0.3
    rates = measures.decisions(llr, human, 0.3)
    assert rates["accuracy"] == pytest.approx(sk.accuracy_score(ai, called))
    assert rates["precision"] == pytest.approx(sk.precision_score(ai, called))
    assert rates["recall"] == pytest.approx(sk.recall_score(ai, called))
    assert rates["f1"] == pytest.approx(sk.f1_score(ai, called))
    assert 1 - rates["hter"] == pytest.approx(sk.balanced_accuracy_score(ai, called))


def test_curve_agrees_with_scikit_learn():
    llr, human = mixture()
    _, fpr, fnr = curve.det_curve(llr, human)
    # With ai as the positive class, scikit-learn's rates are this module's.
    expected_fpr, tpr, _ = sk.roc_curve(~human, -llr, drop_intermediate=False)
    np.testing.assert_allclose(fpr, expected_fpr, atol=1e-12)
    np.testing.assert_allclose(fnr, 1 - tpr, atol=1e-12)


def test_min_dcf_is_the_least_over_all_thresholds():
    llr, human = mixture()
    fpr, tpr, _ = sk.roc_curve(~human, -llr, drop_intermediate=False)
    expected = np.min(0.95 * fpr + 0.5 * (1 - tpr)) / 0.5
    assert measures.min_dcf(llr, human) == pytest.approx(expected)


def test_min_cllr_agrees_with_isotonic_regression():
    llr, human = mixture(decimals=2)
    posterior = IsotonicRegression(y_min=0, y_max=1).fit_transform(llr, human)
    with np.errstate(divide="ignore"):
        best = np.log(posterior / (1 - posterior)) - np.log(human.sum() / (~human).sum())
    cost = np.logaddexp(0, np.where(human, -best, best)) / np.log(2)
    assert measures.min_cllr(llr, human) == pytest.approx((cost[human].mean() + cost[~human].mean()) / 2)


def least_cost(human, ai):
    """Cllr of the best monotone map, in bits: every way to cut the scores into blocks of one llr is tried."""
    least = math.inf
    for cuts in product([False, True], repeat=human.size - 1):
        starts = np.flatnonzero([True, *cuts])
        shares = [np.add.reduceat(each, starts) / each.sum() for each in (human, ai)]
        with np.errstate(divide="ignore"):
            llr = np.log(shares[0]) - np.log(shares[1])
        if (llr[:-1] <= llr[1:]).all():
            costs = zip(shares, (-llr, llr), strict=True)
            cost = sum(share[share > 0] @ np.logaddexp(0, sign[share > 0]) for share, sign in costs)
            least = min(least, cost / 2 / math.log(2))
    return least


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(any), min_size=1, max_size=9))
def test_min_cllr_is_the_least_cost_of_all_monotone_maps(cells):
    human, ai = np.array(cells, dtype=float).T
    assume(human.any() and ai.any())
    assert measures.min_cllr_of(human, ai) == pytest.approx(least_cost(human, ai), abs=1e-12)


def test_ece_by_hand():
    # Predictions 0.9 (three ai, one human) and 0.1 (all human): classes weigh 1/2 each, so 3 ai -> 1/6, 5
    # human -> 1/10.
    odds = np.log(9)
    llr = np.array([-odds] * 4 + [odds] * 4)
    human = np.array([False] * 3 + [True] * 5)
    high = abs(0.5 - 0.9 * (0.5 + 0.1))
    low = abs(0.0 - 0.1 * 0.4)
    assert measures.ece(llr, human) == pytest.approx(high + low)


def test_ece_does_not_take_an_unequal_mix_for_miscalibration():
    rng = np.random.default_rng(1)
    human = np.arange(40_000) < 36_000
    llr = 2 * rng.normal(np.where(human, 1.0, -1.0))  # the true llr of these Gaussians
    assert measures.ece(llr, human) < 0.01
    assert measures.ece(llr + 1, human) > 0.05


def test_reliability_bins_add_up():
    llr, human = mixture()
    mass, predicted, observed = measures.reliability(llr, human)
    assert mass.sum() == pytest.approx(1)
    assert np.nansum(mass * observed) == pytest.approx(0.5)
    edges = np.arange(measures.BINS + 1) / measures.BINS
    filled = mass > 0
    assert (predicted[filled] >= edges[:-1][filled]).all()
    assert (predicted[filled] <= edges[1:][filled]).all()
    assert measures.bin_of(np.array([0.0, 1.0])).tolist() == [0, measures.BINS - 1]


def test_perfect_and_useless_systems():
    human = np.array([True] * 5 + [False] * 3)
    perfect = np.where(human, 40.0, -40.0)
    useless = np.zeros(8)
    assert [measure(perfect, human) for measure in MEASURES] == pytest.approx([0, 1, 0, 0, 0, 0, 0, 0])
    assert [measure(useless, human) for measure in MEASURES] == pytest.approx([0.5, 0.5, 1, 1, 1, 1, 0, 0.25])


@given(scored())
def test_bounds(case):
    llr, human = case
    assert 0 <= measures.min_dcf(llr, human) <= 1 + 1e-12
    assert measures.min_dcf(llr, human) <= measures.act_dcf(llr, human) + 1e-12
    assert -1e-12 <= measures.min_cllr(llr, human) <= min(1, measures.cllr(llr, human)) + 1e-12
    assert measures.auc(llr, human) == pytest.approx(1 - measures.auc(-llr, human))
    assert 0 <= measures.ece(llr, human) <= 1


@given(scored())
def test_order_is_all_that_rank_measures_see(case):
    llr, human = case
    ranks = np.unique(llr, return_inverse=True)[1].astype(float)
    for moved in (ranks, np.exp(ranks / 3) - 7, 1e6 * ranks):
        for measure in (measures.eer, measures.auc, measures.min_dcf, measures.min_cllr):
            assert measure(moved, human) == pytest.approx(measure(llr, human))


@given(scored(), st.data())
def test_weights_are_repetitions(case, data):
    llr, human = case
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=llr.size, max_size=llr.size)))
    repeated = np.repeat(llr, weights), np.repeat(human, weights)
    assume(repeated[1].any() and not repeated[1].all())
    for measure in MEASURES:
        assert measure(llr, human, weights) == pytest.approx(measure(*repeated)), measure.__name__
    expected = measures.decisions(*repeated, 0.5)
    assert measures.decisions(llr, human, 0.5, weights) == pytest.approx(expected)


@given(scored())
@settings(max_examples=50)
def test_order_of_clips_does_not_matter(case):
    llr, human = case
    for measure in MEASURES:
        assert measure(llr[::-1], human[::-1]) == pytest.approx(measure(llr, human))


@pytest.mark.parametrize("weights", [[1, 1], [1] * 6 + [-1], [np.nan] * 7, [0, 0, 1, 0, 1, 1, 1]])
def test_weights_that_are_no_counts_are_refused(weights):
    with pytest.raises(ValueError, match=r"Weights|counts"):
        measures.eer(LLR, HUMAN, weights)


@pytest.mark.parametrize("measure", [*MEASURES, thresholds.thresholds, curve.det_curve])
def test_scores_that_cannot_be_measured_are_refused(measure):
    with pytest.raises(ValueError, match="no ai clip"):
        measure([1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="finite"):
        measure([1.0, np.nan], [True, False])


def test_summary_is_sorted_json_of_the_same_measures():
    llr, human = mixture()
    chosen = thresholds.thresholds(llr, human)
    found = measures.summary(llr, human, chosen)
    assert json.loads(json.dumps(found, sort_keys=True, allow_nan=False)) == found
    assert list(found) == sorted(found)
    assert found["eer"] == measures.eer(llr, human)
    assert found["threshold"] == chosen["balanced"]
    assert found["recall"] == measures.decisions(llr, human, chosen["balanced"])["recall"]
    assert found["at_recall_threshold.threshold"] == chosen["recall"]
    assert found["at_precision_threshold.fpr"] == measures.decisions(llr, human, chosen["precision"])["fpr"]
    assert (found["clips_human"], found["clips_ai"]) == (human.sum(), (~human).sum())


@given(scored())
def test_auc_between_classes_is_the_auc(case):
    llr, human = case
    assert measures.auc_between(np.sort(llr[human]), np.sort(llr[~human])) == measures.auc(llr, human)
