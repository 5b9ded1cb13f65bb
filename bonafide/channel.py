"""What lies between a voice and a file, as transforms for augment.chains beside those of audiomentations."""

import random
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, istft, stft

from bonafide.audio import level, level_dbfs
from bonafide.codecs import through_ffmpeg, through_sndfile, through_telephone

FFMPEG = {"mp3": ("libmp3lame", "mp3"), "opus": ("libopus", "ogg"), "aac": ("aac", "adts")}  # encoder and container
KBPS = {"mp3": (24, 32, 48, 64, 96), "opus": (8, 12, 16, 24, 32), "aac": (24, 32, 64)}  # as speech is sent and kept
TELEPHONE = ("ALAW", "ULAW", "GSM610")
ADPCM = ("IMA_ADPCM", "MS_ADPCM")  # of dictation machines and games
GATE_FRAME = 512  # samples


@dataclass
class Codec:
    """With probability `p`, a real codec at one of its usual rates: MP3, Opus, AAC, Vorbis, ADPCM, G.711 or GSM."""

    p: float = 1.0

    def __call__(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Return `samples`, shape (n,), encoded and decoded again, as many as they were."""
        if random.random() >= self.p:
            return samples
        kind = random.choice(("mp3", "mp3", "opus", "aac", "vorbis", "adpcm", "telephone"))
        if kind == "telephone":
            coded = through_telephone(samples, sample_rate, subtype=random.choice(TELEPHONE))
        elif kind == "adpcm":
            coded = through_sndfile(samples, sample_rate, container="WAV", subtype=random.choice(ADPCM))
        elif kind == "vorbis":
            loss = random.uniform(0.3, 1.0)
            coded = through_sndfile(samples, sample_rate, container="OGG", subtype="VORBIS", loss=loss)
        else:
            encoder, container = FFMPEG[kind]
            kbps = random.choice(KBPS[kind])
            coded = through_ffmpeg(samples, sample_rate, codec=encoder, container=container, kbps=kbps)
        return _as_long(coded, samples)


@dataclass
class Denoise:
    """With probability `p`, what noise reduction does: a spectral gate over the quietest frames of each frequency.

    `max_reduction_db` is the most by which noise is turned down (Boll 1979, "Suppression of acoustic noise in speech
    using spectral subtraction"). It leaves the musical tones and the clean pauses that studio speech shares with
    generated speech.
    """

    p: float = 1.0
    max_reduction_db: float = 30.0

    def __call__(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Return `samples`, shape (n,), with less noise."""
        if random.random() >= self.p or samples.size < GATE_FRAME:
            return samples
        hop = {"fs": sample_rate, "nperseg": GATE_FRAME, "noverlap": 3 * GATE_FRAME // 4}
        _, _, spectrum = stft(samples, **hop)
        power = np.square(np.abs(spectrum)) + 1e-12
        noise = np.percentile(power, random.uniform(5, 25), axis=1, keepdims=True)
        floor = 10 ** (-random.uniform(6, self.max_reduction_db) / 20)
        gain = np.maximum(1 - random.uniform(1, 4) * noise / power, floor)
        if random.random() < 0.5:  # good ones smooth over time
            gain = np.mean([np.roll(gain, shift, axis=1) for shift in (-1, 0, 1)], axis=0)
        return _as_long(istft(spectrum * gain, **hop)[1], samples)


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


def _as_long(coded: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return `coded` cut or filled up with silence to the length of `samples`, float32."""
    return np.pad(coded[: samples.size], (0, max(0, samples.size - coded.size))).astype(np.float32)
