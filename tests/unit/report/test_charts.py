"""Charts of the report: numbers land where they belong, and nothing in them is markup."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from bonafide.evaluation import curves
from bonafide.evaluation.bootstrap import Draws
from bonafide.report import charts
from bonafide.report.plane import Plane
from bonafide.report.rows import Line, Mark, dot_rows, track
from bonafide.report.words import precision_where_rare
from bonafide.text import decimal, listed, of_hundred, percent, percent_between, printable, sentence

THRESHOLDS = {"precision": -1.0, "balanced": 0.0, "recall": 1.0}


# The rates at each of them.
POINTS = {"precision": (0.0, 0.5), "balanced": (0.25, 0.5), "recall": (0.5, 0.0)}


@pytest.fixture
def scores():
    """Of 4 human clips one is flagged at 0, of 4 ai clips two are missed."""
    llr = [-0.5, 0.5, 2.0, 3.0, -3.0, -2.0, 0.6, 0.8]
    return pd.DataFrame({"llr": llr, "label": ["human"] * 4 + ["ai"] * 4})


def curve(scores):
    return curves.curve(scores, draws_of(scores))


def draws_of(scores):
    return Draws([""] * len(scores), scores["label"] == "human", replicates=5, seed=1)


def parsed(markup):
    return ElementTree.fromstring(str(markup))


def by_class(tree, kind):
    return [each for each in tree.iter() if kind in each.get("class", "").split()]


def corners(chart, kind):
    (line,) = [each for each in by_class(parsed(chart), kind) if "line" in each.get("class").split()]
    return np.array([[float(x) for x in pair.split()] for pair in line.get("d")[1:].split("L")])


def test_probit_is_the_normal_deviate():
    assert charts.probit(0.5) == pytest.approx(0)
    assert charts.probit(0.975) == pytest.approx(1.959964, abs=1e-6)
    assert charts.probit(0.01) == pytest.approx(-charts.probit(0.99))


def test_det_axes_are_linear_in_probits(scores):
    tree = parsed(charts.det(curve(scores), POINTS, 0.375, clips=4))
    ticks = {each.text: float(each.get("x")) for each in by_class(tree, "tick") if each.get("text-anchor") == "middle"}
    assert ticks.keys() >= {"1", "20", "50", "80", "99"}
    centre = ticks["50"]
    assert ticks["99"] - centre == pytest.approx(centre - ticks["1"], abs=0.02)
    assert (ticks["80"] - centre) / (ticks["99"] - centre) == pytest.approx(
        charts.probit(0.8) / charts.probit(0.99), abs=1e-3
    )


def test_det_reaches_half_a_clip_of_the_larger_class_and_no_further():
    assert charts.det_limit(1000) == pytest.approx(0.0005)
    assert charts.det_limit(1) == pytest.approx(0.01)
    assert charts.det_limit(10**6) == pytest.approx(0.0001)


def test_det_of_a_detector_without_error_is_drawn():
    scores = pd.DataFrame({"llr": [1.0, 2.0, -1.0, -2.0], "label": ["human", "human", "ai", "ai"]})
    assert "NaN" not in charts.det(curve(scores), {"balanced": (0.0, 0.0)}, 0.0, clips=2)


def test_roc_runs_from_corner_to_corner_and_its_points_are_the_rates(scores):
    drawn = charts.roc(curve(scores), POINTS)
    points = corners(drawn, "main")
    plane = Plane((0, 1), (0, 1))
    assert points[0] == pytest.approx([plane.x(0), plane.y(0)], abs=0.1)
    assert points[-1] == pytest.approx([plane.x(1), plane.y(1)], abs=0.1)
    assert (np.diff(points[:, 0]) >= 0).all()
    assert (np.diff(points[:, 1]) <= 0).all()  # upwards on a screen is less
    (dot,) = by_class(parsed(drawn), "preset-balanced")
    assert float(dot.get("cx")) == pytest.approx(plane.x(0.25), abs=0.01)
    assert float(dot.get("cy")) == pytest.approx(plane.y(0.5), abs=0.01)


def test_histogram_shows_its_bins_and_the_thresholds_in_order(scores):
    bars = curves.histogram(scores)
    tree = parsed(charts.histogram(bars, THRESHOLDS, (-1.0, 1.0)))
    places = [float(by_class(tree, f"preset-{name}")[0].get("x1")) for name in ("precision", "balanced", "recall")]
    assert places == sorted(places)
    (band,) = by_class(tree, "band")
    assert float(band.get("x")) == pytest.approx(places[0], abs=0.01)
    assert float(band.get("x")) + float(band.get("width")) == pytest.approx(places[2], abs=0.02)
    foot, full = charts.HEIGHT - charts.BOTTOM, (charts.HEIGHT - charts.BOTTOM - charts.TOP) / 1.18
    highest = bars[["human", "ai"]].max(axis=None)
    for name in ("human", "ai"):
        (steps,) = [each for each in by_class(tree, "steps") if name in each.get("class").split()]
        tops = np.array([float(pair.split()[1]) for pair in steps.get("d")[1:].split("L")])
        # Upwards on a screen is less; a row of bins that are alike is one line.
        assert set(np.round((foot - tops) / full, 2)) == set(np.round(bars[name] / highest, 2)), name


def test_a_threshold_beyond_all_scores_is_shown(scores):
    tree = parsed(charts.histogram(curves.histogram(scores), {"recall": 9.0}, (-1.0, 1.0)))
    (line,) = by_class(tree, "preset-recall")
    (human, _) = by_class(tree, "steps")
    ends = [float(pair.split()[0]) for pair in human.get("d")[1:].split("L")]
    assert max(ends) < float(line.get("x1")) < charts.WIDTH


def test_charts_stay_small_and_inside_their_box_for_many_clips():
    rng = np.random.default_rng(1)
    human = np.arange(100_000) % 2 == 0
    scores = pd.DataFrame({"llr": rng.normal(human * 2.0, 1.0), "label": np.where(human, "human", "ai")})
    points = curve(scores)
    for chart in (charts.roc(points, POINTS), charts.det(points, POINTS, 0.16, clips=50_000)):
        assert len(chart) < 60_000
        line = corners(chart, "main")
        assert line.min() >= 0
        assert (line <= [charts.WIDTH, charts.HEIGHT]).all()


def test_training_of_one_epoch_is_drawn():
    history = pd.DataFrame({"epoch": [1], "loss": [0.5], "dev_loss": [0.7]})
    chart = charts.lines(history, {"loss": "train", "dev_loss": "main"}, "loss")
    assert "dev_loss, epoch 1: 0.700" in chart


def test_bands_lie_around_their_curves():
    rng = np.random.default_rng(1)
    human = np.arange(200) % 2 == 0
    scores = pd.DataFrame({"llr": rng.normal(human * 1.0), "label": np.where(human, "human", "ai")})
    points = curves.curve(scores, Draws([""] * 200, human, replicates=200, seed=1))
    for chart in (charts.roc(points, POINTS), charts.det(points, POINTS, 0.3, clips=100)):
        (band,) = by_class(parsed(chart), "spread")
        edge = np.array([[float(x) for x in pair.split()] for pair in band.get("d")[1:-1].split("L")])
        upper, lower = np.split(edge, [edge[:, 0].argmax() + 1])
        for x, y in corners(chart, "main")[5:-5:7]:
            assert np.interp(x, *upper.T) - 1 <= y <= np.interp(x, *lower[::-1].T) + 1  # upwards on a screen is less
        assert lower[:, 1].max() - upper[:, 1].min() > 10


def test_reliability_says_what_was_predicted_and_what_was(scores):
    chart = charts.reliability(curves.reliability_points(scores, draws_of(scores)))
    assert len(by_class(parsed(chart), "dot")) == len(re.findall("said", chart)) > 1


def test_an_interval_lies_around_its_value_in_order():
    strip = parsed(track([Mark("human", "flagged", 0.12, (0.07, 0.18))]))
    (interval,) = by_class(strip, "interval")
    (dot,) = by_class(strip, "dot")
    low, value, high = (float(each.rstrip("%")) for each in (interval.get("x1"), dot.get("cx"), interval.get("x2")))
    assert (low, value, high) == (7, 12, 18)
    assert strip.get("aria-label") == "flagged: 12\xa0% (7\xa0% to 18\xa0%)"


def test_what_lies_outside_the_scale_is_put_on_its_edge():
    (dot,) = by_class(parsed(track([Mark("plain", "x", 1.7)])), "dot")
    assert dot.get("cx") == "100.00%"


def test_an_interval_of_no_width_is_not_shown_as_certainty():
    rows = dot_rows([Line("one clip", "1 AI", [Mark("ai", "missed", 0.0, (0.0, 0.0))], small=True)], name="x")
    assert "all alike" in rows
    assert "0\xa0% to 0\xa0%" not in rows


def test_small_slices_are_hollow_and_human_and_ai_differ_in_shape():
    rows = parsed(dot_rows([Line("x", "", [Mark("human", "a", 0.1), Mark("ai", "b", 0.2)], small=True)], name="x"))
    assert [each.tag for each in by_class(rows, "dot")] == ["circle", "path"]
    assert len(by_class(rows, "hollow")) == 2


def test_labels_are_text_and_never_markup():
    hostile = '<script>alert("x")</script>\u202egnp.exe'
    rows = dot_rows([Line(hostile, hostile, [Mark("human", hostile, 0.5)])], name=hostile)
    assert "<script" not in rows
    assert "\\u202e" in rows


def test_nearly_none_never_reads_as_none():
    assert [of_hundred(share) for share in (0, 0.001, 0.12, 0.999, 1)] == ["0", "<1", "12", ">99", "100"]
    assert percent(None) == percent(float("nan")) == "–"
    assert percent_between((None, 0.5)) == ""
    assert decimal(-0.5) == "\N{MINUS SIGN}0.50"


def test_names_are_listed_and_made_printable():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed("abcd", most=2) == "a, b and 2 more"
    assert printable("a\nb\u202e") == "a\\nb\\u202e"
    assert [sentence(text) for text in ("from 5 %", "so it is.", "is it?")] == ["From 5\xa0%.", "So it is.", "Is it?"]


def test_a_flag_is_worth_less_where_ai_is_rare():
    assert precision_where_rare(0.1, 0.0, share=0.5) == pytest.approx(1 / 1.1)
    assert precision_where_rare(0.1, 0.0, share=0.05) == pytest.approx(0.05 / 0.145)
    assert precision_where_rare(0.0, 1.0) is None
