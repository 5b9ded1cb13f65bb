"""Decode recordings: any format in, mono samples out, and a reason where a file cannot be used."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bonafide.audio.media import open_media

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
        present, length = recording.samples.size / recording.rate, announced / recording.rate
        raise UnusableError(f"the file is cut short: {present:.2f} of {length:.2f} s are there")
    return recording


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
        size = min(file.frames, round(max_seconds * file.samplerate))
        samples = _first((block.mean(axis=1, dtype=np.float32) for block in _blocks(file, size)), size)
        guessed = file.format == "MP3" and not mp3_tells_length(path)
        recording = Recording(samples, file.samplerate, f"{file.format}/{file.subtype}")
        return recording, samples.size if guessed else size


def mp3_tells_length(path: Path) -> bool:
    """Tell whether the MP3 file `path` says its length: if not, libsndfile guesses it from the size, and too much."""
    with path.open("rb") as file:
        head = file.read(10)
        tag = 10 + sum(byte << 7 * place for place, byte in enumerate(reversed(head[6:10])))
        file.seek(tag if head.startswith(b"ID3") else 0)
        frame = file.read(MP3_FIRST_FRAME)
    return any(name in frame for name in MP3_LENGTHS)


def _blocks(file: soundfile.SoundFile, size: int) -> Iterator[np.ndarray]:
    while size > 0:
        block = file.read(min(size, file.samplerate), dtype="float32", always_2d=True)
        if not len(block):
            return
        size -= len(block)
        yield block


def _decode_av(path: Path, max_seconds: float) -> tuple[Recording, int]:
    try:
        import av
    except ImportError:
        raise UnusableError(_why_undecodable(path, can_av=False)) from None
    try:
        with open_media(path) as container:
            stream = container.streams.audio[0]
            size = round(max_seconds * stream.rate)
            samples = _first(av_blocks(container.decode(stream), av, stream.rate), size)
            coding = f"{container.format.name.split(',')[0]}/{stream.codec_context.name}".upper()
            announced = min(size, round(least_seconds(container, stream) * stream.rate))
            return Recording(samples, stream.rate, coding), max(announced, samples.size)
    except (av.FFmpegError, AttributeError, IndexError, ValueError):  # a stream of no known coding has no attributes
        raise UnusableError(_why_undecodable(path, can_av=True)) from None


def least_seconds(container: Any, stream: Any) -> float:  # noqa: ANN401 - PyAV, if there
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


def _first(blocks: Iterable[np.ndarray], size: int) -> np.ndarray:
    taken, got = [np.zeros(0, np.float32)], 0
    for block in blocks:
        taken.append(block)
        got += block.size
        if got >= size:
            break
    return np.concatenate(taken)[:size]


def _why_undecodable(path: Path, *, can_av: bool) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    container = next((name for name, starts in HEADS.items() if head.startswith(starts)), None)
    if container is not None:
        return f"the {container} data cannot be decoded: the file is damaged or cut short"
    if head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"):
        damaged = "the MP4 or WebM data cannot be decoded: the file is damaged or cut short"
        return damaged if can_av else "MP4, M4A and WebM need PyAV: pip install 'bonafide[media]'"
    return "not audio: the content is of no known format"
