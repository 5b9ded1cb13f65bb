"""From scores to verdicts, segments and reasons; results as JSON."""

import json
from itertools import pairwise

import pytest

from bonafide.detection.results import Result, Segment, Window, as_json, confidence
from bonafide.detection.verdicts import Cut, call, cut_of, parts_of, result_of, segments_of, verdict_of
from bonafide.errors import UserError
from bonafide.scoring.calibration import p_ai
from bonafide.text import clock, printable

THRESHOLDS = {"balanced": -0.1, "precision": -3.0, "recall": 2.5}
BAND = (-1.0, 1.5)
YES_OR_NO = Cut(0.0, 0.0, 0.0)


def heard(*llrs, length=4.0, hop=1.0, begin=0.0):
    starts = [begin + number * hop for number in range(len(llrs))]
    return [Window(at, at + length, llr, float(p_ai(llr))) for at, llr in zip(starts, llrs, strict=True)]


def test_balanced_leaves_the_band_open():
    cut = cut_of(THRESHOLDS, BAND, "balanced")
    assert [call(llr, cut) for llr in (-1.01, -1.0, 0.0, 1.49, 1.5)] == ["ai", *["cannot tell"] * 3, "human"]


@pytest.mark.parametrize(("threshold", "llr"), [("precision", -3.0), ("recall", 2.5), (0.5, 0.0), ("0.5", 0.0)])
def test_every_other_threshold_decides(threshold, llr):
    cut = cut_of(THRESHOLDS, BAND, threshold)
    assert [call(each, cut) for each in (llr - 1e-6, llr + 1e-6)] == ["ai", "human"]


def test_a_number_is_the_probability_of_ai():
    assert float(p_ai(cut_of(THRESHOLDS, BAND, 0.9).middle)) == pytest.approx(0.9)


@pytest.mark.parametrize("threshold", ["", "exact", "1", 0, 1.0, -0.5, 7, "nan"])
def test_another_threshold_is_the_users_mistake(threshold):
    with pytest.raises(UserError, match="this detector must be balanced, precision, recall or a probability"):
        cut_of(THRESHOLDS, BAND, threshold)


def test_a_band_of_nothing_is_a_cut():
    assert cut_of(THRESHOLDS, (0.2, 0.2), "balanced") == Cut(0.2, 0.2, 0.2)


def test_a_change_makes_two_segments_and_a_mixed_recording():
    parts = parts_of(heard(*[2.0] * 8, *[-2.0] * 8), 1.0, YES_OR_NO)
    segments = segments_of(parts, YES_OR_NO)
    assert [segment.verdict for segment in segments] == ["human", "ai"]
    assert segments[0].start == 0.0
    assert segments[0].stop == segments[1].start == 9.5  # half way between the middles of the two windows
    assert segments[1].stop == 19.0
    verdict, reason = verdict_of(0.0, parts, YES_OR_NO)
    assert verdict == "mixed"
    assert reason == "AI-generated at 0:09-0:19, human at 0:00-0:09"


def test_one_odd_window_is_no_segment():
    llrs = [1.0] * 6 + [-1.0] + [1.0] * 6
    parts = parts_of(heard(*llrs), 1.0, YES_OR_NO)
    assert segments_of(parts, YES_OR_NO) == (Segment(0.0, 16.0, "human"),)
    assert verdict_of(0.8, parts, YES_OR_NO) == ("human", "")


def test_what_is_not_scored_parts_segments():
    windows = heard(2.0, 2.0) + heard(2.0, 2.0, begin=60.0)
    assert segments_of(parts_of(windows, 1.0, YES_OR_NO), YES_OR_NO) == (
        Segment(0.0, 5.0, "human"),
        Segment(60.0, 65.0, "human"),
    )


def test_segments_never_overlap_and_stay_in_time_order():
    llrs = [3, 3, -3, -3, -3, 3, 3, 3, 0.2, -3, -3, -3]
    windows = heard(*map(float, llrs)) + heard(-3.0, -3.0, begin=13.0)
    segments = segments_of(parts_of(windows, 1.0, YES_OR_NO), YES_OR_NO)
    assert len(segments) > 2
    for first, second in pairwise(segments):
        assert first.start < first.stop <= second.start


def test_a_part_in_the_band_makes_nothing_mixed_where_it_is_like_the_rest():
    cut = cut_of(THRESHOLDS, BAND, "balanced")
    parts = parts_of(heard(*[1.6] * 8, *[-0.3] * 8), 1.0, cut)  # 1.9 nats apart
    assert [segment.verdict for segment in segments_of(parts, cut)] == ["human", "cannot tell"]
    assert verdict_of(0.6, parts, cut)[0] == "cannot tell"


def test_a_part_in_the_band_is_called_ai_where_it_is_unlike_a_human_rest():
    cut = cut_of(THRESHOLDS, BAND, "balanced")
    parts = parts_of(heard(*[3.0] * 8, *[-0.9] * 8), 1.0, cut)
    assert [segment.verdict for segment in segments_of(parts, cut)] == ["human", "ai"]
    assert verdict_of(1.2, parts, cut) == ("mixed", "AI-generated at 0:09-0:19, human at 0:00-0:09")


@pytest.mark.parametrize("ai", [-0.9, -3.0])  # in the band, and beyond it
def test_a_mixed_recording_is_called_human_nowhere_where_its_windows_are_in_doubt(ai):
    cut = cut_of(THRESHOLDS, BAND, "balanced")
    parts = parts_of(heard(*[1.2] * 8, *[ai] * 8), 1.0, cut)
    assert [segment.verdict for segment in segments_of(parts, cut)] == ["cannot tell", "ai"]
    verdict, reason = verdict_of(0.1, parts, cut)
    assert verdict == "mixed"
    assert "AI-generated at 0:09-0:19" in reason and "human" not in reason


def test_a_reason_names_as_human_what_its_segments_do():
    cut = cut_of(THRESHOLDS, BAND, "balanced")
    parts = parts_of(heard(*[3.0] * 8, *[-3.0] * 8, *[0.5] * 8), 1.0, cut)
    assert [segment.verdict for segment in segments_of(parts, cut)] == ["human", "ai", "cannot tell"]
    assert verdict_of(0.0, parts, cut)[1] == "AI-generated at 0:09-0:17, human at 0:00-0:09"


def test_between_the_thresholds_has_a_reason():
    cut = cut_of(THRESHOLDS, BAND, "balanced")
    verdict, reason = verdict_of(0.0, (), cut)
    assert verdict == "cannot tell"
    assert "between the thresholds" in reason
    assert f"{float(p_ai(1.5)):.2f} to {float(p_ai(-1.0)):.2f}" in reason


def test_results_are_json():
    windows = tuple(heard(1.0, -1.0))
    result = Result("mixed", "why", 0.0, 0.5, 5.0, 5.0, windows, (Segment(0.0, 5.0, "human"),))
    said = json.loads(json.dumps(as_json(result)))
    assert said["windows"][1] == {"start": 1.0, "stop": 5.0, "llr": -1.0, "p_ai": pytest.approx(0.7310586)}
    assert said["segments"] == [{"start": 0.0, "stop": 5.0, "verdict": "human"}]
    assert Result("cannot tell", "x", None, None, 0.0, 0.0, (), ()) != result


@pytest.mark.parametrize(
    ("verdict", "p", "words"),
    [
        ("ai", 0.995, "very sure"),
        ("ai", 0.9, "sure"),
        ("ai", 0.4, "hardly sure"),  # what --threshold recall may call ai
        ("human", 0.004, "very sure"),
        ("human", 0.2, "fairly sure"),
        ("human", 0.6, "hardly sure"),
        ("mixed", 0.999, ""),
        ("cannot tell", 0.5, ""),
        ("cannot tell", None, ""),
    ],
)
def test_confidence_is_that_of_the_verdict_and_goes_where_the_result_goes(verdict, p, words):
    result = Result(verdict, "", None if p is None else 0.0, p, 4.0, 4.0, (), ())
    assert confidence(result) == words
    assert as_json(result)["confidence"] == words


def test_a_result_of_one_window_has_the_call_on_the_whole_as_its_segment():
    result = result_of(-2.0, heard(-2.0), YES_OR_NO, hop=1.0, seconds=3.9996, speech_seconds=5.0)
    assert result.segments == (Segment(0.0, 4.0, "ai"),)
    assert (result.verdict, result.seconds, result.speech_seconds) == ("ai", 4.0, 4.0)


def test_times_and_names_are_for_people():
    assert [clock(each) for each in (0, 59.9, 60, 3723)] == ["0:00", "0:59", "1:00", "1:02:03"]
    assert printable("a\nb\x1b[31m é.wav") == "a\\nb\\x1b[31m é.wav"
    assert printable("bad\udcff") == "bad?"
