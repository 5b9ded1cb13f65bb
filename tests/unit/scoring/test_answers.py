"""How often a detector with a band answers, and how often rightly."""

import numpy as np
import pytest

from bonafide.scoring import measures

from .scores import HUMAN, LLR


def test_answers_count_both_classes_alike_and_what_lies_between_not():
    # a a h a h h h: below -1.5 both are ai, from 0.75 on three are human; an ai and a human clip lie between.
    assert measures.answers(LLR, HUMAN, -1.5, 0.75) == pytest.approx(
        {"answered": (2 / 3 + 3 / 4) / 2, "right_of_answered": 1.0}
    )
    wrong = measures.answers(LLR, HUMAN, -0.5, 0.0)  # a human clip is called ai, an ai clip human
    assert wrong == pytest.approx({"answered": 1.0, "right_of_answered": (2 / 3 + 3 / 4) / 2})
    assert measures.answers(LLR, HUMAN, -9.0, 9.0) == {"answered": 0.0}


def test_answers_take_a_band_of_each_clip():
    low, high = np.where(LLR < 0, -9.0, 0.75), np.where(LLR < 0, 9.0, 0.75)  # none called below 0, and all above
    assert measures.answers(LLR, HUMAN, low, high) == pytest.approx(
        {"answered": (1 / 3 + 3 / 4) / 2, "right_of_answered": 1.0}
    )
