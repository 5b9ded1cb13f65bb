"""The channels that human recordings came through, for generated speech to go through as well.

A codec that only one class has been through would tell the classes apart better than any voice does.
"""

import numpy as np

from bonafide.audio.conditioning import quantize, resample
from bonafide.clips.codecs import TELEPHONE_RATE, through_g722, through_gsm, through_sndfile

RATE = 16000  # hertz, of the demo corpus
GAME_RATE = 22050  # hertz, of the Ogg files of fillets-ng
CHANNELS = ("plain", "narrow", "g722", "gsm", "vorbis")


def transmit(samples: np.ndarray, rate: int, channel: str) -> np.ndarray:
    """Return `samples`, shape (n,), at `RATE` after they went through `channel`.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,), float32
    rate : int
        Of `samples`, in hertz.
    channel : str
        ``"plain"``: nothing; ``"narrow"``: 8 kHz; ``"g722"``: 64 kbit/s; ``"gsm"``: 8 kHz, 13 kbit/s;
        ``"vorbis"``: Ogg Vorbis at 22.05 kHz.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    samples = samples * np.float32(min(1.0, 0.99 / peak)) if peak else samples
    through = {"plain": _plain, "narrow": _narrow, "g722": _g722, "gsm": _gsm, "vorbis": _vorbis}[channel]
    return through(samples.astype(np.float32), rate)


def _plain(samples: np.ndarray, rate: int) -> np.ndarray:
    return resample(samples, rate, RATE)


def _narrow(samples: np.ndarray, rate: int) -> np.ndarray:
    return resample(quantize(resample(samples, rate, TELEPHONE_RATE)), TELEPHONE_RATE, RATE)


def _g722(samples: np.ndarray, rate: int) -> np.ndarray:
    return through_g722(quantize(resample(samples, rate, RATE)))


def _gsm(samples: np.ndarray, rate: int) -> np.ndarray:
    return resample(through_gsm(resample(samples, rate, TELEPHONE_RATE)), TELEPHONE_RATE, RATE)


def _vorbis(samples: np.ndarray, rate: int) -> np.ndarray:
    game = resample(samples, rate, GAME_RATE)
    return resample(through_sndfile(game, GAME_RATE, container="OGG", subtype="VORBIS"), GAME_RATE, RATE)
