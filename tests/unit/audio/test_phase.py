"""How the phase of a sound bends: the same however loud and late it is, and what a pulse and a tone are told by."""

import numpy as np
import pytest

from bonafide.audio.phase import BANDS, VALUES, phase_bands, phase_centres
from bonafide.audio.spectrogram import SpectrogramSettings, band_centres, log_spectrogram

RATE, N_FFT, HOP = 16000, 512, 160
STEADY, PULSED = (slice(number * 2 * BANDS, number * 2 * BANDS + BANDS) for number in range(2))  # real parts


def bends(samples):
    return phase_bands(samples.astype(np.float32), N_FFT, HOP)


def test_a_frame_has_a_value_for_each_band_and_difference(voice):
    found = bends(voice[:RATE])
    assert found.shape == (1 + RATE // HOP, VALUES) and found.dtype == np.float32
    assert np.abs(found).max() <= 1 + 1e-5
    assert 0.05 < np.abs(found).mean() < 0.9


def test_they_are_the_same_however_loud_and_late_a_sound_is(voice):
    sound = voice[: 2 * RATE]
    np.testing.assert_allclose(bends(0.1 * sound), bends(sound), atol=0.02)
    late = bends(np.concatenate([np.zeros(10 * HOP, np.float32), sound]))[10:]
    np.testing.assert_allclose(late[5:-5], bends(sound)[5:-5], atol=1e-3)


def test_a_steady_tone_bends_not_along_time_and_a_pulse_not_along_frequency():
    time = np.arange(RATE) / RATE
    tone = bends(np.sin(2 * np.pi * 1000 * time))
    band = int(1000 / (RATE / 2) * BANDS)
    assert tone[5:-5, STEADY][:, band].min() > 0.99
    pulse = np.zeros(RATE)
    pulse[50 * HOP + 13] = 1.0
    assert bends(pulse)[50, PULSED].min() > 0.99
    noise = bends(np.random.default_rng(1).normal(size=RATE))
    assert noise[:, STEADY].mean() < 0.5, "noise bends anyhow, but as far as its frames overlap"


@pytest.mark.parametrize("size", [1, 100, 319, 4800])
def test_short_clips_and_silence_have_some_too(voice, size):
    found = bends(voice[:size])
    assert found.shape == (1 + size // HOP, VALUES) and np.isfinite(found).all()
    assert (bends(np.zeros(size)) == 0).all()


def test_they_stand_behind_bands_and_bins_at_the_frequencies_that_they_are_of(voice):
    settings = SpectrogramSettings(1024, HOP, 64, 0, 8000, linear_n_ffts=(N_FFT,), phase_n_fft=N_FFT)
    assert settings.layout.widths == (64, 255, VALUES) and settings.bands.width == 64
    whole = log_spectrogram(voice[:RATE], RATE, settings)
    assert whole.shape[1] == settings.width
    np.testing.assert_array_equal(whole[:, -VALUES:], bends(voice[:RATE]).astype(np.float16))
    centres = band_centres(settings, RATE)
    assert centres.shape == (settings.width,)
    np.testing.assert_array_equal(centres[-VALUES:], phase_centres(N_FFT, RATE))
    assert centres[-BANDS] == pytest.approx(RATE / 4 / BANDS, rel=0.2) and np.diff(centres[-BANDS:]).min() > 0
