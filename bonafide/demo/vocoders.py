"""Copy-synthesis: a recording taken apart into what a vocoder keeps and put together again by a machine.

Three families that share no code, so that a detector trained on one is tested on another.
"""

import numpy as np

from bonafide.audio.spectrogram import triangles
from bonafide.demo.channels import RATE

GENERATORS = {"world": "world", "griffinlim": "griffinlim-mel80", "lpc": "lpc-pulse"}
WINDOW = 512  # samples
HOP = 128  # samples
MEL_BANDS = 80  # as most neural vocoders are given
ITERATIONS = 32
LPC_ORDER = 18  # two for each of some 8 resonances below 8 kHz, and the tilt
WHITENING = 1.0001  # keeps the equations of a pure tone solvable


def copy(samples: np.ndarray, vocoder: str) -> np.ndarray:
    """Return what `vocoder` makes of `samples`, shape (n,), float32 at 16 kHz: same length, same level."""
    made = {"world": _world, "griffinlim": _griffinlim, "lpc": _lpc}[vocoder](samples.astype(np.float64))
    made = np.pad(made, (0, max(0, samples.size - made.size)))[: samples.size]
    return (made * (_rms(samples) / max(_rms(made), 1e-9))).astype(np.float32)


def _world(samples: np.ndarray) -> np.ndarray:
    import pyworld

    pitch, times = _pitch(samples)
    envelope = pyworld.cheaptrick(samples, pitch, times, RATE)
    noise = pyworld.d4c(samples, pitch, times, RATE)
    return pyworld.synthesize(pitch, envelope, noise, RATE)


def _griffinlim(samples: np.ndarray) -> np.ndarray:
    """Throw the phase away, squeeze the magnitude through 80 mel bands, search a phase that fits."""
    from scipy.signal import istft, stft  # here, as every engine starts a process that needs no scipy

    grid = {"fs": RATE, "nperseg": WINDOW, "noverlap": WINDOW - HOP}
    filters = mel_filters(MEL_BANDS)
    magnitude = np.maximum(np.linalg.pinv(filters) @ (filters @ np.abs(stft(samples, **grid)[2])), 0.0)
    phase = np.exp(2j * np.pi * np.random.default_rng(0).random(magnitude.shape))
    for _ in range(ITERATIONS):
        guess = stft(istft(magnitude * phase, **grid)[1], **grid)[2][:, : magnitude.shape[1]]
        phase = guess / np.maximum(np.abs(guess), 1e-9)
    made: np.ndarray = istft(magnitude * phase, **grid)[1]
    return made


def mel_filters(bands: int) -> np.ndarray:
    """Return triangles of one height on O'Shaughnessy's mel scale (1987), shape (bands, WINDOW // 2 + 1)."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    return np.ascontiguousarray(triangles(edges, np.linspace(0, RATE / 2, WINDOW // 2 + 1)).T)


def _lpc(samples: np.ndarray) -> np.ndarray:
    """Excite an all-pole throat for each frame by pulses or, where unvoiced, by noise, as of old."""
    source = _excitation(samples)
    window = np.hanning(WINDOW)
    padded, source = (np.pad(signal, WINDOW) for signal in (samples, source))
    made = np.zeros_like(padded)
    for start in range(0, padded.size - WINDOW, HOP):
        frame = padded[start : start + WINDOW] * window
        power = np.correlate(frame, frame, mode="full")[WINDOW - 1 : WINDOW + LPC_ORDER]
        if power[0] > 1e-7:
            made[start : start + WINDOW] += _through_throat(power, source[start : start + WINDOW]) * window
    return made[WINDOW:-WINDOW]


def _through_throat(power: np.ndarray, source: np.ndarray) -> np.ndarray:
    from scipy.linalg import solve_toeplitz
    from scipy.signal import lfilter

    power = np.concatenate(([power[0] * WHITENING], power[1:]))
    poles = np.concatenate(([1.0], -solve_toeplitz(power[:-1], power[1:])))
    made: np.ndarray = lfilter([1.0], poles, source)
    made *= np.sqrt(power[0] / max(float(made @ made), 1e-9))
    return made


def _excitation(samples: np.ndarray) -> np.ndarray:
    pitch, times = _pitch(samples)
    pitch = np.interp(np.arange(samples.size) / RATE, times, pitch)
    voiced = pitch > 50  # hertz; the ramps into 0 of unvoiced frames are no pitch
    pulses = np.diff(np.floor(np.cumsum(pitch / RATE)), prepend=0.0)
    noise = np.random.default_rng(0).standard_normal(samples.size)
    return np.where(voiced, pulses * np.sqrt(RATE / np.maximum(pitch, 50)), noise)


def _pitch(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pitch in hertz, 0 where unvoiced, and its times in seconds.

    By WORLD's DIO and StoneMask, as its Harvest takes most of the time of a copy.
    """
    import pyworld

    rough, times = pyworld.dio(samples, RATE)
    return pyworld.stonemask(samples, rough, times, RATE), times


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))
