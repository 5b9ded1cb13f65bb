"""How the phase of a sound bends from bin to bin and frame to frame, in bands.

A generator makes a spectrum that looks right; that the phases fit each other as those of a throat do is harder, and
nothing of it shows in a spectrum's power. The second differences of phase do not change with the level or with a delay,
and only slowly with a filter: along time they tell how steady a partial is, along frequency how much of a frame is one
pulse, and along both how the one moves with the other.
"""

import numpy as np

from bonafide.audio.framing import frames_of, hann, mirrored
from bonafide.audio.transforms import rfft

BANDS = 32  # of one width, from 0 Hz to half the rate
VALUES = 6 * BANDS  # of a frame: real and imaginary parts of three differences
TINY = np.float32(1e-9)  # of a magnitude: below it is no phase


def phase_bands(samples: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Return the mean bend of phase in each band of each frame of `samples`, shape (n,).

    Bends are unit phasors, weighed by the roots of the magnitudes in the middle: 1 where all of a band bends not at
    all, 0 where it bends anyhow.

    Returns
    -------
    np.ndarray, shape=(1 + n // hop_length, VALUES), float32
        Along time, along frequency and along both, the real parts in `BANDS` bands before the imaginary ones.
    """
    frames = frames_of(mirrored(samples.astype(np.float32, copy=False), n_fft // 2), n_fft, hop_length)
    spectra = rfft(frames * hann(n_fft))[:, 1:-1]
    size = np.abs(spectra)
    unit, weight = spectra * (1 / (size + TINY)), np.sqrt(size)  # numpy divides by a complex number, and slowly
    onward, upward = unit[1:] * np.conj(unit[:-1]), unit[:, 1:] * np.conj(unit[:, :-1])  # steps of frames, and of bins
    bends = [
        (onward[1:] * np.conj(onward[:-1]), weight[1:-1], 1),
        (upward[:, 1:] * np.conj(upward[:, :-1]), weight[:, 1:-1], 0),
        (upward[1:] * np.conj(upward[:-1]), weight[1:, 1:], 0),
    ]
    means = [_filled(_band_means(bend, heavy), len(frames), first) for bend, heavy, first in bends]
    return np.concatenate([part for mean in means for part in (mean.real, mean.imag)], axis=1)


def phase_centres(n_fft: int, rate: int) -> np.ndarray:
    """Return the frequency in the middle of each value of a frame, in hertz, shape (VALUES,)."""
    edges = _edges(n_fft // 2 - 1)
    return np.tile((edges[1:] + edges[:-1] + 1) / 2 * rate / n_fft, VALUES // BANDS)


def _band_means(bends: np.ndarray, weight: np.ndarray) -> np.ndarray:
    starts = _edges(bends.shape[1])[:-1]
    means: np.ndarray = np.add.reduceat(bends * weight, starts, axis=1)
    means *= 1 / (np.add.reduceat(weight, starts, axis=1) + TINY)
    return means


def _edges(bins: int) -> np.ndarray:
    return np.rint(np.linspace(0, bins, BANDS + 1)).astype(int)


def _filled(values: np.ndarray, count: int, first: int) -> np.ndarray:
    """Return `values`, of the frames from `first` on, for `count` frames: those at the edges are their neighbours'."""
    if not len(values):
        return np.zeros((count, BANDS), np.complex64)
    return values[np.clip(np.arange(count) - first, 0, len(values) - 1)]
