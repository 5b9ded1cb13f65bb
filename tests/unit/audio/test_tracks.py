"""Which of several sound tracks is heard: one that is not silent; each, where they carry different voices."""

import numpy as np
import pytest
from scipy.signal import correlate

from bonafide.audio.decoding import decode
from bonafide.audio.opening import open_sound
from bonafide.audio.recording import UnusableError

from ...encoding import av_encoded

RATE = 16000
FRAME = 0.15  # seconds: priming and padding of an encoder


def test_a_silent_first_track_is_passed_over(tmp_path, voice):
    path = tmp_path / "clip.m4a"
    av_encoded(path, [0 * voice[: 4 * RATE], voice], "aac", "mp4")
    recording = decode(path, max_seconds=60)
    assert recording.note == "one of 2 sound tracks was heard, number 2"
    assert recording.samples.size / RATE == pytest.approx(10, abs=FRAME)
    assert np.abs(recording.samples).max() > 0.1


def likeness(one, other):
    """Return the highest correlation of two signals of some length, whatever the delay of a codec."""
    return correlate(one, other).max() / (np.linalg.norm(one) * np.linalg.norm(other))


def test_tracks_with_different_voices_are_channels(tmp_path, voice):
    path, half = tmp_path / "clip.mp4", 5 * RATE
    av_encoded(path, [0 * voice[:half], voice[:half], np.stack([voice[half:]] * 2, axis=1)], "aac", "mp4")
    sound = open_sound(path)
    tracks = np.concatenate(list(sound.blocks))
    assert tracks.shape == (pytest.approx(half, abs=FRAME * RATE), 2)
    for track, samples in zip(tracks.T, (voice[:half], voice[half:]), strict=True):
        assert likeness(track, samples) > 0.9
    assert sound.notes == ["2 of 3 sound tracks were heard as its channels: numbers 2, 3"]


def test_tracks_with_one_voice_are_one(tmp_path, voice):
    path = tmp_path / "clip.mp4"
    av_encoded(path, [voice, 0.3 * np.roll(voice, 160)], "aac", "mp4")
    recording = decode(path, max_seconds=60)
    assert recording.note == "one of 2 sound tracks was heard, number 1"
    assert np.std(recording.samples) == pytest.approx(np.std(voice), rel=0.1)  # and no mean with the fainter one


def test_a_track_in_an_unknown_codec_is_passed_over_or_said(tmp_path, voice):
    path = tmp_path / "clip.m4a"
    two = av_encoded(path, voice, "aac", "mp4", tracks=2)
    path.write_bytes(two.replace(b"mp4a", b"apac", 1).replace(b"esds", b"dapa", 1))
    assert decode(path, max_seconds=60).note == "one of 2 sound tracks was heard, number 2"
    path.write_bytes(two.replace(b"mp4a", b"apac").replace(b"esds", b"dapa"))
    with pytest.raises(UnusableError, match="its sound is in a codec that cannot be decoded here"):
        decode(path, max_seconds=60)
