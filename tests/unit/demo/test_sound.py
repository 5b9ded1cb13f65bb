import numpy as np
import pytest

from bonafide.demo.channels import CHANNELS, RATE, transmit
from bonafide.demo.pieces import pieces
from bonafide.demo.vocoders import GENERATORS, copy, mel_filters

SECONDS = 2


@pytest.fixture(scope="module")
def voice():
    """A buzz of 120 Hz with a slow loudness, some 60 harmonics and a little noise."""
    time = np.arange(SECONDS * RATE) / RATE
    buzz = sum(np.cos(2 * np.pi * 120 * n * time) / n for n in range(1, 60))
    noise = np.random.default_rng(1).standard_normal(time.size)
    return ((0.05 * buzz + 0.002 * noise) * (1 + np.sin(2 * np.pi * 2 * time))).astype(np.float32)


def rms(samples):
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_keeps_length_and_level_and_gives_the_same_twice(voice, channel):
    pytest.importorskip("G722")
    heard = transmit(voice, RATE, channel)
    assert abs(heard.size - voice.size) <= RATE / 100
    assert rms(heard) == pytest.approx(rms(voice), rel=0.3)
    np.testing.assert_array_equal(heard, transmit(voice, RATE, channel))


@pytest.mark.parametrize("channel", ["narrow", "gsm"])
def test_a_telephone_passes_nothing_above_4_khz(voice, channel):
    power = np.abs(np.fft.rfft(transmit(voice, RATE, channel))) ** 2
    assert power[power.size * 55 // 100 :].sum() < 1e-4 * power.sum()


def test_a_channel_takes_speech_of_other_rates_and_too_loud(voice):
    heard = transmit(voice * np.float32(40), 22050, "plain")
    assert heard.size == pytest.approx(voice.size * RATE / 22050, abs=2)
    assert np.abs(heard).max() < 1.1


@pytest.mark.parametrize("vocoder", GENERATORS)
def test_a_copy_has_length_and_level_of_its_original_and_is_no_original(voice, vocoder):
    pytest.importorskip("pyworld")
    made = copy(voice, vocoder)
    assert made.shape == voice.shape
    assert rms(made) == pytest.approx(rms(voice), rel=1e-3)
    assert np.isfinite(made).all()
    assert abs(np.corrcoef(made, voice)[0, 1]) < 0.99
    np.testing.assert_array_equal(made, copy(voice, vocoder))


def test_mel_filters_leave_no_band_empty():
    assert (mel_filters(40).sum(axis=1) > 0).all()


def test_long_speech_is_cut_at_its_pause(voice):
    pause = np.zeros(RATE // 2, np.float32)
    speech = np.concatenate([voice, voice, voice, pause, voice, voice])
    first, second = pieces(speech, RATE, min_seconds=1.5, max_seconds=8)
    assert 6.0 < first.size / RATE < 6.5
    np.testing.assert_array_equal(np.concatenate([first, second]), speech)


def test_short_and_silent_pieces_are_dropped(voice):
    assert pieces(voice[: RATE // 2], RATE, min_seconds=1.5, max_seconds=8) == []
    assert pieces(np.zeros(5 * RATE, np.float32), RATE, min_seconds=1.5, max_seconds=8) == []


def test_no_piece_is_longer_than_allowed(voice):
    cut = pieces(np.tile(voice, 10), RATE, min_seconds=1.5, max_seconds=4)
    assert cut
    assert max(piece.size for piece in cut) <= 4 * RATE
