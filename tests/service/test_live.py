"""The detector that listens: the same answers as for whole recordings, each second, at a cost that does not grow."""

import numpy as np
import pytest

from bonafide import LiveDetector
from bonafide.audio.conditioning import resample
from bonafide.detection.live import FIRST_SPEECH, RECENT_SECONDS
from bonafide.detection.window_scores import MIN_SPEECH
from bonafide.errors import UserError

RATE = 16000


def fed(live, samples, size):
    """Feed in chunks of `size`, and return the updates."""
    return [update for at in range(0, len(samples), size) for update in live.feed(samples[at : at + size])]


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [*((RATE, seconds) for seconds in (0.4, 1.5, 6.37, 8.0, 8.02, 12.3)), (8000, 2.5), (8000, 10.7), (44100, 9.1)],
)
def test_what_it_says_at_the_end_is_what_predict_says_of_the_whole(detector, speech, rate, seconds):
    samples = resample(speech[: 13 * RATE], RATE, rate)[: round(seconds * rate)]
    live = LiveDetector(detector, rate=rate)
    fed(live, samples, 777)
    assert live.finish() == detector.predict(samples, rate=rate)


def test_until_a_clip_is_full_each_update_is_what_predict_says_of_what_was_heard(detector, speech):
    updates = fed(LiveDetector(detector, rate=RATE), speech[: 8 * RATE], 1000)
    assert [update.seconds for update in updates] == [1, 2, 3, 4, 5, 6, 7, 8]
    wholes = [detector.predict(speech[: second * RATE], rate=RATE) for second in range(1, 9)]
    late = [each for each in zip(updates, wholes, strict=True) if each[1].speech_seconds >= FIRST_SPEECH]
    assert len(late) >= 5
    assert all(update == whole for update, whole in late)


def test_the_first_verdict_comes_with_the_second_in_which_there_are_two_of_speech(detector, speech):
    quiet = np.zeros(3 * RATE, np.float32)
    samples = np.concatenate((quiet, speech[: 6 * RATE]))
    updates = fed(LiveDetector(detector, rate=RATE), samples, 4096)
    assert [update.reason for update in updates[:3]] == ["the recording is silent"] * 3
    spoken = [update.speech_seconds for update in updates]
    first = next(number for number, update in enumerate(updates) if update.llr is not None)
    assert spoken[first] >= FIRST_SPEECH > spoken[first - 1]
    early = next(update for update in updates if MIN_SPEECH <= update.speech_seconds < FIRST_SPEECH)
    assert (early.verdict, early.reason) == (
        "cannot tell",
        f"too little speech: {early.speech_seconds:.1f} s, 2 s are needed",
    )


@pytest.mark.parametrize("rate", [RATE, 44100])
def test_no_verdict_depends_on_how_the_sound_was_cut_into_chunks(detector, speech, rate):
    samples = resample(speech[: 11 * RATE], RATE, rate)
    some = [fed(LiveDetector(detector, rate=rate), samples, size) for size in (160, 5001, len(samples))]
    assert some[0] == some[1] == some[2]
    assert len(some[0]) in (10, 11)  # the filter that resamples holds the last moment back


def test_whatever_the_type_of_the_samples_they_are_the_same_sound(detector, speech):
    whole = np.round(speech[: 5 * RATE] * 32767).astype(np.int16)
    some = [whole, (whole / 32768).astype(np.float32), np.stack([whole, whole], axis=1)]
    said = [fed(LiveDetector(detector, rate=RATE), samples, RATE) for samples in some]
    assert said[0] == said[1] == said[2]


def test_a_second_costs_the_same_however_long_it_listens(detector, speech, monkeypatch):
    runs = []
    logit = detector.scorer.logit
    monkeypatch.setattr(detector.scorer, "logit", lambda samples: runs.append(samples.size) or logit(samples))
    live, costs = LiveDetector(detector, rate=RATE), []
    for second in range(75):
        at = second * RATE % (30 * RATE)
        before = len(runs)
        (update,) = live.feed(speech[at : at + RATE])
        costs.append(sum(runs[before:]))
        assert len(update.windows) <= RECENT_SECONDS
        assert update.windows == () or update.windows[0].start >= second - RECENT_SECONDS - 4
    assert max(costs[10:]) <= 4 * RATE  # one window
    assert live.finish().windows[0].start == 0  # the whole is remembered


def test_a_voice_that_begins_late_is_not_lost_in_what_was_before_it(detector, speech):
    live = LiveDetector(detector, rate=RATE)
    quiet = (0.001 * np.random.default_rng(1).normal(size=90 * RATE)).astype(np.float32)
    assert fed(live, quiet, RATE)[-1].verdict == "cannot tell"
    last = fed(live, speech[: 10 * RATE], RATE)[-1]
    assert last.llr is not None
    assert last.llr == pytest.approx(np.mean([window.llr for window in last.windows]))
    assert last.windows[0].start > 80


def test_what_is_no_sound_is_said(detector, speech):
    for wrong, why in (
        (6999, "narrow band"),
        (800_000, "header is damaged"),
        (1.5, "whole number"),
        (0, "whole number"),
    ):
        with pytest.raises(UserError, match=why):
            LiveDetector(detector, rate=wrong)
    with pytest.raises(UserError, match="threshold"):
        LiveDetector(detector, rate=RATE, threshold="loose")
    live = LiveDetector(detector, rate=RATE)
    assert live.feed(np.zeros(0, np.float32)) == []
    with pytest.raises(UserError, match="NaN"):
        live.feed(np.full(10, np.nan, np.float32))
    with pytest.raises(UserError, match="full scale"):
        live.feed(np.zeros(10, np.int64))
    assert live.finish().reason == "the file holds no audio frames"
    with pytest.raises(UserError, match="has ended"):
        live.feed(speech[:RATE])
