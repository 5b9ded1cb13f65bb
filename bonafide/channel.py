"""What lies between a voice and a file, as transforms for augment.chains beside those of audiomentations."""

import random
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from bonafide.audio import level, level_dbfs
from bonafide.codecs import through_ffmpeg, through_telephone

MP3, OPUS, AAC = ("libmp3lame", "mp3"), ("libopus", "ogg"), ("aac", "adts")
KBPS = {MP3: (24, 32, 48, 64, 96), OPUS: (8, 12, 16, 24, 32), AAC: (24, 32, 64)}  # kbit/s, as speech is sent and kept
TELEPHONE = ("ALAW", "ULAW", "GSM610")


@dataclass
class Codec:
    """With probability `p`, a real codec at one of its usual rates: MP3, Opus, AAC, G.711 or GSM."""

    p: float = 1.0

    def __call__(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Return `samples`, shape (n,), encoded and decoded again, as many as they were."""
        if random.random() >= self.p:
            return samples
        kind = random.choice([MP3, MP3, OPUS, AAC, None])
        if kind is None:
            coded = through_telephone(samples, sample_rate, subtype=random.choice(TELEPHONE))
        else:
            name, container = kind
            kbps = random.choice(KBPS[kind])
            coded = through_ffmpeg(samples, sample_rate, codec=name, container=container, kbps=kbps)
        return np.pad(coded[: samples.size], (0, max(0, samples.size - coded.size))).astype(np.float32)


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
        size = round(rng.uniform(0.1, self.max_seconds) * sample_rate)
        tail = rng.normal(size=size) * 10 ** (-3 * np.arange(size) / size)
        tail *= np.sqrt(rng.uniform(0.0, self.max_energy) / np.square(tail).sum())
        tail[0] = 1.0
        return level(fftconvolve(samples, tail)[: samples.size].astype(np.float32), level_dbfs(samples))
