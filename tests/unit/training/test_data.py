"""What the training sees: crops of training clips alone, in an order that the seed fixes, under bounded masks."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bonafide.clips.features import feature_schema
from bonafide.pipeline.tables import write_table
from bonafide.training import data
from bonafide.training.data import Clips, clip_spectrograms, copies_of, training_batches
from bonafide.training.draws import Draws

BANDS, FRAMES = 6, 5
AI = {f"train{number:02}": number % 3 == 0 for number in range(20)}
DEV = {f"dev{number}": True for number in range(7)}
CLIPS = [(clip, copy) for clip in [*AI, *DEV] for copy in ((0, 1) if clip in AI else (0,))]


def plain(mel, start, rng):
    """Draw a crop as it is."""
    return mel[start : start + FRAMES]


@pytest.fixture
def folder(tmp_path):
    """Two parts in several row groups; a value tells clip, copy and frame, so that a crop shows where it is from."""
    for part in (0, 1):
        rows = [
            {"clip": clip, "copy": copy, "frames": frames, "mel": mel.astype(np.float16).tobytes()}
            for number, (clip, copy) in enumerate(CLIPS)
            if number % 2 == part
            for frames in [3 + number % 9]
            for mel in [np.full((frames, BANDS), number, np.float16) + np.arange(frames)[:, None] / 16]
        ]
        table = pa.Table.from_pylist(rows, schema=feature_schema())
        write_table(table, tmp_path / f"part-{part:04d}.parquet", rows_per_group=4)
    assert pq.read_metadata(tmp_path / "part-0000.parquet").num_row_groups > 3
    return tmp_path


ONCE = Draws(dict.fromkeys(AI, 1.0), dict.fromkeys(AI, 1.0))


def epoch(folder, seed=0, size=8, draws=ONCE, draw=None):
    clips = Clips(folder, AI, DEV, FRAMES, BANDS)
    return list(training_batches(clips, draws, size, draw or plain, np.random.default_rng(seed)))


def test_only_training_clips_are_seen_with_their_labels_once_each(folder):
    seen = Counter()
    for crops, is_ai in epoch(folder):
        assert crops.shape == (8, FRAMES, BANDS)
        assert crops.dtype == is_ai.dtype == np.float32
        assert is_ai.shape == (8, 1)
        for crop, label in zip(crops, is_ai[:, 0], strict=True):
            (number,) = set(np.floor(crop).ravel().tolist())
            clip, copy = CLIPS[int(number)]
            assert AI[clip] == bool(label)
            seen[clip, copy] += 1
    assert sum(seen.values()) == 40
    assert set(seen.values()) == {1}


def test_what_does_not_fill_a_batch_is_left(folder):
    assert len(epoch(folder, size=16)) == 2
    assert len(epoch(folder, size=40)) == 1
    assert epoch(folder, size=41) == []


def test_crops_are_consecutive_frames_and_short_clips_are_repeated(folder):
    for crops, _ in epoch(folder):
        for crop in crops:
            number = int(crop[0, 0])
            length = 3 + number % 9
            at = np.rint((crop[:, 0] - number) * 16).astype(int)
            assert (at == (at[0] + np.arange(FRAMES)) % length).all()
            assert (crop == crop[:, :1]).all()


def test_crops_are_at_every_place(folder):
    starts = {int(crop[0, 0] * 16) % 16 for seed in range(12) for crops, _ in epoch(folder, seed) for crop in crops}
    assert starts == set(range(11 - FRAMES + 1))


def same(one, other):
    return all(
        np.array_equal(a, b) for ones, others in zip(one, other, strict=True) for a, b in zip(ones, others, strict=True)
    )


def test_the_seed_fixes_the_order_and_everything_else(folder, monkeypatch):
    assert same(epoch(folder, 1), epoch(folder, 1))
    assert not same(epoch(folder, 1), epoch(folder, 2))
    monkeypatch.setattr(data, "GROUPS_IN_MEMORY", 2)
    assert same(epoch(folder, 1), epoch(folder, 1))
    assert sum(len(crops) for crops, _ in epoch(folder, 1)) == 40


def test_classes_and_parts_are_mixed(folder):
    labels = np.concatenate([is_ai[:, 0] for _, is_ai in epoch(folder)])
    assert np.abs(np.diff(labels)).sum() > 5
    numbers = np.concatenate([np.floor(crops[:, 0, 0]) for crops, _ in epoch(folder)])
    assert 0.3 < (numbers[:20] % 2).mean() < 0.7


def test_dev_clips_are_scored_without_copies(folder):
    found = dict(clip_spectrograms(folder, DEV))
    assert found.keys() == DEV.keys()
    assert [len(mel) for mel in found.values()] == [3 + CLIPS.index((clip, 0)) % 9 for clip in found]
    assert len(list(clip_spectrograms(folder, AI))) == len(AI)


def test_each_crop_is_drawn_by_what_is_asked_to(folder):
    places = []

    def draw(mel, start, rng):
        assert len(mel) >= FRAMES
        places.append(start)
        return np.full((FRAMES, BANDS), start, np.float32)

    crops = np.concatenate([crops for crops, _ in epoch(folder, draw=draw)])
    assert crops[:, 0, 0].tolist() == places


def test_clips_and_copies_are_drawn_as_often_as_asked(folder):
    draws = Draws({"train01": 2.5, "train02": 0.25}, {"train01": 1.0, "dev0": 9.0})
    seen = Counter()
    for seed in range(200):
        for crops, _ in epoch(folder, seed, size=1, draws=draws):
            seen[CLIPS[int(crops[0, 0, 0])]] += 1
    assert set(seen) == {("train01", 0), ("train01", 1), ("train02", 0)}
    assert seen["train01", 1] == 200
    assert seen["train01", 0] / 200 == pytest.approx(2.5, abs=0.15)
    assert seen["train02", 0] / 200 == pytest.approx(0.25, abs=0.15)


def test_copies_are_counted(folder):
    assert copies_of(folder) == 1
