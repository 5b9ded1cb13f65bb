"""Sound in frames, and the window that they are seen through."""

from functools import lru_cache

import numpy as np


def frames_of(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return the frames of `size` samples that begin every `hop` samples of `samples`, shape (n,).

    Returns
    -------
    np.ndarray, shape=(1 + (n - size) // hop, size)
        Read-only, of the samples' own memory. A signal shorter than one frame is one, filled up with zeros; what does
        not fill the last frame is left out.
    """
    if samples.size < size:
        samples = np.pad(samples, (0, size - samples.size))
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]


def mirrored(samples: np.ndarray, edge: int) -> np.ndarray:
    """Return `samples`, shape (n,), with `edge` more on both sides: mirrored, or repeated where they are too few."""
    if samples.size <= edge:
        return np.pad(samples, edge, mode="wrap")
    return np.concatenate((samples[edge:0:-1], samples, samples[-2 : -edge - 2 : -1]))


@lru_cache(maxsize=8)
def hann(size: int) -> np.ndarray:
    """Return the periodic Hann window, shape (size,), float32."""
    window: np.ndarray = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    window = window.astype(np.float32)
    window.flags.writeable = False  # all share it
    return window
