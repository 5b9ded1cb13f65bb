"""The check that stood in the place of a VAD: energy, its movement, flatness and periodicity, in numpy alone.

It hears what is steady (noise, hum, tones, some music) and takes what moves for speech; `benchmarks/speech.py` holds it
against `bonafide.detection.vad`.
"""

from dataclasses import dataclass

import numpy as np

from bonafide.audio.framing import frames_of, hann

FRAME_SECONDS, HOP_SECONDS = 0.032, 0.016
VOICE_BAND = (100.0, 4000.0)  # hertz; where the power of speech is
ACTIVE_DB = 40.0  # below the loudest frames: quieter ones are pauses
CLEAR_DB = 30.0  # below the loudest frames: those that say what kind of sound it is
LOUDEST = 95  # percentile: a click alone does not set the scale
HANGOVER_SECONDS = 0.3  # on both sides of an active frame: the pauses inside of speech belong to it
BANDS = 16  # equal bands up to 4 kHz, whose levels move in speech
# Bounds that no more than some 0.1 % of real voices cross each; benchmarks/speech.py
MIN_LEVEL_SD = 4.0  # dB; the level of speech rises and falls with its syllables
MIN_BAND_SD = 0.8  # nepers of power; so do its bands
MAX_TONAL = 0.55  # of a frame's power in its strongest bin: a pure tone
MAX_FLATNESS = 0.38  # geometric by arithmetic mean of the spectrum: white noise has 0.56
FLAT_LEVEL_SD = 5.0  # dB; a flat spectrum that moves more is speech in noise
MIN_VOICED = 0.15  # share of periodic frames that excuses a flat spectrum
VOICED = 0.6  # normalised autocorrelation from which a frame is periodic
PITCH = (70.0, 400.0)  # hertz
TELEPHONE_HZ = 2500.0  # even a telephone carries more
NARROW_DB = -60.0  # power above, relative to all: less is nothing


@dataclass(frozen=True)
class Speech:
    """What was heard.

    Attributes
    ----------
    seconds : float
        Of speech, with the short pauses in it.
    reason : str
        Why it cannot be judged, in one sentence; empty where it can.
    """

    seconds: float
    reason: str


def examine(samples: np.ndarray, rate: int, *, seconds: float) -> Speech:
    """Tell how much speech there is in `samples`, and why it is none if it is none.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,)
        Conditioned: no offset, trimmed, levelled.
    rate : int
        In hertz.
    seconds : float
        Length before the silent edges were trimmed: a pause at an edge counts like one inside.
    """
    power = _power(samples, rate)
    bins = np.fft.rfftfreq(2 * (power.shape[1] - 1), 1 / rate)
    voice = power[:, (bins >= VOICE_BAND[0]) & (bins <= VOICE_BAND[1])] + 1e-12
    level = 10 * np.log10(voice.sum(axis=1))
    top = np.percentile(level, LOUDEST)
    clear = level > top - CLEAR_DB
    spoken = min(seconds, _with_pauses(level > top - ACTIVE_DB))
    return Speech(spoken, _why_not(power[clear], voice[clear], level[clear], bins, rate))


def _why_not(power: np.ndarray, voice: np.ndarray, level: np.ndarray, bins: np.ndarray, rate: int) -> str:
    total = power.sum(axis=1) + 1e-12
    if float(np.median(power[:, 4:].max(axis=1) / total)) > MAX_TONAL:
        return "a tone rather than speech"
    above = power[:, bins >= TELEPHONE_HZ].sum() / total.sum()
    if 10 * np.log10(above + 1e-12) < NARROW_DB:
        return f"narrow band: nothing above {TELEPHONE_HZ / 1000:g} kHz, where even a telephone carries speech"
    # Every kind of voice moves: what stays level in all bands is a machine, an air stream, a held chord.
    bands = np.log(_bands(voice))
    steady = float(level.std()) < MIN_LEVEL_SD or float(bands.std(axis=0).mean()) < MIN_BAND_SD
    flat = float(np.median(np.exp(np.log(voice).mean(axis=1)) / voice.mean(axis=1)))
    if not steady and flat > MAX_FLATNESS and float(level.std()) < FLAT_LEVEL_SD:
        steady = float((_periodicity(power, bins, rate) > VOICED).mean()) < MIN_VOICED
    return "music or noise rather than speech" if steady else ""


def _power(samples: np.ndarray, rate: int) -> np.ndarray:
    size, hop = _even(FRAME_SECONDS * rate), round(HOP_SECONDS * rate)
    spectrum = np.fft.rfft(frames_of(samples, size, hop) * hann(size))
    power: np.ndarray = np.square(spectrum.real) + np.square(spectrum.imag)
    return power


def _with_pauses(active: np.ndarray) -> float:
    """Return the seconds that are at most `HANGOVER_SECONDS` from an active frame, shape (n,)."""
    reach = round(HANGOVER_SECONDS / HOP_SECONDS)
    near = np.convolve(active, np.ones(2 * reach + 1), mode="full") > 0.5
    return float(near.sum()) * HOP_SECONDS


def _bands(voice: np.ndarray) -> np.ndarray:
    edges = np.linspace(0, voice.shape[1], BANDS + 1).astype(int)[:-1]
    return np.add.reduceat(voice, edges, axis=1)


def _periodicity(power: np.ndarray, bins: np.ndarray, rate: int) -> np.ndarray:
    """Return the largest autocorrelation at the lags of a voice's pitch, shape (frames,), the window's divided out."""
    size = 2 * (power.shape[1] - 1)
    low = np.where(bins <= 2000, power, 0)
    lags = slice(round(rate / PITCH[1]), round(rate / PITCH[0]))
    correlation = np.fft.irfft(low, n=size)
    of_window = np.fft.irfft(np.square(np.abs(np.fft.rfft(hann(size)))))
    shape = (correlation / (correlation[:, :1] + 1e-12)) / (of_window / of_window[0])
    largest: np.ndarray = shape[:, lags].max(axis=1)
    return largest


def _even(samples: float) -> int:
    return 2 * round(samples / 2)
