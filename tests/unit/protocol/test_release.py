"""What the card of a release says of its answers."""

import numpy as np
import pytest

from bonafide.protocol.release import _answers, _trust
from bonafide.scoring.measures import answers
from bonafide.scoring.thresholds import cannot_tell_band


@pytest.fixture
def held_out():
    """Scores of three folds, of which the third has human clips that all sound like ai."""
    rng = np.random.default_rng(1)
    fold = np.repeat([1, 2, 3], 200)
    human = np.arange(600) % 2 == 0
    llr = rng.normal(np.where(human, 1.5, -1.5), 1.0)
    llr[(fold == 3) & human] -= 3.0
    return llr, human, fold


def test_each_fold_is_answered_by_the_band_of_the_others(held_out):
    llr, human, fold = held_out
    shares = _answers(llr, human, fold)
    bands = {number: cannot_tell_band(llr[fold != number], human[fold != number]) for number in (1, 2, 3)}
    assert bands[3][1] < bands[1][1]  # the odd fold finds nothing of its own kind in the others
    low, high = (np.array([bands[number][end] for number in fold]) for end in (0, 1))
    assert shares == answers(llr, human, low, high)
    assert shares["right_of_answered"] < answers(llr, human, *cannot_tell_band(llr, human))["right_of_answered"]


def test_the_card_says_how_often_it_answers_and_how_often_rightly(held_out):
    said = _trust(*held_out, folds=3)["held_out"]
    assert 0 < said["answered"] <= 1 and 0.5 < said["right_of_answered"] <= 1
