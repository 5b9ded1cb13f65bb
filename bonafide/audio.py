"""Decode, check and condition recordings: any format in, one mono rate and level out.

The pipeline and the detector both come through here, so that a score means the same in both. No clip keeps what
gives its recording chain away more than its voice: both classes get one rate, trimmed edges, no offset, one level.
"""

import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import soundfile
import soxr
from annotated_types import Ge, Gt, Lt

FRAME_SECONDS = 0.02  # one loudness reading, about two pitch periods of a low voice
SILENCE_RMS = 1e-4  # -80 dBFS: below the noise of any microphone
OFFSET_SHARE = 0.5  # of the power: beyond it the offset has eaten the range of the voice
RAIL = 0.999  # of the peak: a run of samples up there is a clipped crest
RAIL_RUN = 3  # samples; a crest that was not clipped has one or two
MAX_CLIPPED = 0.01  # of all samples; loud but sound recordings stay below
INT16 = 32768.0
STREAMED = 0x7FFF0000  # bytes; from here on a RIFF size is what a writer puts that cannot go back to fill it in
MP3_LENGTHS = (b"Xing", b"Info", b"VBRI")  # in its first frame, where an MP3 tells its length
MP3_FIRST_FRAME = 2048  # bytes, at most
AV_SLACK = 0.2  # seconds by which a container's duration may exceed its sound: priming, and rounded time stamps
HEADS: dict[str, bytes | tuple[bytes, ...]] = {
    "WAV": b"RIFF",
    "FLAC": b"fLaC",
    "Ogg": b"OggS",
    "MP3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xfa"),
}


class UnusableError(Exception):
    """A recording that cannot be used; the message is the reason, for rejects.csv and verdicts."""


@dataclass(frozen=True)
class AudioSettings:
    """What conditioning does; section `prepare` of params.yaml."""

    rate: Annotated[int, Ge(8000)]
    trim_db: Annotated[float, Gt(0)]
    min_seconds: Annotated[float, Gt(0)]
    max_seconds: Annotated[float, Gt(0)]
    read_seconds: Annotated[float, Gt(0)]
    level_dbfs: Annotated[float, Lt(0)]


@dataclass(frozen=True)
class Recording:
    """Decoded audio.

    Attributes
    ----------
    samples : np.ndarray, shape=(n,), float32
        The mean of all channels; full scale is 1.
    rate : int
        In hertz.
    format : str
        Container and coding as libsndfile names them, for example ``"WAV/PCM_16"``.
    """

    samples: np.ndarray
    rate: int
    format: str


def decode(path: Path, *, max_seconds: float) -> Recording:
    """Return the first `max_seconds` of the audio file `path`.

    WAV, FLAC, MP3, Ogg Vorbis and Opus and the other formats of libsndfile are read by content, whatever the file's
    name; the rest (M4A, MP4, WebM) by PyAV where it is installed. Memory is bounded by `max_seconds`.

    Raises
    ------
    UnusableError
        When the file is empty, no audio, or cut short.
    """
    if path.stat().st_size == 0:
        raise UnusableError("the file is empty")
    _refuse_cut_riff(path)
    try:
        recording, announced = _decode_sndfile(path, max_seconds)
    except soundfile.LibsndfileError:
        recording, announced = _decode_av(path, max_seconds)
    if announced == 0 or not recording.samples.size:
        raise UnusableError("the file holds no audio frames, or is cut short before they end")
    if recording.samples.size < announced:
        there, said = recording.samples.size / recording.rate, announced / recording.rate
        raise UnusableError(f"the file is cut short: {there:.2f} of {said:.2f} s are there")
    return recording


def check(samples: np.ndarray) -> None:
    """Raise `UnusableError` when `samples`, shape (n,), hold no usable voice: NaN, silence, clipping, an offset."""
    if not np.isfinite(samples).all():
        raise UnusableError("samples are NaN or infinite")
    offset = float(samples.mean(dtype=np.float64))
    power = float(np.square(samples, dtype=np.float64).mean())
    if power > SILENCE_RMS**2 and offset**2 > OFFSET_SHARE * power:
        raise UnusableError(f"a constant offset of {offset:.2f} drowns the signal")
    if power - offset**2 < SILENCE_RMS**2:
        raise UnusableError("the recording is silent")
    if (clipped := clipped_share(samples)) > MAX_CLIPPED:
        raise UnusableError(f"{clipped:.0%} of the samples are clipped")


def clipped_share(samples: np.ndarray) -> float:
    """Return the share of samples, shape (n,), that lie in runs of three or more at the peak."""
    railed = np.abs(samples) >= RAIL * np.abs(samples).max()
    edges = np.flatnonzero(np.diff(np.concatenate(([0], railed.view(np.int8), [0]))))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= RAIL_RUN].sum() / max(1, samples.size))


def condition(recording: Recording, settings: AudioSettings) -> np.ndarray:
    """Return what the features are computed from: no offset, one rate, trimmed, at most N seconds, one level.

    Returns
    -------
    np.ndarray, shape=(n,), float32
        Multiples of 1/32768, so that storing them as 16-bit FLAC changes no score.

    Raises
    ------
    UnusableError
        When less than `settings.min_seconds` is left between silent edges.
    """
    samples = resample(_centred(recording.samples), recording.rate, settings.rate)
    samples = trim(samples, settings.rate, trim_db=settings.trim_db)
    if samples.size < settings.min_seconds * settings.rate:
        seconds = samples.size / settings.rate
        raise UnusableError(f"too short: {seconds:.2f} s between silent edges, {settings.min_seconds} s are needed")
    samples = _centred(samples[: round(settings.max_seconds * settings.rate)])  # of what is kept, silence aside
    return quantize(level(samples, settings.level_dbfs))


def resample(samples: np.ndarray, rate: int, target: int) -> np.ndarray:
    """Return `samples`, shape (n,), at `target` hertz (soxr, high quality)."""
    return samples if rate == target else soxr.resample(samples, rate, target, quality="HQ")


def trim(samples: np.ndarray, rate: int, *, trim_db: float) -> np.ndarray:
    """Return `samples`, shape (n,), without edges that are `trim_db` or more below the loudest 20 ms.

    An offset is not loud: digital silence beside a recording with an offset is cut as well.
    """
    size = max(1, round(FRAME_SECONDS * rate))
    frames = -(-samples.size // size)
    padded = np.pad(samples, (0, frames * size - samples.size), mode="edge") if samples.size else samples
    power = padded.reshape(frames, size).var(axis=1, dtype=np.float64)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-trim_db / 10))
    return samples[loud[0] * size : (loud[-1] + 1) * size] if loud.size else samples[:0]


def level_dbfs(samples: np.ndarray) -> float:
    """Return the RMS of `samples`, shape (n,), in decibels below full scale; they must not all be 0."""
    return 10 * math.log10(float(np.square(samples, dtype=np.float64).mean()))


def level(samples: np.ndarray, target_dbfs: float) -> np.ndarray:
    """Return `samples`, shape (n,), scaled to an RMS of `target_dbfs`, or less where the peak would clip."""
    gain = min(10 ** ((target_dbfs - level_dbfs(samples)) / 20), 0.99 / float(np.abs(samples).max()))
    return samples * np.float32(gain)


def quantize(samples: np.ndarray) -> np.ndarray:
    """Return `samples`, shape (n,), rounded to multiples of 1/32768 within [-1, 1)."""
    return (np.clip(np.rint(samples * INT16), -INT16, INT16 - 1) / INT16).astype(np.float32)


def to_flac(samples: np.ndarray, rate: int) -> bytes:
    """Return quantized `samples`, shape (n,), as the bytes of a 16-bit FLAC file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, (samples * INT16).astype(np.int16), rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def from_flac(flac: bytes) -> np.ndarray:
    """Return the samples, shape (n,), float32, of a FLAC file's bytes."""
    return soundfile.read(io.BytesIO(flac), dtype="float32")[0]


def _centred(samples: np.ndarray) -> np.ndarray:
    return samples - samples.mean(dtype=np.float64).astype(np.float32) if samples.size else samples


def _refuse_cut_riff(path: Path) -> None:
    """Libsndfile reads a WAV that was cut short as a shorter one; its header tells."""
    with path.open("rb") as file:
        header = file.read(8)
    size = int.from_bytes(header[4:8], "little")
    streamed = size == 0 or size >= STREAMED  # written to a pipe: the length was never known
    if header[:4] == b"RIFF" and not streamed and size + 8 > path.stat().st_size + 1:
        raise UnusableError(f"the file is cut short: {path.stat().st_size} of {size + 8} bytes are there")


def _decode_sndfile(path: Path, max_seconds: float) -> tuple[Recording, int]:
    with soundfile.SoundFile(path) as file:
        wanted = min(file.frames, round(max_seconds * file.samplerate))
        samples = _first((block.mean(axis=1, dtype=np.float32) for block in _blocks(file, wanted)), wanted)
        guessed = file.format == "MP3" and not mp3_tells_length(path)
        recording = Recording(samples, file.samplerate, f"{file.format}/{file.subtype}")
        return recording, samples.size if guessed else wanted


def mp3_tells_length(path: Path) -> bool:
    """Tell whether the MP3 file `path` says its length: if not, libsndfile guesses it from the size, and too much."""
    with path.open("rb") as file:
        head = file.read(10)
        tag = 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(head[6:10])))
        file.seek(tag if head.startswith(b"ID3") else 0)
        frame = file.read(MP3_FIRST_FRAME)
    return any(name in frame for name in MP3_LENGTHS)


def _blocks(file: soundfile.SoundFile, wanted: int) -> Iterator[np.ndarray]:
    while wanted > 0:
        block = file.read(min(wanted, file.samplerate), dtype="float32", always_2d=True)
        if not len(block):
            return
        wanted -= len(block)
        yield block


def _decode_av(path: Path, max_seconds: float) -> tuple[Recording, int]:
    try:
        import av
    except ImportError:
        raise UnusableError(_why_undecodable(path, can_av=False)) from None
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            wanted = round(max_seconds * stream.rate)
            samples = _first(av_blocks(container.decode(stream), av, stream.rate), wanted)
            coding = f"{container.format.name.split(',')[0]}/{stream.codec_context.name}".upper()
            announced = min(wanted, round(av_seconds(container, stream) * stream.rate))
            return Recording(samples, stream.rate, coding), max(announced, samples.size)
    except (av.FFmpegError, AttributeError, IndexError, ValueError):  # a stream of no known coding has no attributes
        raise UnusableError(_why_undecodable(path, can_av=True)) from None


def av_seconds(container: Any, stream: Any) -> float:  # noqa: ANN401 - PyAV, if there
    """Return how much sound the file says it holds, at least; 0 where it does not say."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base) - AV_SLACK
    alone = len(container.streams) == 1  # a picture may go on after the sound
    return (container.duration or 0) / 1e6 - AV_SLACK if alone else 0.0


def av_blocks(frames: Iterable[Any], av: Any, rate: int) -> Iterator[np.ndarray]:  # noqa: ANN401 - PyAV, if there
    """Yield PyAV's decoded `frames` as mono blocks, shape (n,), float32, at `rate` hertz."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
    for frame in frames:
        yield from (part.to_ndarray()[0] for part in resampler.resample(frame))


def _first(blocks: Iterable[np.ndarray], wanted: int) -> np.ndarray:
    taken, got = [np.zeros(0, np.float32)], 0
    for block in blocks:
        taken.append(block)
        got += block.size
        if got >= wanted:
            break
    return np.concatenate(taken)[:wanted]


def _why_undecodable(path: Path, *, can_av: bool) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    known = next((name for name, starts in HEADS.items() if head.startswith(starts)), None)
    if known is not None:
        return f"the {known} data cannot be decoded: the file is damaged or cut short"
    if head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"):
        damaged = "the MP4 or WebM data cannot be decoded: the file is damaged or cut short"
        return damaged if can_av else "MP4, M4A and WebM need PyAV: pip install 'bonafide[media]'"
    return "not audio: the content is of no known format"
