"""The channels that human recordings came through, for generated speech to go through as well.

A codec that only one class has been through would tell the classes apart better than any voice does.
"""

import io

import numpy as np
import soundfile

from bonafide.audio.conditioning import INT16, quantize, resample

RATE = 16000  # hertz, of the demo corpus
PHONE_RATE = 8000  # hertz
GAME_RATE = 22050  # hertz, of the Ogg files of fillets-ng
GSM_FRAME = 320  # samples: libsndfile drops what does not fill two frames
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
    codec = {"plain": _plain, "narrow": _narrow, "g722": _g722, "gsm": _gsm, "vorbis": _vorbis}[channel]
    return codec(samples.astype(np.float32), rate)


def decode_g722(coded: bytes) -> np.ndarray:
    """Return the samples, shape (n,), at 16 kHz of G.722 at 64 kbit/s."""
    import G722

    return np.asarray(G722.G722(RATE, 64000).decode(coded), np.int16).astype(np.float32) / np.float32(INT16)


def decode_gsm(coded: bytes) -> np.ndarray:
    """Return the samples, shape (n,), at 8 kHz of raw GSM 06.10."""
    options = {"samplerate": PHONE_RATE, "channels": 1, "format": "RAW", "subtype": "GSM610"}
    return soundfile.read(io.BytesIO(coded), dtype="float32", **options)[0]


def _plain(samples: np.ndarray, rate: int) -> np.ndarray:
    return resample(samples, rate, RATE)


def _narrow(samples: np.ndarray, rate: int) -> np.ndarray:
    return resample(quantize(resample(samples, rate, PHONE_RATE)), PHONE_RATE, RATE)


def _g722(samples: np.ndarray, rate: int) -> np.ndarray:
    import G722

    wide = quantize(resample(samples, rate, RATE))
    even = wide[: wide.size // 2 * 2]  # one byte holds two samples
    return decode_g722(G722.G722(RATE, 64000).encode((even * INT16).astype(np.int16)))


def _gsm(samples: np.ndarray, rate: int) -> np.ndarray:
    narrow = resample(samples, rate, PHONE_RATE)
    padded = np.pad(narrow, (0, -narrow.size % GSM_FRAME))
    buffer = io.BytesIO()
    soundfile.write(buffer, padded, PHONE_RATE, format="RAW", subtype="GSM610")
    return resample(decode_gsm(buffer.getvalue())[: narrow.size], PHONE_RATE, RATE)


def _vorbis(samples: np.ndarray, rate: int) -> np.ndarray:
    buffer = io.BytesIO()
    soundfile.write(buffer, resample(samples, rate, GAME_RATE), GAME_RATE, format="OGG", subtype="VORBIS")
    buffer.seek(0)
    return resample(soundfile.read(buffer, dtype="float32")[0], GAME_RATE, RATE)
