"""What the training sees: crops of training clips alone, in an order that the seed fixes, under bounded masks."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.audio.conditioning import to_flac
from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrogram
from bonafide.clips.features import FeatureSettings, feature_part, feature_schema, spectrograms_of
from bonafide.corpus.table import AUDIO, as_table
from bonafide.pipeline.tables import read_rows, write_table
from bonafide.training import data
from bonafide.training.data import SpecAugment, clip_spectrograms, mask, training_batches

BANDS, FRAMES = 6, 5
UNMASKED = SpecAugment(frequency_masks=0, frequency_share=0, time_masks=0, time_share=0)
AI = {f"train{number:02}": number % 3 == 0 for number in range(20)}
DEV = {f"dev{number}": True for number in range(7)}
CLIPS = [(clip, copy) for clip in [*AI, *DEV] for copy in ((0, 1) if clip in AI else (0,))]


@pytest.fixture
def folder(tmp_path):
    """Two parts in several row groups; a value tells clip, copy and frame, so that a crop shows where it is from."""
    for part in (0, 1):
        rows = [
            {"clip": clip, "copy": copy, "frames": frames, "mel": mel.tolist()}
            for number, (clip, copy) in enumerate(CLIPS)
            if number % 2 == part
            for frames in [3 + number % 9]
            for mel in [np.full((frames, BANDS), number, np.float16) + np.arange(frames)[:, None] / 16]
        ]
        table = pa.Table.from_pylist(rows, schema=feature_schema(BANDS))
        write_table(table, tmp_path / f"part-{part:04d}.parquet", rows_per_group=4)
    assert pq.read_metadata(tmp_path / "part-0000.parquet").num_row_groups > 3
    return tmp_path


def epoch(folder, seed=0, size=8, masks=UNMASKED):
    return list(training_batches(folder, AI, FRAMES, size, masks, np.random.default_rng(seed)))


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
    masks = SpecAugment(frequency_masks=1, frequency_share=0.5, time_masks=1, time_share=0.5)
    assert same(epoch(folder, 1, masks=masks), epoch(folder, 1, masks=masks))
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


@given(
    frames=st.integers(1, 40),
    bands=st.integers(1, 40),
    masks=st.builds(SpecAugment, st.integers(0, 3), st.floats(0, 1), st.integers(0, 3), st.floats(0, 1)),
    seed=st.integers(0, 99),
)
def test_masks_take_whole_bands_and_stretches_within_their_share(frames, bands, masks, seed):
    rng = np.random.default_rng(seed)
    crop = rng.standard_normal((frames, bands)).astype(np.float32)
    before, mean = crop.copy(), crop.mean()
    mask(crop, masks, rng)
    changed = crop != before
    assert (crop[changed] == mean).all()
    columns, lines = changed.all(axis=0), changed.all(axis=1)
    if frames > 1 and bands > 1:  # what is masked is whole columns and lines, so nothing else is
        assert np.array_equal(changed, columns[None] | lines[:, None])
    if not lines.all() and not columns.all():
        assert columns.sum() <= masks.frequency_masks * int(masks.frequency_share * bands)
        assert lines.sum() <= masks.time_masks * int(masks.time_share * frames)


def test_masks_take_what_they_may():
    masks = SpecAugment(frequency_masks=1, frequency_share=0.3, time_masks=0, time_share=0)
    widths = Counter()
    for seed in range(200):
        crop = np.random.default_rng(1).standard_normal((4, 20))
        before = crop.copy()
        mask(crop, masks, np.random.default_rng(seed))
        widths[int((crop != before).all(axis=0).sum())] += 1
    assert set(widths) == set(range(7))


def test_an_epoch_is_masked(folder):
    masks = replace(UNMASKED, time_masks=2, time_share=1.0)
    assert not same(epoch(folder, 1), epoch(folder, 1, masks=masks))


def test_features_come_back_from_their_part_bit_by_bit(tmp_path, voice):
    mel = SpectrogramSettings(n_fft=512, hop_length=160, n_bands=40, f_min=20, f_max=8000)
    empty = dict.fromkeys(AUDIO.names[:10], "") | {"seconds": 0, "level_dbfs": 0, "native_format": "", "license": ""}
    sounds = [np.rint(voice[start : start + 4000 + start] * 32767) / 32768 for start in (0, 5000, 40000)]
    rows = [
        empty
        | {"clip": f"c{number}", "copy": 0, "native_rate": 1, "audio": {"bytes": to_flac(sound, 16000), "path": ""}}
        for number, sound in enumerate(sounds)
    ]
    write_table(as_table(rows, AUDIO), tmp_path / "clips" / "part-0000.parquet")
    table = feature_part([str(tmp_path / "clips" / "part-0000.parquet")], FeatureSettings(mel, 16000))
    write_table(table, tmp_path / "part-0000.parquet")
    assert pq.read_schema(tmp_path / "part-0000.parquet").metadata[b"n_bands"] == b"40"
    (batch,) = read_rows([tmp_path / "part-0000.parquet"])
    for number, (read, sound) in enumerate(zip(spectrograms_of(batch), sounds, strict=True)):
        expected = log_spectrogram(sound.astype(np.float32), 16000, mel)
        assert read.dtype == np.float16
        assert np.array_equal(read, expected)
        assert np.array_equal(spectrograms_of(batch.slice(number, 1))[0], expected)
        assert np.array_equal(dict(clip_spectrograms(tmp_path, {f"c{number}"}))[f"c{number}"], expected)
