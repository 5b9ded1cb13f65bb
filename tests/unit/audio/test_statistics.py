"""The statistics of crops: the same however loud a sound is, and as many as the parts of a frame ask for."""

import numpy as np
import pytest

from bonafide.audio.spectrogram import SpectrogramSettings, crop_rows, log_spectrograms
from bonafide.audio.statistics import BANDS, FINE_BINS, SEGMENT, all_statistics, spectral_statistics

RATE = 16000
FRAMES = 250  # of a crop
MOVES = 8 * BANDS  # statistics of how cepstra move
SETTINGS = SpectrogramSettings(1024, 160, 128, 0, 8000, linear_n_ffts=(512, 2048), linear_steps=(1, 3), phase_n_fft=512)


def parts_of(samples):
    parts = log_spectrograms(samples.astype(np.float32), RATE, SETTINGS)
    rows = [crop_rows(len(parts[0]), FRAMES, step) for step in SETTINGS.layout.steps]
    return [part[own].astype(np.float32) for part, own in zip(parts, rows, strict=True)]


def test_they_hardly_change_with_the_level(voice):
    loud, quiet = (all_statistics(parts_of(gain * voice[: 3 * RATE]), phase=True) for gain in (1.0, 0.5))
    assert loud.dtype == np.float32 and np.isfinite(loud).all()
    spread = loud.std(axis=0) + 0.1
    assert np.median(np.abs(loud - quiet) / spread) < 0.05


def test_each_part_has_its_own_and_of_long_windows_no_fine_structure_is_taken(voice):
    parts = parts_of(voice[: 2 * RATE])
    sizes = [spectral_statistics(part).shape[1] for part in parts[:-1]]
    bands, short, long = sizes
    assert parts[2].shape[2] > FINE_BINS >= parts[1].shape[2]
    assert bands == short > long > 300
    assert all_statistics(parts, phase=True).shape[1] == sum(sizes) + MOVES + 2 * parts[-1].shape[2]
    assert all_statistics(parts[:-1], phase=False).shape[1] == sum(sizes) + MOVES


@pytest.mark.parametrize("sound", ["silence", "noise", "pulse"])
def test_none_is_without_a_value(sound):
    samples = np.zeros(RATE, np.float32)
    if sound == "noise":
        samples = np.random.default_rng(1).normal(0, 0.1, RATE)
    elif sound == "pulse":
        samples[RATE // 2] = 1.0
    assert np.isfinite(all_statistics(parts_of(samples), phase=True)).all()


def test_one_clip_and_many_have_the_same(voice):
    parts = parts_of(voice[: 4 * RATE])
    together = all_statistics(parts, phase=True)
    alone = all_statistics([part[2:3] for part in parts], phase=True)
    np.testing.assert_allclose(together[2:3], alone, rtol=1e-4, atol=1e-4)


def test_a_segment_is_enough(voice):
    part = parts_of(voice[:RATE])[1][:, :SEGMENT]
    assert np.isfinite(spectral_statistics(part)).all()


def test_how_cepstra_move_is_told_by_the_voice_and_not_by_the_pauses(voice):
    """Two recorders differ in their noise where nobody speaks, as do 16 and 24 bits."""
    rng = np.random.default_rng(1)
    spoken = np.concatenate([voice[: 2 * RATE], np.zeros(RATE, np.float32)])
    a, b = (
        all_statistics(parts_of(spoken + rng.normal(0, level, spoken.size)), phase=False)[0, -MOVES:]
        for level in (1e-5, 1e-4)
    )
    spreads, tails = slice(0, 5 * BANDS), slice(6 * BANDS, 8 * BANDS)  # logarithms; the skewness between them is none
    assert np.abs(a - b)[spreads].mean() < 0.1
    assert np.abs(a - b)[tails].mean() < 0.1
