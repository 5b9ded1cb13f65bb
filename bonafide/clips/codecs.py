"""Recordings through real codecs: encoded and decoded again, by FFmpeg, libsndfile and a G.722 of its own."""

import io
from typing import Any

import numpy as np
import soundfile

from bonafide.audio.conditioning import INT16, resample
from bonafide.audio.media import open_media

TELEPHONE_RATE = 8000  # hertz; what G.711 and GSM carry
WIDE_RATE = 16000  # hertz; what G.722 carries
G722_BITS = 64000  # a second
GSM_FRAME = 320  # samples: libsndfile drops what does not fill two frames
RAW_GSM = {"samplerate": TELEPHONE_RATE, "channels": 1, "format": "RAW", "subtype": "GSM610"}


QUICK = {  # what encoders need not try, where many clips are to be coded: a half to a quarter of the time
    "libmp3lame": {"compression_level": "7"},
    "libopus": {"compression_level": "4"},
    "aac": {"aac_coder": "fast"},
}


def through_ffmpeg(
    samples: np.ndarray, rate: int, *, codec: str, container: str, kbps: int, quick: bool = False
) -> np.ndarray:
    """Return `samples`, shape (n,), float32 at `rate` hertz, encoded at `kbps` kbit/s and decoded again.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,)
    rate : int
        In hertz.
    codec : str
        FFmpeg's name of the encoder, such as ``"libmp3lame"`` or ``"libopus"``.
    container : str
        FFmpeg's name of the container, such as ``"mp3"`` or ``"ogg"``.
    kbps : int
    quick : bool
        Whether the encoder may take its short cuts, where it has some.

    Returns
    -------
    np.ndarray, shape=(m,), float32
        At `rate`; a codec may lengthen it by less than a frame.
    """
    import av  # here, as the demo corpus goes through the other codecs in many processes

    options = QUICK.get(codec, {}) if quick else {}
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout="mono", bit_rate=kbps * 1000, options=options)
        frame = av.AudioFrame.from_ndarray(_as_int16(samples)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size or None)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    file.seek(0)
    with open_media(file) as stored:
        back = av.AudioResampler("flt", "mono", rate)
        parts = [part for frame in stored.decode(audio=0) for part in back.resample(frame)] + back.resample(None)
        return np.concatenate([part.to_ndarray()[0] for part in parts])


def through_sndfile(samples: np.ndarray, rate: int, *, container: str, subtype: str) -> np.ndarray:
    """Return `samples`, shape (n,), float32 at `rate` hertz, as libsndfile encodes and decodes them."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    file.seek(0)
    decoded: np.ndarray = soundfile.read(file, dtype="float32")[0]
    return decoded


def through_telephone(samples: np.ndarray, rate: int, *, subtype: str) -> np.ndarray:
    """Return `samples`, shape (n,), through an 8 kHz line coded as libsndfile's `subtype`: ALAW, ULAW or GSM610."""
    narrow = resample(samples, rate, TELEPHONE_RATE)
    return resample(through_sndfile(narrow, TELEPHONE_RATE, container="WAV", subtype=subtype), TELEPHONE_RATE, rate)


def through_gsm(samples: np.ndarray) -> np.ndarray:
    """Return `samples`, shape (n,), at 8 kHz through GSM 06.10 at 13 kbit/s, as many as they were."""
    file = io.BytesIO()
    padded = np.pad(samples, (0, -samples.size % GSM_FRAME))
    soundfile.write(file, padded, TELEPHONE_RATE, format="RAW", subtype="GSM610")
    return decode_gsm(file.getvalue())[: samples.size]


def decode_gsm(coded: bytes) -> np.ndarray:
    """Return the samples, shape (n,), at 8 kHz of raw GSM 06.10."""
    decoded: np.ndarray = soundfile.read(io.BytesIO(coded), dtype="float32", **RAW_GSM)[0]
    return decoded


def through_g722(samples: np.ndarray) -> np.ndarray:
    """Return quantized `samples`, shape (n,), at 16 kHz through G.722 at 64 kbit/s, an odd last one left out."""
    import G722

    even = samples[: samples.size // 2 * 2]  # one byte holds two samples
    return decode_g722(G722.G722(WIDE_RATE, G722_BITS).encode((even * INT16).astype(np.int16)))


def decode_g722(coded: bytes) -> np.ndarray:
    """Return the samples, shape (n,), at 16 kHz of G.722 at 64 kbit/s."""
    import G722

    return np.asarray(G722.G722(WIDE_RATE, G722_BITS).decode(coded), np.int16).astype(np.float32) / np.float32(INT16)


def _as_int16(samples: np.ndarray) -> np.ndarray:
    whole: np.ndarray = np.clip(samples, -1, 1) * 32767
    return whole.astype(np.int16)
