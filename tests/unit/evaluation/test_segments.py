"""Segment EERs: what a segment is, whose score it has, and examples that can be computed by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.evaluation import segments
from bonafide.evaluation.segments import SegmentScores, coarser, in_cells, segment_llr
from bonafide.scoring.calibration import Calibration

MEL = SpectrogramSettings(512, 160, 40, 20, 8000)
RATE = 16000


class Meter:
    """In place of a detector: how loud a crop is, in decibels."""

    crop_frames = 400
    facts = SimpleNamespace(audio=SimpleNamespace(rate=RATE), spectrogram=MEL, calibration=Calibration(1.0, 0.0))

    def logits(self, batch):
        assert batch.shape[1:] == (400, 40)
        return batch.mean(axis=(1, 2))


def scores(llr, human, partly=True):
    return SegmentScores(np.array(llr, np.float32), np.array(human, bool), partly)


def test_a_cell_is_spoof_where_any_of_it_is_but_for_the_rounding_of_labels():
    assert in_cells([{"start": 0.019, "end": 0.04}], 3).tolist() == [True, True, False]
    assert in_cells([{"start": 0.0199, "end": 0.0401}], 3).tolist() == [False, True, False]
    assert in_cells([], 2).tolist() == [False, False]


def test_coarser_segments_have_the_mean_score_and_are_spoof_where_any_cell_is():
    fine = scores([4, 2, 0, -2, -6], [True, True, True, False, True])
    coarse = coarser(fine, 2)
    assert coarse.llr.tolist() == [3, -1, -6]  # the rest is a segment of its own
    assert coarse.human.tolist() == [True, False, True]
    assert coarser(fine, 32).human.tolist() == [False]


def test_the_rates_are_those_of_all_segments_together():
    partly = scores([3, 2, -1, -2], [True, True, False, False])
    human = scores([-3, 1, 4, 5], [True] * 4, partly=False)
    pooled = segments._measures([partly, human], 1)
    # Between 1 and -1 one human segment of six is called ai and no ai one is missed; below -2, one and both.
    assert pooled == {"eer": pytest.approx(1 / 12), "eer_partly": 0.0, "segments_ai": 2.0, "segments_human": 6.0}
    assert segments._measures([human], 1) == {"segments_ai": 0.0, "segments_human": 4.0}


def test_the_window_around_a_segment_speaks_for_it(voice):
    second = voice[:RATE]  # over and over, so that any window of a second holds all of it
    samples = np.concatenate([*[second] * 3, *[np.float32(0.01) * second] * 3, *[second] * 2])[: 15 * RATE // 2]
    llr = segment_llr(Meter(), samples)
    assert llr.size == 375  # cells of 7.5 s
    loud, still = llr[:120], llr[180:270]  # as far as the windows' halves from where it changes
    assert loud.max() < still.min() - 10  # a loud crop has a high logit, and a low llr
    middle = (loud.mean() + still.mean()) / 2
    assert 145 <= int(np.argmax(llr > middle)) <= 155  # it changes after 3 s, 150 cells


def test_a_clip_shorter_than_a_window_is_one(voice):
    llr = segment_llr(Meter(), voice[RATE : RATE + RATE // 2])
    assert llr.size == 25
    assert np.ptp(llr) == 0
