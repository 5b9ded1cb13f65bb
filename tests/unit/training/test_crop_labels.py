"""The label of a crop of a partly synthetic clip is that of what is in it."""

import numpy as np
import pyarrow as pa
import pytest

from bonafide.audio.spectrogram import crops
from bonafide.clips.features import ai_frames, feature_schema
from bonafide.pipeline.tables import write_table
from bonafide.training.crop_labels import AI, HUMAN, NEITHER, crop_labels, start_labels
from bonafide.training.data import Clips, training_batches, training_crops
from bonafide.training.draws import Draws

BANDS, FRAMES = 4, 8
SPLICED = [{"start": 10, "stop": 15}]
AI_CLIPS = {"human": False, "ai": True, "partly": True, "hardly": True}


def plain(mel, start, rng):
    """Draw a crop as it is."""
    return mel[start : start + FRAMES]


@pytest.fixture
def folder(tmp_path):
    """Features whose synthetic frames are 1 and whose human ones are 0."""
    rows = []
    for clip, stretches, frames in (
        ("human", [], 24),
        ("ai", [], 24),
        ("partly", SPLICED, 24),
        ("hardly", [{"start": 4, "stop": 5}], 8),
    ):
        mel = np.full((frames, BANDS), clip == "ai", np.float16)
        for stretch in stretches:
            mel[stretch["start"] : stretch["stop"]] = 1
        rows += [
            {"clip": clip, "copy": copy, "frames": frames, "mel": mel.tobytes(), "ai_frames": stretches}
            for copy in (0, 1)
        ]
    write_table(pa.Table.from_pylist(rows, schema=feature_schema()), tmp_path / "part-0000.parquet")
    return tmp_path


def test_frames_are_synthetic_whose_middles_lie_in_a_segment():
    segments = [{"start": 0.0, "end": 0.02}, {"start": 0.055, "end": 0.095}]
    assert ai_frames(segments, 9, 0.01) == [{"start": 0, "stop": 3}, {"start": 6, "stop": 9}]
    assert ai_frames([{"start": 0.012, "end": 0.018}], 9, 0.01) == []
    assert ai_frames(None, 9, 0.01) == []


def test_a_crop_is_ai_from_a_quarter_on_and_human_without_any():
    labels = start_labels(SPLICED, 24, FRAMES)
    shares = [len(set(range(start, start + FRAMES)) & set(range(10, 15))) / FRAMES for start in range(24 - FRAMES + 1)]
    assert labels.tolist() == [AI if share >= 0.25 else NEITHER if share else HUMAN for share in shares]
    assert [labels[start] for start in (2, 3, 4, 13, 14, 15)] == [HUMAN, NEITHER, AI, AI, NEITHER, HUMAN]


def test_the_crops_that_cover_a_clip_have_the_labels_of_where_they_begin():
    cut = crops(np.arange(24)[:, None], FRAMES)
    expected = start_labels(SPLICED, 24, FRAMES)[cut[:, 0, 0]]
    assert crop_labels(SPLICED, 24, FRAMES, True, len(cut)).tolist() == expected.tolist()
    assert crop_labels([], 24, FRAMES, True, 3).tolist() == [AI] * 3
    assert crop_labels([], 24, FRAMES, False, 3).tolist() == [HUMAN] * 3


def test_a_short_clip_is_repeated_with_its_segments():
    assert start_labels([{"start": 0, "stop": 1}], 4, FRAMES).tolist() == [AI]  # two of eight frames
    assert start_labels([{"start": 0, "stop": 1}], 8, FRAMES).tolist() == [NEITHER]


def test_a_random_crop_has_the_label_of_what_is_in_it_and_none_between_is_drawn(folder):
    once = Draws(dict.fromkeys(AI_CLIPS, 1.0), dict.fromkeys(AI_CLIPS, 1.0))
    clips, seen = Clips(folder, AI_CLIPS, {}, FRAMES, BANDS), set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        for batch, is_ai in training_batches(clips, once, 2, plain, rng):
            for crop, label in zip(batch, is_ai[:, 0], strict=True):
                assert (crop.mean() >= 0.25) == bool(label)
                assert label or crop.max() == 0
                seen.add((float(crop.mean()), bool(label)))
    assert {(0.0, False), (1.0, True), (0.25, True), (0.625, True)} <= seen
    assert 0.125 not in {share for share, _ in seen}


def test_every_crop_of_the_statistics_has_its_label(folder):
    labels = {(clip, copy): of.tolist() for clip, copy, _, of in training_crops(folder, AI_CLIPS, FRAMES)}
    assert labels["human", 0] == labels["human", 1] == [HUMAN] * 5
    assert labels["ai", 1] == [AI] * 5
    assert labels["partly", 0] == labels["partly", 1] == [HUMAN, AI, AI, AI, HUMAN]
    assert labels["hardly", 0] == [NEITHER]
