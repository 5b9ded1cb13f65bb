"""What the card of a release says of clips that its folds' networks had not heard."""

import numpy as np
import pandas as pd
import pytest

from bonafide.evaluation.metrics import BAND
from bonafide.protocol.held_out import card_figures, judged_by_others, protocol_row
from bonafide.scoring.measures import answers
from bonafide.scoring.thresholds import cannot_tell_band, thresholds


@pytest.fixture
def scores():
    """Scores of three folds, of which the third has human clips that all sound like ai."""
    rng = np.random.default_rng(1)
    fold = np.repeat([1, 2, 3], 200)
    human = np.arange(600) % 2 == 0
    logit = rng.normal(np.where(human, -1.5, 1.5), 1.0)
    logit[(fold == 3) & human] += 3.0
    rows = {
        "clip": [f"{number:03}" for number in range(600)],
        "label": np.where(human, "human", "ai"),
        "source": [f"source {number}" for number in fold],
        "speaker": [f"speaker {number % 20}" if number % 2 == 0 else "" for number in range(600)],
        "generator": ["" if number % 2 == 0 else f"generator {number % 20}" for number in range(600)],
        "family": np.where(human, "", np.where(np.arange(600) % 4 == 1, "tts", "vocoder")),
        "split": "test",
        "fold": fold,
        "logit": logit,
    }
    return pd.DataFrame(rows)


def card_of(judged):
    return card_figures(judged, protocol_row("some", "source", 1, judged))


def test_a_fold_is_judged_by_what_the_others_chose(scores):
    judged = judged_by_others(scores)
    again = judged_by_others(scores.assign(logit=scores["logit"] + 5.0 * (scores["fold"] == 3)))
    assert judged[2][1] == again[2][1]  # whatever its own clips say
    assert judged[0][1] != again[0][1]
    assert judged[2][1][BAND[1]] < judged[0][1][BAND[1]]  # the odd fold finds nothing of its own kind in the others


def test_the_card_says_how_often_it_answers_and_how_often_rightly(scores):
    judged = judged_by_others(scores)
    said = card_of(judged)["held_out"]
    llr = np.concatenate([own["llr"] for own, _ in judged])
    human = (scores["label"] == "human").to_numpy()
    low, high = (np.repeat([cuts[end] for _, cuts in judged], 200) for end in BAND)
    shares = answers(llr, human, low, high)
    assert {name: said[name] for name in shares} == {name: round(share, 4) for name, share in shares.items()}
    assert said["right_of_answered"] < answers(llr, human, *cannot_tell_band(llr, human))["right_of_answered"]


def test_the_card_counts_errors_at_thresholds_that_other_folds_chose(scores):
    judged = judged_by_others(scores)
    said = card_of(judged)["held_out"]
    wrong = sum((own["llr"][own["label"] == "human"] < cuts["balanced"]).sum() for own, cuts in judged)
    assert said["fpr"] == round(wrong / 300, 4)
    llr = np.concatenate([own["llr"] for own, _ in judged])
    human = (scores["label"] == "human").to_numpy()
    assert wrong != (llr[human] < thresholds(llr, human)["balanced"]).sum()
    assert said["folds"] == 3 and said["clips"] == 600
    assert 0 < said["within_source_auc"] < 1
    assert said["eer_low"] < said["eer"] < said["eer_high"]


def test_the_card_says_what_share_of_each_family_is_missed(scores):
    missed = card_of(judged_by_others(scores))["missed"]
    easy = scores.assign(logit=scores["logit"] + 3.0 * (scores["family"] == "tts"))
    less = card_of(judged_by_others(easy))["missed"]
    assert set(missed) == {"tts", "vocoder"}
    assert less["tts"] < missed["tts"] and less["tts"] < less["vocoder"]
