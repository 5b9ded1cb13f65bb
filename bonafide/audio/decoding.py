"""Decode recordings: any format in, mono samples out, and a reason where a file cannot be used."""

from pathlib import Path

import numpy as np

from bonafide.audio.blocks import beginning
from bonafide.audio.channels import Levels, mono
from bonafide.audio.opening import open_sound
from bonafide.audio.recording import Recording, Sound, UnusableError

__all__ = ["Recording", "UnusableError", "decode", "first_seconds", "mixed"]
CANCEL = "its channels cancel out: number {} was heard alone"
DIFFER = "its channels carry different voices, which were mixed"
NO_FRAMES = "the file holds no audio frames, or is cut short before they end"


def decode(path: Path, *, max_seconds: float) -> Recording:
    """Return the first `max_seconds` of the audio file `path`.

    WAV, FLAC, MP3, Ogg Vorbis and Opus and the other formats of libsndfile are read by content, whatever the file's
    name; the rest (M4A, MP4, WebM) by PyAV where it is installed, in a process of its own. Memory is bounded by
    `max_seconds`.

    Raises
    ------
    UnusableError
        When the file is empty, no audio, or cut short.
    """
    sound = open_sound(path, max_seconds)
    return mixed(first_seconds(sound, max_seconds), sound)


def first_seconds(sound: Sound, most: float) -> np.ndarray:
    """Return the first `most` seconds of `sound`, shape (n, channels), and close it."""
    samples = beginning(sound.blocks, round(most * sound.rate), sound.channels)
    sound.close()
    if not len(samples):
        raise UnusableError(NO_FRAMES)
    return samples


def mixed(samples: np.ndarray, sound: Sound) -> Recording:
    """Return `samples`, shape (n, channels), of `sound` as one channel, with a note on what that leaves out."""
    levels = Levels(sound.rate)
    levels.add(samples)
    channel = levels.cancelled()
    notes = [*sound.notes, *([CANCEL.format(channel + 1)] if channel is not None else [])]
    if channel is None and levels.voices():
        notes.append(DIFFER)
    return Recording(mono(samples, channel), sound.rate, sound.format, "; ".join(notes))
