"""Sections of the report that count, say or leave out something of their own."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bonafide.evaluation.robustness import conditions
from bonafide.report import tables
from bonafide.report.consequences import CALLS, decisions_of
from bonafide.report.examples import surest
from bonafide.report.page import facts_of
from bonafide.report.revision import Revision, revision_of, settings_hash
from bonafide.report.run import Files, read_run
from bonafide.report.voices import genders_text
from bonafide.report.words import wrong_if_called
from bonafide.scoring.calibration import is_ai

from ..pipeline.conftest import Project
from .browser import CHROMIUM, Browser
from .left_run import FILES, known_scores, leave, make

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")


@pytest.fixture
def run(tmp_path):
    leave(tmp_path, known_scores())
    settings = {"audit": {"warn_above": 0.7}, "train": {"model": "statistics"}}
    return read_run(Files(*(tmp_path / name for name in FILES)), settings)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return make(tmp_path_factory.mktemp("report"), known_scores())[0]


def test_consequences_are_those_of_as_many_calls(run):
    """Of 100 human clips 12 are flagged and of 80 ai clips 20 missed: among 1,000 calls with 20 % from machines ..."""
    balanced, *_, three = decisions_of(run)
    assert balanced.counts(0.2) == {"false_alarms": "96", "misses": "50", "open": "0", "right_flags": "61\xa0%"}
    low, high = run.band
    human, llr = run.human, run.llr
    left_open = ~is_ai(llr, low) & is_ai(llr, high)
    expected = {
        "false_alarms": 0.8 * is_ai(llr, low)[human].mean(),
        "misses": 0.2 * (~is_ai(llr, high))[~human].mean(),
        "open": 0.8 * left_open[human].mean() + 0.2 * left_open[~human].mean(),
    }
    for name, share in expected.items():
        assert float(three.counts(0.2)[name]) == pytest.approx(CALLS * share, abs=0.51), name
    assert balanced.counts(0.0)["misses"] == "0"
    assert balanced.counts(1.0)["right_flags"] == "100\xa0%"


@needs_browser
def test_the_reader_types_in_a_share_and_the_table_follows(run, page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    with Browser(tmp_path / "profile") as browser:
        browser.open(path.as_uri())
        assert not browser.js("document.querySelector('#share-form').hidden")
        for share in (20, 0, 50):
            browser.js(f"input.value = '{share}'; input.dispatchEvent(new Event('input'))")
            cells = browser.js("[...document.querySelectorAll('#consequences td')].map(each => each.textContent)")
            assert cells == [text for each in decisions_of(run) for text in each.counts(share / 100).values()]
        browser.js("input.value = '120'; input.dispatchEvent(new Event('input'))")
        assert browser.js("input.getAttribute('aria-invalid')") == "true"
        assert not browser.complaints()


def test_without_a_script_the_table_is_that_of_the_default_share(run, page):
    table = page.partition('id="consequences"')[2].partition("</section>")[0]
    assert '<form id="share-form" hidden>' in table
    for text in decisions_of(run)[0].counts(0.05).values():
        assert f">{text}</td>" in table


def test_how_many_clips_and_speakers_say_their_gender_is_said(run):
    half = run.scores.assign(
        gender=run.scores["gender"].where(run.scores["speaker"].isin(["speaker1", "speaker2"]), "")
    )
    text = genders_text(replace(run, scores=half))
    assert "20 of 100 human clips (10 female, 10 male)" in text
    assert "16 of 80 AI clips (8 female, 8 male)" in text
    assert "2 of 10 human speakers" in text


def test_a_network_without_epochs_has_no_course_of_training(run, page, tmp_path):
    folder = tmp_path / "at once"
    folder.mkdir()
    at_once, _ = make(folder, known_scores(), history=run.history.head(1).to_csv(index=False))
    for text, drawn in ((at_once, False), (page, True)):
        assert ("Loss by epoch" in text) == drawn
        assert ("no course of epochs to draw: loss 0.60 on train and 0.70 on dev" in text) != drawn


def test_each_maker_has_its_equal_error_rate_with_an_interval(run):
    apart = run.slices[run.slices["slice"] == "family"].assign(value="codec (apart)")
    (_, families), (_, generators) = tables.rates_by_maker(pd.concat([run.slices, apart]))
    assert {row["name"] for row in generators} == {"espeak", "hifigan"}
    assert {row["name"] for row in families} == {"classic", "vocoder"}
    for row in generators:
        measured = run.slices[(run.slices["slice"] == "generator") & (run.slices["value"] == row["name"])].iloc[0]
        assert row["eer"] == f"{100 * measured['eer']:.0f}\xa0%"
        assert "to" in row["eer_between"]


def test_the_telephone_is_among_the_conditions_and_none_of_it_is_no_error(run):
    assert set(tables.TELEPHONE) <= set(conditions())
    assert [row["condition"] for row in tables.telephone(run.robustness)] == ["clean", "GSM"]
    assert "flags 66 of 100 human calls (12 of the clips as they are) and misses 10" in tables.telephone_text(
        run.robustness
    )
    without = run.robustness[run.robustness["condition"] != "GSM"]
    assert (tables.telephone(without), tables.telephone_text(without)) == ([], "")


def test_cannot_tell_is_right_as_often_as_a_call_would_have_been_wrong(run):
    low, high = run.band
    inside = (run.llr >= low) & (run.llr < high)
    wrong = inside & ((run.llr < 0) == run.human)
    shares = [np.mean(each[run.human]) + np.mean(each[~run.human]) for each in (wrong, inside)]
    assert wrong_if_called(run) == pytest.approx(shares[0] / shares[1])
    never = replace(run, facts=replace(run.facts, band=(0.0, 0.0)))
    assert wrong_if_called(never) is None


def test_the_surest_right_and_wrong_verdicts_are_on_their_sides(run):
    for label, sign in (("human", 1), ("ai", -1)):
        right = surest(run.scores, label, 0.0, "right", 5)["llr"] * sign
        wrong = surest(run.scores, label, 0.0, "wrong", 5)["llr"] * sign
        assert (right > 0).all()
        assert (wrong < 0).all()
        own = run.scores.loc[run.scores["label"] == label, "llr"] * sign
        assert (right.max(), wrong.min()) == (own.max(), own.min())


def test_the_revision_is_the_last_commit_that_changed_the_code(tmp_path):
    project = Project(tmp_path / "project", tmp_path / "site")
    project.root.mkdir()
    assert revision_of(project.root) == Revision()
    project.git("init", "--quiet")
    (project.root / "params.yaml").write_text("a: 1\n")
    project.commit("settings")
    settled = project.git("rev-parse", "HEAD").stdout.strip()
    (project.root / "metrics.json").write_text("{}\n")
    project.commit("figures")
    assert (revision_of(project.root).commit, revision_of(project.root).changed) == (settled, False)
    (project.root / "params.yaml").write_text("a: 2\n")
    assert "with changes that are not in it" in revision_of(project.root).text


def test_the_hash_of_the_settings_does_not_depend_on_how_they_are_written():
    one, other = ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}})
    assert settings_hash(one) == settings_hash(json.loads(json.dumps(other)))
    assert settings_hash(one) != settings_hash({"a": {"x": 1, "y": 3}})


def test_the_facts_of_page_and_card_are_the_same_without_a_revision(run):
    assert "revision" not in facts_of(run)  # a card in git cannot hold the commit that it lies in
