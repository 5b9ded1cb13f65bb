"""What can be told of a voice without a label: how high it is, how clean its recording."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import librosa
import numpy as np

from bonafide.audio.framing import frames_of

FRAME, HOP = 1024, 512  # samples at 16 kHz: four periods of the lowest voice
LOWEST, HIGHEST = 60.0, 400.0  # Hz of a speaking voice
VOICED_SHARE = 0.5  # the louder half of the frames; the rest is pauses and unvoiced sounds


def describe_voice(samples: np.ndarray, rate: int) -> dict[str, float]:
    """Return ``pitch_hz`` and ``snr_db`` of conditioned `samples`, shape (n,).

    The pitch is the median of YIN (de Cheveigné & Kawahara 2002) over the louder half of the frames. The
    signal-to-noise ratio is that of the 95th to the 5th percentile of the frames' power, which counts the quiet
    parts of speech as noise: good for comparing recordings, not an absolute figure.
    """
    padded = np.pad(samples, (0, max(0, FRAME - samples.size)))
    power = np.square(frames_of(padded, FRAME, HOP), dtype=np.float64).mean(axis=1) + 1e-10
    pitch = _yin()(padded, fmin=LOWEST, fmax=HIGHEST, sr=rate, frame_length=FRAME, hop_length=HOP, center=False)
    loud = power[: pitch.size] >= np.quantile(power[: pitch.size], 1 - VOICED_SHARE)
    low, high = np.quantile(power, [0.05, 0.95])
    return {"pitch_hz": float(np.median(pitch[loud])), "snr_db": float(10 * np.log10(high / low))}


@cache
def _yin() -> Callable[..., np.ndarray]:
    """Return librosa's YIN, compiled.

    Whoever asks for it first compiles it and keeps that beside librosa's source. Where two processes do so at once,
    they may leave a mixture there, by which each that comes later is killed: so they take turns.
    """
    with _turn(Path(librosa.__file__).parent):
        librosa.yin(np.zeros(2 * FRAME), fmin=LOWEST, fmax=HIGHEST, frame_length=FRAME, hop_length=HOP)
    track: Callable[..., np.ndarray] = librosa.yin
    return track


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Keep other processes out that want a turn in `folder`, where the system can lock one."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # on a share that cannot
            flock(place, LOCK_EX)
        yield
    finally:
        os.close(place)
