"""What the peers hear: linear-frequency cepstra and the means of librosa's features, of conditioned clips."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.fft import dct

RATE, SECONDS = 16000, 4.0
HOP = 160  # samples: 10 ms
FRAMES = 1 + round(RATE * SECONDS) // HOP
FLOOR = 1e-10  # power
TOP_DB = 80  # below a clip's peak, where Kawa's front end (torchaudio's AmplitudeToDB) cuts


def fill(samples: np.ndarray) -> np.ndarray:
    """Return exactly `SECONDS` of `samples`, shape (n,): repeated or cut, as all three papers do."""
    wanted = round(RATE * SECONDS)
    return np.tile(samples, -(-wanted // samples.size))[:wanted]


def lfcc(samples: np.ndarray, *, window: int, filters: int, n_fft: int = 512) -> np.ndarray:
    """Return cepstra of the log power (dB) in `filters` linear bands, shape (1 + n // HOP, filters).

    Parameters
    ----------
    samples : np.ndarray, shape=(n,)
    window : int
        Length in samples of the Hann window, in the middle of `n_fft` samples.
    filters : int
        Triangles from 0 Hz to half the rate; as many coefficients come back.
    """
    padded = np.pad(samples.astype(np.float32), n_fft // 2, mode="reflect")
    edge = (n_fft - window) // 2
    taper = np.pad(np.hanning(window + 1)[:-1], (edge, n_fft - window - edge)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::HOP]
    power = np.square(np.abs(np.fft.rfft(frames * taper)))
    decibels = 10 * np.log10(np.maximum(power @ _triangles(filters, n_fft), FLOOR))
    return dct(np.maximum(decibels, decibels.max() - TOP_DB), norm="ortho", axis=1)


def asvspoof_lfcc(samples: np.ndarray) -> np.ndarray:
    """Return 20 LFCC of 20 ms frames with deltas and theirs, shape (frames, 60), as the ASVspoof baselines do."""
    static = lfcc(samples, window=320, filters=20) / 10  # their logarithm is of base 10, without the ten of decibels
    delta = _step(static)
    return np.concatenate([static, delta, _step(delta)], axis=1)


def kawa_lfcc(samples: np.ndarray) -> np.ndarray:
    """Return 128 LFCC of 25 ms frames, shape (frames, 128), as Kawa et al. do; the nets take of them what they need."""
    return lfcc(samples, window=400, filters=128)


def librosa_means(samples: np.ndarray) -> np.ndarray:
    """Return the means over time of 13 MFCC, 12 chroma and 7 bands of spectral contrast, shape (32,)."""
    from librosa import feature

    parts = [
        feature.mfcc(y=samples, sr=RATE, n_mfcc=13),
        feature.chroma_stft(y=samples, sr=RATE),
        feature.spectral_contrast(y=samples, sr=RATE),
    ]
    return np.concatenate([part.mean(axis=1) for part in parts])


FRONTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "asvspoof_lfcc": lambda samples: asvspoof_lfcc(fill(samples)),
    "kawa_lfcc": lambda samples: kawa_lfcc(fill(samples)),
    "librosa_means": librosa_means,
}


def _step(cepstra: np.ndarray) -> np.ndarray:
    padded = np.pad(cepstra, ((1, 1), (0, 0)), mode="edge")
    return padded[2:] - padded[:-2]


def _triangles(filters: int, n_fft: int) -> np.ndarray:
    """Return linear triangles of height 1, shape (1 + n_fft // 2, filters)."""
    edges = np.linspace(0, RATE / 2, filters + 2)
    bins = np.fft.rfftfreq(n_fft, 1 / RATE)[:, None]
    rising, falling = (bins - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - bins) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
