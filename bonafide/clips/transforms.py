"""Codecs, lines and rooms as transforms for augment.chains, beside those of audiomentations."""

import random
from dataclasses import dataclass

import numpy as np

from bonafide.audio.conditioning import level, level_dbfs
from bonafide.clips.codecs import through_telephone
from bonafide.clips.delivery import M4A, MP3, OPUS, Delivery, through_delivery
from bonafide.clips.effects import band, reverberant, room_tail

# The sampling rates in hertz at which speech comes in each codec, and the kbit/s at which services send it there. MP3
# stands twice: most of what is downloaded is one.
MP3_RATES = {16000: (24, 32, 48), 24000: (32, 48, 64), 44100: (48, 64, 96)}
DRAWS = (
    (MP3, MP3_RATES),
    (MP3, MP3_RATES),
    (OPUS, {48000: (8, 12, 16, 24, 32)}),
    (M4A, {16000: (24, 32), 44100: (32, 64, 96), 48000: (32, 64, 96)}),
)
TELEPHONE = ("ALAW", "ULAW", "GSM610")
LOW_EDGES, HIGH_EDGES = (200.0, 400.0), (3000.0, 4500.0)  # Hz; of what a line lets through
HIGHEST = 0.45  # of the rate: a filter needs room below its half
LEAST_REVERB = 0.1  # seconds


@dataclass
class Codec:
    """With probability `p`, a real codec as services use it: MP3, Opus or AAC in M4A, at sampling rates of its own."""

    p: float = 1.0

    def __call__(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Return `samples`, shape (n,), encoded and decoded again, as many as they were."""
        if random.random() >= self.p:
            return samples
        codec, rates = random.choice(DRAWS)
        rate, some_kbps = random.choice(list(rates.items()))
        delivery = Delivery(codec, rate, random.choice(some_kbps))
        return _as_long(through_delivery(samples, sample_rate, delivery, quick=True), samples.size)


@dataclass
class Line:
    """With probability `p`, a line that carries a part of the band: a telephone (G.711, GSM) or a filter."""

    p: float = 1.0

    def __call__(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Return `samples`, shape (n,), as they come out of the line, as many as they were."""
        if random.random() >= self.p:
            return samples
        kind = random.choice([*TELEPHONE, "band", "low"])
        if kind in TELEPHONE:
            return _as_long(through_telephone(samples, sample_rate, subtype=kind), samples.size)
        high = min(random.uniform(*HIGH_EDGES), HIGHEST * sample_rate)
        return band(samples, sample_rate, low=random.uniform(*LOW_EDGES) if kind == "band" else None, high=high)


@dataclass
class Room:
    """With probability `p`, a room: an exponentially falling tail of noise behind the direct sound.

    `max_seconds` is the longest reverberation time (RT60), `max_energy` the most that the tail holds beside the voice.
    """

    p: float = 1.0
    max_seconds: float = 0.7
    max_energy: float = 0.1

    def __call__(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Return `samples`, shape (n,), in the room, at the level that they had."""
        if random.random() >= self.p:
            return samples
        rng = np.random.default_rng(random.getrandbits(32))
        tail = room_tail(rng.uniform(LEAST_REVERB, self.max_seconds), sample_rate, rng)
        return level(reverberant(samples, tail, rng.uniform(0.0, self.max_energy)), level_dbfs(samples))


def _as_long(samples: np.ndarray, size: int) -> np.ndarray:
    """Return `samples` cut or filled up to `size`: a codec may add a part of a frame."""
    return np.pad(samples[:size], (0, max(0, size - samples.size))).astype(np.float32)
