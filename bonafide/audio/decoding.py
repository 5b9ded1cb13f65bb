"""Decode recordings: any format in, mono samples out, and a reason where a file cannot be used."""

from pathlib import Path

import numpy as np

from bonafide.audio.channels import CANCEL, DIFFER, Levels, mono
from bonafide.audio.opening import open_sound
from bonafide.audio.recording import Recording, Sound, UnusableError

__all__ = ["Recording", "UnusableError", "decode", "first_seconds"]
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
    levels = Levels(sound.rate)
    samples = first_seconds(sound, max_seconds, levels=levels)
    channel = levels.cancelled()
    notes = list(sound.notes)
    if channel is not None:
        samples = first_seconds(open_sound(path, max_seconds), max_seconds, channel=channel)
        notes.append(CANCEL.format(channel + 1))
    elif levels.voices():
        notes.append(DIFFER)
    return Recording(samples, sound.rate, sound.format, "; ".join(notes))


def first_seconds(sound: Sound, most: float, *, channel: int | None = None, levels: Levels | None = None) -> np.ndarray:
    """Return the first `most` seconds of a channel of `sound`, or of the mean of all, and close it.

    Returns
    -------
    np.ndarray, shape=(n,), float32

    Raises
    ------
    UnusableError
        When it holds nothing, or cannot be read on.
    """
    size = round(most * sound.rate)
    taken, count = [np.zeros(0, np.float32)], 0
    for block in sound.blocks:
        if levels is not None:
            levels.add(block[: size - count])
        taken.append(mono(block, channel))
        count += len(block)
        if count >= size:
            break
    sound.close()
    if not count:
        raise UnusableError(NO_FRAMES)
    return np.concatenate(taken)[:size]
