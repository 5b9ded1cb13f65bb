import numpy as np
import pandas as pd
import pytest

from bonafide.protocol.fold import Fold
from bonafide.protocol.table import (
    balanced_accuracy,
    eer_through_codecs,
    false_alarms,
    missed_by_family,
    put_row,
    summary_row,
    within_sources,
)
from bonafide.scoring.measures import eer


def clips(source, label, llr, who):
    names = {"speaker": who if label == "human" else "", "generator": who if label == "ai" else ""}
    return pd.DataFrame([{"source": source, "label": label, "llr": value, **names} for value in llr])


@pytest.fixture
def scores():
    """One source that is told apart, one that is turned round, one of people alone; the AUC of all is neither."""
    return pd.concat(
        [
            clips("good", "human", [3.0, 2.0, 2.5, 1.5, 4.0], "ann"),
            clips("good", "ai", [-3.0, -2.0, -2.5, -1.5, 1.0], "vits"),
            clips("bad", "human", [-4.0, -5.0, -4.5, -6.0, -5.5], "bob"),
            clips("bad", "ai", [-1.0, -0.5, -0.2, -0.8, -0.9], "flite"),
            clips("people", "human", [1.0, -1.0, 2.0, 3.0], "eve"),
            clips("few", "human", [1.0] * 4, "joe"),
            clips("few", "ai", [0.0] * 9, "pico"),
        ],
        ignore_index=True,
    )


def test_an_auc_within_each_source_that_has_enough_of_both(scores):
    assert within_sources(scores) == {"good": 1.0, "bad": 0.0}


def test_false_alarms_where_nobody_is_a_machine(scores):
    assert false_alarms(scores, 0.0) == {"people": 0.25}
    assert false_alarms(scores, 2.5) == {"people": 0.75}
    assert false_alarms(scores[scores["source"] != "people"], 0.0) == {}


def test_the_accuracy_weighs_both_classes_alike(scores):
    # Human: 6 of 18 below 0. Ai: 9 of 19 below 0 and so found.
    assert balanced_accuracy(scores, 0.0) == pytest.approx(1 - (6 / 18 + 10 / 19) / 2)


def test_turned_scores_turn_the_figures(scores):
    turned = scores.assign(llr=-scores["llr"])
    assert within_sources(turned) == {"good": 0.0, "bad": 1.0}
    assert balanced_accuracy(turned, 0.6) == pytest.approx(1 - balanced_accuracy(scores, -0.6))


def test_a_row_pools_and_averages(scores):
    named = scores.assign(clip=scores.index)
    row = summary_row([(named, {"balanced": 0.0, "decisive": 2.5})] * 2, replicates=50, seed=1)
    assert row["clips"] == len(scores)
    assert row["pooled EER"] == pytest.approx(row["mean fold EER"])
    assert row["low"] <= row["pooled EER"] <= row["high"]
    assert row["within-source AUC"] == 0.5
    assert row["human-only false alarms"] == 0.25
    assert row["human-only false alarms, decisive"] == 0.75


def test_each_fold_answers_by_its_own_band(scores):
    named = scores.assign(clip=scores.index)
    folds = [(named, {"balanced": 0.0, "band_low": -9.0, "band_high": high}) for high in (9.0, 2.0)]
    row = summary_row(folds, replicates=50, seed=1)
    # From 2 on lie 6 of 18 human clips and no ai one; in the first fold nothing is called.
    assert row["answered"] == pytest.approx((6 / 18 + 0) / 2 / 2)
    assert row["right among answers"] == 1.0


def test_a_fold_of_before_the_bands_leaves_the_answers_blank(scores):
    folds = [(scores.assign(clip=scores.index), {"balanced": 0.0})]
    assert "answered" not in summary_row(folds, replicates=50, seed=1)


def test_each_clip_counts_once_in_the_share_that_is_missed_of_its_family():
    ai = {"label": "ai", "split": "test"}
    first = [
        {**ai, "clip": "a", "family": "tts", "llr": 1.0},
        {**ai, "clip": "b", "family": "tts", "llr": -1.0},
        {**ai, "clip": "c", "family": "codec", "split": "apart", "llr": 2.0},
        {**ai, "clip": "d", "family": "", "llr": 2.0},
        {"label": "human", "split": "test", "clip": "e", "family": "", "llr": -2.0},
    ]
    second = [{**first[2], "llr": -2.0}, {**first[2], "clip": "f"}]
    folds = [(pd.DataFrame(rows), {"balanced": cut}) for rows, cut in ((first, 0.0), (second, 0.5))]
    assert missed_by_family(folds) == {"missed, codec (apart)": 0.75, "missed, tts": 0.5}


def test_the_eer_through_codecs_is_pooled_without_what_was_refused(tmp_path):
    folds = [Fold(tmp_path, "source", (number,), 2, 1) for number in (1, 2)]
    for fold in folds:
        fold.folder.mkdir()
        labels = {"clip": list("abcd"), "label": ["human", "ai", "human", "ai"], "split": ["test"] * 3 + ["apart"]}
        pd.DataFrame({**labels, "llr": [9.0, -9.0, 9.0, -9.0]}).to_parquet(fold.scores)
    assert eer_through_codecs(folds) == {}
    for fold, llr in zip(folds, ([1.0, -1.0, np.nan, 5.0], [-2.0, -1.5, 2.0, 5.0]), strict=True):
        pd.DataFrame({"clip": list("abcd"), "condition": "GSM", "llr": llr}).to_parquet(fold.coded)
    human, ai = [1.0, -2.0, 2.0], [-1.0, -1.5]
    expected = eer(human + ai, np.array([True] * 3 + [False] * 2))
    assert eer_through_codecs(folds) == {"pooled EER through codecs": expected} and 0 < expected < 0.5


def test_a_new_row_takes_the_place_of_its_elder():
    one = {
        "name": "a",
        "params": "1",
        "calibrated by": "dev",
        "held out": "source",
        "folds": 5,
        "seeds": "1",
        "pooled EER": 0.3,
    }
    table = put_row(pd.DataFrame(), one)
    table = put_row(table, {**one, "params": "2"})
    table = put_row(table, {**one, "pooled EER": 0.2})
    assert table["pooled EER"].tolist() == [0.3, 0.2]
    assert table["params"].tolist() == ["2", "1"]
