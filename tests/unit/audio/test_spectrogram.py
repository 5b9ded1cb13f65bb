"""The features are librosa's, in numpy alone; crops leave nothing out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.audio.spectrogram import (
    FLOOR,
    SpectrogramSettings,
    band_centres,
    crop_rows,
    crops,
    log_spectrogram,
    log_spectrograms,
    repeat_to,
)

RATE = 16000
SETTINGS = [
    (RATE, SpectrogramSettings(n_fft=512, hop_length=160, n_bands=64, f_min=20, f_max=8000)),
    (RATE, SpectrogramSettings(n_fft=1024, hop_length=64, n_bands=256, f_min=0, f_max=8000)),  # the seed's
    (RATE, SpectrogramSettings(n_fft=400, hop_length=100, n_bands=20, f_min=300, f_max=3400)),
    (RATE, SpectrogramSettings(n_fft=512, hop_length=500, n_bands=128, f_min=0, f_max=99999)),
    (8000, SpectrogramSettings(n_fft=257, hop_length=80, n_bands=40, f_min=0, f_max=4000)),
    (44100, SpectrogramSettings(n_fft=2048, hop_length=512, n_bands=80, f_min=50, f_max=16000)),
]


@pytest.mark.filterwarnings("ignore:Empty filters detected")
@pytest.mark.parametrize(("rate", "settings"), SETTINGS)
def test_log_mel_is_librosas(voice, rate, settings):
    librosa = pytest.importorskip("librosa", reason="needs librosa: pip install -e '.[pipeline]'")
    samples = voice[: 2 * RATE]
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=rate,
        n_fft=settings.n_fft,
        hop_length=settings.hop_length,
        n_mels=settings.n_bands,
        fmin=settings.f_min,
        fmax=min(settings.f_max, rate / 2),
        pad_mode="reflect",
    )
    expected = 10 * np.log10(np.maximum(power.T, FLOOR))
    ours = log_spectrogram(samples, rate, settings)
    assert ours.dtype == np.float16
    frames = min(len(ours), len(expected))
    assert abs(len(ours) - len(expected)) <= settings.n_fft % 2  # librosa pads an odd window by one sample less
    assert np.ptp(expected) > 40
    np.testing.assert_allclose(ours[:frames], expected[:frames], atol=0.04)  # half a step of float16 at -64 dB


@pytest.mark.parametrize("size", [1, 100, 256, 257, 4800])
def test_short_clips_have_features_too(voice, size):
    _, settings = SETTINGS[0]
    mel = log_spectrogram(voice[:size], RATE, settings)
    assert mel.shape == (1 + size // settings.hop_length, settings.n_bands)
    assert np.isfinite(mel).all()


def test_digital_silence_is_the_floor():
    _, settings = SETTINGS[0]
    assert (log_spectrogram(np.zeros(RATE, np.float32), RATE, settings) == -80).all()


def test_features_do_not_depend_on_what_was_computed_before(voice):
    rate, settings = SETTINGS[0]
    first = log_spectrogram(voice, rate, settings)
    for other_rate, other in SETTINGS[1:] * 2:  # through the caches and out of them again
        log_spectrogram(voice[:RATE], other_rate, other)
    assert np.array_equal(log_spectrogram(voice, rate, settings), first)


def test_so_many_seconds_have_so_many_frames():
    _, settings = SETTINGS[0]
    assert settings.frames(2.5, RATE) == 251 == len(log_spectrogram(np.ones(round(2.5 * RATE)), RATE, settings))


@given(length=st.integers(1, 400), frames=st.integers(1, 150))
def test_crops_cover_everything_and_overlap_by_half(length, frames):
    mel = np.arange(length)[:, None].repeat(2, axis=1)
    cut = crops(mel, frames)
    assert cut.shape[1:] == (frames, 2)
    assert set(cut[..., 0].ravel().tolist()) == set(range(min(length, max(length, frames))))
    if length >= frames:
        starts = cut[:, 0, 0]
        assert starts[0] == 0
        assert starts[-1] == length - frames
        assert (np.diff(starts) <= -(-frames // 2)).all()
        assert all((crop[:, 0] == start + np.arange(frames)).all() for start, crop in zip(starts, cut, strict=True))


@given(length=st.integers(1, 50), frames=st.integers(1, 150))
def test_short_spectrograms_are_repeated_whole(length, frames):
    mel = np.arange(length)[:, None]
    repeated = repeat_to(mel, frames)[:, 0]
    assert len(repeated) == max(length, frames)
    assert (repeated == np.arange(len(repeated)) % length).all()


def test_linear_bands_are_the_bins_of_the_transform(voice):
    librosa = pytest.importorskip("librosa", reason="needs librosa: pip install -e '.[pipeline]'")
    settings = SpectrogramSettings(n_fft=512, hop_length=160, n_bands=255, f_min=0, f_max=8000, scale="linear")
    power = np.square(np.abs(librosa.stft(voice, n_fft=512, hop_length=160, pad_mode="reflect")))[1:-1].T
    expected = 10 * np.log10(np.maximum(power * 512 / RATE, FLOOR))
    np.testing.assert_allclose(log_spectrogram(voice, RATE, settings), expected, atol=0.05)


LINEAR = [
    (RATE, SpectrogramSettings(n_fft=512, hop_length=160, n_bands=255, f_min=0, f_max=8000, scale="linear")),
    (RATE, SpectrogramSettings(n_fft=512, hop_length=160, n_bands=40, f_min=300, f_max=3400, scale="linear")),
]


@pytest.mark.parametrize(("rate", "settings"), [*SETTINGS, *LINEAR])
def test_a_tone_at_the_centre_of_a_band_is_loudest_in_it(rate, settings):
    centres = band_centres(settings, rate)
    assert centres.shape == (settings.n_bands,)
    fine = replace(settings, n_fft=1 << 14)  # the narrowest band is some bins wide
    time = np.arange(rate) / rate
    for band in range(0, settings.n_bands, max(1, settings.n_bands // 8)):
        mel = log_spectrogram(np.sin(2 * np.pi * centres[band] * time).astype(np.float32), rate, fine)
        assert mel[len(mel) // 2].argmax() == band


def test_linear_bands_of_half_the_rate_have_their_centres_at_the_bins():
    rate, settings = LINEAR[0]
    assert np.array_equal(band_centres(settings, rate), np.fft.rfftfreq(settings.n_fft, 1 / rate)[1:-1])


@pytest.mark.parametrize("frames", [100, 401])  # of a crop: shorter than the clip, and longer
def test_a_long_window_steps_over_frames_and_crops_hold_the_same_of_it_apart_and_side_by_side(voice, frames):
    steady = SpectrogramSettings(1024, 160, 64, 0, 8000, linear_n_ffts=(512, 2048))
    stepping = replace(steady, linear_steps=(1, 3))
    clip = voice[: 2 * 16000].astype(np.float32)
    bands, short, long = log_spectrograms(clip, 16000, stepping)
    assert np.array_equal(long, log_spectrograms(clip, 16000, steady)[2][::3])
    together = log_spectrogram(clip, 16000, stepping)
    assert np.array_equal(together[:, : -long.shape[1]], np.concatenate([bands, short], axis=1))
    heard = crops(together, frames)[:, ::3, -long.shape[1] :]
    assert np.array_equal(heard, long[crop_rows(len(bands), frames, 3)])


def test_steps_that_are_not_one_for_each_window_are_refused():
    with pytest.raises(ValueError, match="linear_steps needs a number for each of linear_n_ffts, or none"):
        SpectrogramSettings(1024, 160, 64, 0, 8000, linear_n_ffts=(512, 2048), linear_steps=(3,))
