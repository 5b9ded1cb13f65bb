"""Which channel is heard: the mean, unless they cancel; each, where they carry different voices."""

import numpy as np
import pytest
import soundfile
from scipy.signal import fftconvolve

from bonafide.audio.channels import CANCEL, DIFFER, Levels
from bonafide.audio.decoding import decode

RATE = 16000


def levels_of(*channels):
    levels = Levels(RATE)
    sound = np.stack(channels, axis=1).astype(np.float32)
    for start in range(0, len(sound), 7001):
        levels.add(sound[start : start + 7001])
    return levels


def roomy(samples, seed):
    """Return `samples` as a microphone elsewhere in the room hears them: later, with echoes of its own."""
    random = np.random.default_rng(seed)
    decay = np.exp(-np.arange(RATE // 4) / (0.06 * RATE)) * random.standard_normal(RATE // 4)
    decay[0] = 8
    return fftconvolve(np.pad(samples, (random.integers(200), 0)), decay)[: samples.size] / 20


@pytest.fixture(scope="module")
def pair(voice):
    """Two stretches of speech of one length, which have nothing to do with each other."""
    return voice[: 5 * RATE], voice[5 * RATE :]


@pytest.mark.parametrize("gain", [-1, -0.8, -1.1])
def test_channels_that_cancel_are_heard_alone(voice, gain):
    assert levels_of(voice, gain * voice).cancelled() == 0
    assert levels_of(0 * voice, voice, gain * voice).cancelled() == 1


def test_what_does_not_cancel_is_mixed(voice, pair):
    noise = np.random.default_rng(1).standard_normal(voice.size)
    for other in (voice, 0.3 * voice, 0 * voice, 0.1 * noise):
        assert levels_of(voice, other).cancelled() is None
    assert levels_of(*pair).cancelled() is None
    assert levels_of(*([0 * voice] * 7), voice).cancelled() is None
    assert levels_of(0 * voice, 0 * voice).cancelled() is None


def test_one_voice_in_several_channels_is_one(voice):
    noise = 0.002 * np.random.default_rng(1).standard_normal(voice.size)
    for other in (voice, 0.05 * voice, -voice, np.roll(voice, 160), 0 * voice, voice + noise, noise):
        assert levels_of(voice, other).voices() == []
    assert levels_of(roomy(voice, 1), roomy(voice, 2)).voices() == []


def test_two_voices_are_two_whether_at_once_or_in_turns(pair):
    one, other = pair
    assert levels_of(one, other).voices() == [0, 1]
    assert levels_of(one, 0 * one, 0.2 * other).voices() == [0, 2]
    assert levels_of(one + 0.05 * other, other + 0.05 * one).voices() == [0, 1]
    silence = np.zeros_like(one)
    assert levels_of(np.concatenate((one, silence)), np.concatenate((silence, other))).voices() == [0, 1]


def test_blocks_of_any_size_say_the_same(pair):
    sound = np.stack(pair, axis=1)
    whole, parts = levels_of(*pair), Levels(RATE)
    for start in range(0, len(sound), 333):
        parts.add(sound[start : start + 333])
    assert parts.voices() == whole.voices() == [0, 1]


def test_a_hum_beside_a_voice_is_none_of_it(voice):
    hum = 0.5 * np.sin(2 * np.pi * 120 / RATE * np.arange(voice.size))
    assert levels_of(hum, voice).voices() == [0, 1]
    assert levels_of(hum[: RATE // 2], voice[: RATE // 2]).voices() == []  # too short to tell


def test_the_pipeline_hears_a_voice_that_cancels_out(tmp_path, voice):
    soundfile.write(tmp_path / "clip.wav", np.stack((voice, -voice), axis=1), RATE)
    recording = decode(tmp_path / "clip.wav", max_seconds=60)
    np.testing.assert_allclose(recording.samples, voice, atol=1e-4)
    assert recording.note == CANCEL.format(1)


def test_the_pipeline_says_where_voices_were_mixed(tmp_path, pair):
    soundfile.write(tmp_path / "clip.wav", np.stack(pair, axis=1), RATE)
    assert decode(tmp_path / "clip.wav", max_seconds=60).note == DIFFER


def test_memory_is_that_of_one_channel(tmp_path, voice):
    soundfile.write(tmp_path / "clip.wav", np.repeat(voice[:, None], 16, axis=1), RATE)
    recording = decode(tmp_path / "clip.wav", max_seconds=60)
    assert recording.samples.shape == voice.shape
    assert recording.note == ""
