"""The thresholds by name, and the band in which nothing is called."""

import numpy as np
import pytest

from bonafide.scoring.operating_points import NAMES, answers_text, band_between
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
    assert band_between({"precision": precision, "balanced": balanced, "recall": recall}) == band


def test_a_card_tells_how_often_it_answers_and_how_often_rightly():
    text = answers_text({"held_out": {"answered": 0.71, "right_of_answered": 0.934}}).replace("\xa0", " ")
    assert "answers for 71 % of clips" in text and "93 % of the answers are right" in text


@pytest.mark.parametrize("card", [{}, {"held_out": {"eer": 0.2, "fpr": 0.2}}])
def test_an_older_card_says_that_answers_were_not_measured(card):
    assert "was not measured" in answers_text(card)
