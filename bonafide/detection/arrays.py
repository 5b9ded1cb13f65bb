"""Arrays of samples as sound, or a sentence on why they are none."""

import operator
from collections.abc import Iterator

import numpy as np

from bonafide.audio.recording import Sound
from bonafide.errors import UserError

MOST_CHANNELS = 64
BLOCK = 1 << 16  # samples
# What samples of these types are multiplied with and what was added to them; others have no full scale of their own.
FULL_SCALES = {"uint8": (128.0, 128.0), "int8": (128.0, 0.0), "int16": (2.0**15, 0.0), "int32": (2.0**31, 0.0)}


def samples_of(array: np.ndarray) -> np.ndarray:
    """Return samples of any usual type and order as shape (n, channels), float32 with a full scale of 1.

    Raises
    ------
    UserError
        Where nobody could tell what they mean.
    """
    if array.ndim not in (1, 2) or not array.size:
        raise UserError(f"an array of samples has the shape (n,) or (n, channels), not {array.shape}")
    if np.issubdtype(array.dtype, np.floating):
        samples = array
    elif array.dtype.name in FULL_SCALES:
        scale, offset = FULL_SCALES[array.dtype.name]
        exact: np.ndarray = array.astype(np.float64 if scale > 2**24 else np.float32)
        samples = (exact - offset) / scale
    else:
        raise UserError(f"samples are floats, int16, int32 or uint8, not {array.dtype}, which has no full scale")
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.shape[1] > MOST_CHANNELS:
        if samples.shape[0] > MOST_CHANNELS:
            raise UserError(f"an array of samples has the shape (n,) or (n, channels), not {array.shape}")
        samples = samples.T  # (channels, n), as torchaudio and librosa have it
    return np.ascontiguousarray(samples, dtype=np.float32)


def rate_of(rate: object) -> int:
    """Return a sampling rate as a whole number; `UserError` where it is none."""
    try:
        hertz = int(rate) if isinstance(rate, float | np.floating) and rate == int(rate) else operator.index(rate)  # type: ignore[arg-type] # that is what is found out
    except (TypeError, ValueError, OverflowError):
        hertz = 0
    if hertz <= 0 or isinstance(rate, bool):
        raise UserError(f"the sampling rate of an array is a whole number of hertz, such as rate=16000, not {rate!r}")
    return hertz


def array_sound(samples: np.ndarray, rate: int) -> Sound:
    """Return `samples`, shape (n, channels), as a sound."""

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(samples), BLOCK):
            yield samples[start : start + BLOCK]

    return Sound(rate, samples.shape[1], "", blocks())
