"""What lies between a voice and its file, as pure functions: rooms, noise, filters, clipping; codecs stand beside.

The copies that train, the sweep that tests and the demo corpus draw their conditions from here, each with numbers of
its own.
"""

import numpy as np
from scipy.signal import butter, fftconvolve, sosfiltfilt

FILTER_ORDER = 6
TAIL_DB = 60  # what a room's sound has lost at its reverberation time


def band(samples: np.ndarray, rate: int, *, low: float | None = None, high: float) -> np.ndarray:
    """Return `samples`, shape (n,), float32, with what lies between `low` and `high` hertz; all below without `low`.

    A Butterworth filter of order 6, forwards and backwards: no phase is changed.
    """
    edges, kind = (high, "lowpass") if low is None else ([low, high], "bandpass")
    sections = butter(FILTER_ORDER, edges, kind, fs=rate, output="sos")
    filtered: np.ndarray = sosfiltfilt(sections, samples)
    return filtered.astype(np.float32)


def pink_noise(samples: np.ndarray, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """Return `samples`, shape (n,), float32, with pink noise (-3 dB an octave) at `snr_db` added."""
    spectrum = np.fft.rfft(rng.standard_normal(samples.size))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(spectrum.size))), samples.size)
    gain = np.sqrt(np.mean(samples**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    noisy: np.ndarray = samples + gain * noise
    return noisy.astype(np.float32)


def room_tail(seconds: float, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Return what a room answers to a click, shape (seconds * rate,): noise that falls by 60 dB in `seconds` (RT60)."""
    size = round(seconds * rate)
    tail: np.ndarray = rng.standard_normal(size) * 10 ** (-TAIL_DB / 20 * np.arange(size) / size)
    return tail


def reverberant(samples: np.ndarray, tail: np.ndarray, energy: float) -> np.ndarray:
    """Return `samples`, shape (n,), float32, with the `tail` of a room behind them.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,)
    tail : np.ndarray, shape=(m,)
        Of `room_tail`; the direct sound takes the place of its first sample.
    energy : float
        Of the tail, relative to the direct sound's.
    """
    response = tail * np.sqrt(energy / np.square(tail).sum())
    response[0] = 1.0
    heard: np.ndarray = fftconvolve(samples, response)[: samples.size]
    return heard.astype(np.float32)


def clipped(samples: np.ndarray, share: float) -> np.ndarray:
    """Return `samples`, shape (n,), with so large a `share` of them cut off at the rails."""
    rail = float(np.quantile(np.abs(samples), 1 - share))
    railed: np.ndarray = np.clip(samples, -rail, rail)
    return railed
