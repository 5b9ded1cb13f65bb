"""The thresholds that a development set chooses keep what they promise there."""

import numpy as np
import pytest
from hypothesis import given

from bonafide.scoring import curve, measures, thresholds
from bonafide.scoring.operating_points import RIGHT_ANSWERS

from .scores import HUMAN, LLR, mixture, scored


def test_thresholds_keep_their_promises():
    llr, human = mixture(4000, decimals=3)
    chosen = thresholds.thresholds(llr, human)
    at = {name: measures.decisions(llr, human, value) for name, value in chosen.items()}
    assert at["balanced"]["hter"] == pytest.approx(measures.eer(llr, human))
    assert abs(at["balanced"]["fpr"] - at["balanced"]["fnr"]) < 0.003
    assert 0.09 < at["decisive"]["fpr"] <= 0.1
    assert 0.005 < at["precision"]["fpr"] <= 0.01
    assert 0.045 < at["recall"]["fnr"] <= 0.05
    assert chosen["precision"] < chosen["balanced"] < chosen["recall"]


@given(scored(max_size=80))
def test_thresholds_are_the_best_that_keep_their_promise(case):
    llr, human = case
    chosen = thresholds.thresholds(llr, human)
    cuts, fpr, fnr = curve.det_curve(llr, human)
    precision = measures.decisions(llr, human, chosen["precision"])
    recall = measures.decisions(llr, human, chosen["recall"])
    assert precision["fnr"] == pytest.approx(fnr[fpr <= 0.01 + 1e-12].min())
    assert recall["fpr"] == pytest.approx(fpr[fnr <= 0.05 + 1e-12].min())
    assert set(chosen.values()) <= set(cuts.tolist())


def test_promises_are_exact_at_the_edge():
    # 20 ai clips allow exactly one to pass, 100 human clips exactly one to be flagged.
    human = np.arange(120) < 100
    llr = np.where(human, 10.0, -10.0) + np.linspace(-1, 1, 120)
    llr[0], llr[-1] = -20.0, 20.0
    chosen = thresholds.thresholds(llr, human)
    assert measures.decisions(llr, human, chosen["precision"])["fpr"] == pytest.approx(0.01)
    assert chosen["decisive"] == chosen["precision"]  # nothing is gained by flagging more than it must
    assert measures.decisions(llr, human, chosen["recall"])["fnr"] == pytest.approx(0.05)


def test_thresholds_of_a_tiny_set_make_no_error_of_the_promised_kind():
    chosen = thresholds.thresholds(LLR, HUMAN)
    assert chosen == {"balanced": -0.25, "decisive": -1.5, "precision": -1.5, "recall": 0.75}


def test_thresholds_of_separated_classes_lie_in_the_gap():
    chosen = thresholds.thresholds([-4.0, -2.0, 1.0, 5.0], [False, False, True, True])
    assert set(chosen.values()) == {-0.5}
    # So they do where the promises leave room for needless errors.
    human = np.arange(400) < 200
    many = thresholds.thresholds(np.where(human, 5.0, -5.0) + np.linspace(-1, 1, 400), human)
    assert len(set(many.values())) == 1
    assert measures.decisions(np.where(human, 5.0, -5.0), human, many["recall"])["hter"] == 0


def test_thresholds_of_an_inverted_model_are_finite():
    chosen = thresholds.thresholds([-4.0, -2.0, 1.0, 5.0], [True, True, False, False])
    assert np.isfinite(list(chosen.values())).all()
    assert chosen["precision"] == -4.0  # nothing can be called ai
    assert chosen["recall"] > 5.0  # everything must be


def test_the_band_is_the_narrowest_with_the_wanted_share_of_right_answers_of_each_kind():
    human = np.arange(4000) < 1200
    llr = np.random.default_rng(0).normal(np.where(human, 1.0, -1.0), 1.0)
    low, high = thresholds.cannot_tell_band(llr, human)
    assert low < 0 < high
    share = {label: 1 / side.sum() for label, side in ((True, human), (False, ~human))}

    def right(called, label):
        weights = np.array([share[each] for each in human[called]])
        return weights[human[called] == label].sum() / weights.sum()

    assert RIGHT_ANSWERS <= right(llr < low, False) < RIGHT_ANSWERS + 0.003
    assert RIGHT_ANSWERS <= right(llr >= high, True) < RIGHT_ANSWERS + 0.003
    for wider in (0.05, 0.2, 0.5):
        assert max(right(llr < low + wider, False), right(llr >= high - wider, True)) < RIGHT_ANSWERS


@given(scored(max_size=80))
def test_no_more_could_be_answered_on_either_side_of_the_band(case):
    llr, human = case
    cuts, fpr, fnr = curve.det_curve(llr, human)
    low, high = thresholds.cannot_tell_band(llr, human)
    ai_right = [cut for cut, f, m in zip(cuts, fpr, fnr, strict=True) if 1 - m >= RIGHT_ANSWERS * (1 - m + f) - 1e-9]
    human_right = [cut for cut, f, m in zip(cuts, fpr, fnr, strict=True) if 1 - f >= RIGHT_ANSWERS * (1 - f + m) - 1e-9]
    if max(ai_right) <= min(human_right):
        assert (low, high) == (max(ai_right), min(human_right))
    else:
        assert low == high and min(human_right) <= low <= max(ai_right)


def test_the_band_of_an_inverted_model_leaves_nothing_called():
    low, high = thresholds.cannot_tell_band([-4.0, -2.0, 1.0, 5.0], [True, True, False, False])
    assert low <= -4.0 and high > 5.0


def test_the_band_of_separated_classes_is_a_cut_in_the_gap():
    assert thresholds.cannot_tell_band([-4.0, -2.0, 1.0, 5.0], [False, False, True, True]) == (-0.5, -0.5)


def test_more_clips_of_one_class_leave_the_band_as_it_is():
    llr, human = mixture(1000)
    again = np.flatnonzero(~human)
    doubled = thresholds.cannot_tell_band(np.append(llr, llr[again]), np.append(human, human[again]))
    assert doubled == thresholds.cannot_tell_band(llr, human)
