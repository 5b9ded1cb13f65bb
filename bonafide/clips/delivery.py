"""What services deliver: speech coded at a rate of the service's own, whatever rate it is heard at afterwards."""

from dataclasses import dataclass

import numpy as np

from bonafide.audio.conditioning import resample
from bonafide.clips.codecs import through_ffmpeg

MP3, OPUS, M4A = ("libmp3lame", "mp3"), ("libopus", "ogg"), ("aac", "ipod")  # encoder and container, as FFmpeg has them


@dataclass(frozen=True)
class Delivery:
    """A codec, of `MP3`, `OPUS` and `M4A`, that carries sound of `rate` hertz at `kbps` kbit/s."""

    codec: tuple[str, str]
    rate: int
    kbps: int


# Speech services give MP3 at 24 kHz, messengers and calls Opus, which always runs at 48 kHz, and telephones' own
# recorders AAC.
DELIVERIES = {
    "MP3 24 kHz 48 kbit/s": Delivery(MP3, 24000, 48),
    "Opus 24 kbit/s": Delivery(OPUS, 48000, 24),
    "Opus 32 kbit/s": Delivery(OPUS, 48000, 32),
    "AAC 64 kbit/s in M4A": Delivery(M4A, 44100, 64),
}


def through_delivery(samples: np.ndarray, rate: int, delivery: Delivery, *, quick: bool = False) -> np.ndarray:
    """Return `samples`, shape (n,), float32 at `rate` hertz, as they come back from `delivery`.

    With `quick`, the encoder may take its short cuts.

    Returns
    -------
    np.ndarray, shape=(m,), float32
        At `rate`; a codec may lengthen it by less than two frames.
    """
    codec, container = delivery.codec
    sent = resample(samples, rate, delivery.rate)
    heard = through_ffmpeg(sent, delivery.rate, codec=codec, container=container, kbps=delivery.kbps, quick=quick)
    return resample(heard, delivery.rate, rate)
