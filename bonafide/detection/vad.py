"""Voice activity detection: how much speech there is in a recording, and why it cannot be judged if it cannot.

Whether it is speech the network in `bonafide.detection.silero` says, whether it is one voice how its level and bands
move, and how much of it there is the level of its pieces, so that short pauses inside of speech belong to it. Singing
and the babble of a few pass as speech. ``benchmarks/speech.py`` prints how often it is wrong on which side.
"""

from dataclasses import dataclass

import numpy as np

from bonafide.audio.conditioning import resample
from bonafide.detection.silero import BIN_HERTZ, PIECE_SECONDS, RATE, spectra, speech_probabilities

VOICE_BAND = (100.0, 4000.0)  # hertz; where the power of speech is
ACTIVE_DB = 40.0  # below the loudest pieces: quieter ones are pauses
LOUDEST = 95.0  # percentile: a click alone does not set the scale
HANGOVER_SECONDS = 0.3  # on both sides of an active piece: the pauses inside of speech belong to it
REACH = round(HANGOVER_SECONDS / PIECE_SECONDS)
LIKELIEST = 0.25  # of the pieces: a word between pauses is speech too
FIRST = 8  # the first of so many equal stretches of a recording is heard before the others: it may suffice
MIN_PROBABILITY = 0.2  # mean over the likeliest pieces; chosen with benchmarks/speech.py, to refuse few voices
TELEPHONE_HZ = 2500.0  # even a telephone carries more
NARROW_SHARE = 1e-6  # of the power above: less is nothing
CLEAR_DB = 30.0  # below the loudest pieces: those that say whether it is one voice
BANDS = 16  # equal bands of the voice
BABBLE_SECONDS = 2.0  # what sounds shorter may be a word as loud as it began
BABBLE_LEVEL_SD = 3.0  # dB; one voice moves more
BABBLE_BAND_SD = 0.75  # nepers of power; one voice in noise as strong as itself moves less
NARROW = f"narrow band: nothing above {TELEPHONE_HZ / 1000:g} kHz, where even a telephone carries speech"
NO_SPEECH = "music or noise rather than speech"
BABBLE = "many voices at once rather than one"


@dataclass(frozen=True)
class Speech:
    """What was heard.

    Attributes
    ----------
    seconds : float
        Of speech, with the short pauses in it.
    reason : str
        Why it cannot be judged, in one sentence; empty where it can.
    near : np.ndarray, shape=(n,), bool
        Whether each piece belongs to it, from `REACH` pieces before the samples on.
    begin : float
        Of the samples in their recording, in seconds.
    """

    seconds: float
    reason: str
    near: np.ndarray
    begin: float = 0.0

    def seconds_between(self, start: float, stop: float) -> float:
        """Return how much of it lies between two seconds of the recording."""
        begins = self.begin + (np.arange(self.near.size) - REACH) * PIECE_SECONDS
        inside = np.clip(np.minimum(begins + PIECE_SECONDS, stop) - np.maximum(begins, start), 0, None)
        return float(inside[self.near].sum())


def detect_speech(samples: np.ndarray, rate: int, *, seconds: float) -> Speech:
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
    magnitudes = spectra(resample(samples, rate, RATE))
    power = np.square(magnitudes)
    low, telephone, high = (round(hertz / BIN_HERTZ) for hertz in (VOICE_BAND[0], TELEPHONE_HZ, VOICE_BAND[1]))
    voice = power[:, :, low : high + 1].sum(axis=1) + 1e-12
    level = 10 * np.log10(voice.sum(axis=1))
    below_top = percentile(level, LOUDEST) - level
    near = _with_pauses(below_top < ACTIVE_DB)
    spoken = min(seconds, float(near.sum()) * PIECE_SECONDS)
    inside = power[1:-1, :-1]  # where the sound goes on before and after: an edge of it is wide
    if inside[:, :, telephone:].sum() < NARROW_SHARE * inside.sum():
        return Speech(spoken, NARROW, near)
    if not _is_speech(magnitudes):
        return Speech(spoken, NO_SPEECH, near)
    clear = below_top < CLEAR_DB
    return Speech(spoken, BABBLE if _is_babble(voice[clear], level[clear]) else "", near)


def _is_speech(magnitudes: np.ndarray) -> bool:
    """Tell whether a recording holds speech from the `spectra` of its pieces; most voices show it at once."""
    some = magnitudes[: len(magnitudes) // FIRST]
    if len(some) and likelihood(speech_probabilities(some), len(magnitudes)) >= MIN_PROBABILITY:
        return True
    return likelihood(speech_probabilities(magnitudes)) >= MIN_PROBABILITY


def likelihood(probabilities: np.ndarray, pieces: int | None = None) -> float:
    """Return how likely a recording holds speech.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n,)
        Of its pieces, or of the first of them.
    pieces : int, optional
        How many it has; what is not among `probabilities` counts as none, so that it is at least as likely.
    """
    count = max(1, round(LIKELIEST * (pieces or probabilities.size)))
    return float(np.sort(probabilities)[-count:].sum()) / count


def percentile(values: np.ndarray, percent: float) -> float:
    """Return the percentile of `values`, shape (n,), as numpy's does, which imports numpy.ma for it."""
    ordered = np.sort(values)
    place = (ordered.size - 1) * percent / 100
    below = int(place)
    low, high = ordered[below], ordered[min(below + 1, ordered.size - 1)]
    return float(low + (high - low) * (place - below))


def _is_babble(voice: np.ndarray, level: np.ndarray) -> bool:
    """Tell many voices at once from one: their level is as steady as that of noise, but their bands move."""
    if level.size * PIECE_SECONDS < BABBLE_SECONDS or level.std() >= BABBLE_LEVEL_SD:
        return False
    edges = np.linspace(0, voice.shape[1], BANDS + 1).astype(int)[:-1]
    bands = np.log(np.add.reduceat(voice, edges, axis=1))
    return float(bands.std(axis=0).mean()) > BABBLE_BAND_SD


def _with_pauses(active: np.ndarray) -> np.ndarray:
    """Return which pieces are at most `REACH` from an active one, shape (n + 2 * REACH,), of `active`, shape (n,)."""
    near: np.ndarray = np.convolve(active, np.ones(2 * REACH + 1), mode="full") > 0.5
    return near
