"""Recordings through real codecs: encoded and decoded again, by libsndfile and FFmpeg."""

import io
from typing import Any

import av
import numpy as np
import soundfile

from bonafide.audio.conditioning import resample

TELEPHONE_RATE = 8000  # Hz; what G.711 and GSM carry


def through_ffmpeg(samples: np.ndarray, rate: int, *, codec: str, container: str, kbps: int) -> np.ndarray:
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

    Returns
    -------
    np.ndarray, shape=(m,), float32
        At `rate`; a codec may lengthen it by less than a frame.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout="mono", bit_rate=kbps * 1000)
        frame = av.AudioFrame.from_ndarray(_as_int16(samples)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size or None)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as stored:
        back = av.AudioResampler("flt", "mono", rate)
        parts = [part for frame in stored.decode(audio=0) for part in back.resample(frame)] + back.resample(None)
        return np.concatenate([part.to_ndarray()[0] for part in parts])


def through_telephone(samples: np.ndarray, rate: int, *, subtype: str) -> np.ndarray:
    """Return `samples`, shape (n,), through an 8 kHz line coded as libsndfile's `subtype`: ALAW, ULAW or GSM610."""
    file = io.BytesIO()
    soundfile.write(file, resample(samples, rate, TELEPHONE_RATE), TELEPHONE_RATE, format="WAV", subtype=subtype)
    file.seek(0)
    return resample(soundfile.read(file, dtype="float32")[0], TELEPHONE_RATE, rate)


def _as_int16(samples: np.ndarray) -> np.ndarray:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)
