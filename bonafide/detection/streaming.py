"""Recordings of any length as blocks, in constant memory, and as overlapping windows.

A short recording never comes here: `bonafide.audio.decoding.decode` reads it whole, as the pipeline does.
"""

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

from bonafide.audio.decoding import UnusableError, av_blocks, least_seconds, mp3_tells_length
from bonafide.audio.media import open_media
from bonafide.errors import UserError
from bonafide.text import clock, printable

MIN_RATE = 7000  # hertz; below a telephone's 8,000 no model of ours knows a voice
MAX_RATE = 768_000  # hertz; no recorder goes beyond, but a damaged header may say so
MAX_CHANNELS = 64  # a damaged header may ask for memory for 1,024
SPOOL_BYTES = 1 << 20
MAX_SPOOLED = 4 << 30  # bytes; standard input may have no end
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe: send what it carries to standard input, `-`"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def refuse_unreadable(path: Path) -> None:
    """Raise `UnusableError` where `path` is no file that can be read, or its header is not to be believed.

    Nothing that could block is opened, and no header makes a decoder ask for more memory than sound needs.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise UserError(f"there is no file {printable(path)}") from None
    except OSError as error:
        raise UnusableError(f"the file cannot be read: {error.strerror}") from None
    for is_kind, name in KINDS:
        if is_kind(mode):
            raise UnusableError(f"not a file, but {name}")
    if not os.access(path, os.R_OK):
        raise UnusableError("the file may not be read: check its permissions")
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return  # PyAV may know it
    refuse_implausible(info.samplerate, info.channels)


def refuse_implausible(rate: int, channels: int) -> None:
    """Raise `UnusableError` for a sampling rate or a number of channels that no recording of a voice has."""
    if rate < MIN_RATE:
        raise UnusableError(f"narrow band: {rate} samples a second; the detector knows voices from 8,000 on")
    if rate > MAX_RATE:
        raise UnusableError(f"the header is damaged: it says {rate} samples a second")
    if channels > MAX_CHANNELS:
        raise UnusableError(f"{channels} channels; up to {MAX_CHANNELS} are read")


@contextmanager
def as_path(audio: str | Path | BinaryIO) -> Iterator[Path]:
    """Yield an absolute path with the content of `audio`; an open file is copied, since decoders seek and pipes cannot.

    Absolute, since FFmpeg takes a name such as ``http:x.wav`` for an address.
    """
    if isinstance(audio, str | Path):
        with _named_in_utf8(Path(audio).absolute()) as path:
            yield path
        return
    with tempfile.NamedTemporaryFile(prefix="bonafide-") as spooled:
        size = 0
        while block := audio.read(SPOOL_BYTES):
            size += len(block)
            if size > MAX_SPOOLED:
                raise UnusableError(f"more than {MAX_SPOOLED >> 30} GB on standard input: give a file")
            spooled.write(block)
        spooled.flush()
        yield Path(spooled.name)


@contextmanager
def _named_in_utf8(path: Path) -> Iterator[Path]:
    """Yield `path`, or a link to it where its name is in another encoding: decoders take UTF-8 alone."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory(prefix="bonafide-") as home:
            (link := Path(home, "recording")).symlink_to(path)
            yield link
    else:
        yield path


def stream(path: Path, rate: int) -> Iterator[np.ndarray]:
    """Yield the audio of `path` as mono blocks, shape (n,), float32, at `rate` hertz: soxr's HQ, as the pipeline has.

    Raises
    ------
    UnusableError
        In the middle, when the file is damaged or ends before its header says.
    """
    native, blocks = _open(path)
    yield from resampled(blocks, native, rate)


def resampled(blocks: Iterable[np.ndarray], native: int, rate: int) -> Iterator[np.ndarray]:
    """Yield `blocks`, each of shape (n,), of one signal at `native` hertz as blocks at `rate` hertz."""
    if native == rate:
        yield from blocks
        return
    resampler = soxr.ResampleStream(native, rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        if (done := resampler.resample_chunk(block)).size:
            yield done
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def windows(
    blocks: Iterable[np.ndarray], rate: int, *, length: float, hop: float
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield windows of `length` seconds every `hop` seconds as (start in seconds, samples of shape (n,)).

    The last one ends where the sound ends, so that all of it is heard; a signal shorter than one window is one.
    """
    size, step = round(length * rate), round(hop * rate)
    kept, base = np.zeros(0, np.float32), 0  # what is still needed, and where in the signal it begins
    start = done = 0
    for block in blocks:
        kept = np.concatenate((kept, block))
        while base + kept.size >= start + size:
            yield start / rate, kept[start - base : start - base + size]
            done, start = start + size, start + step
            passed = max(0, start - step - base)  # the last window may reach back by up to one step
            kept, base = kept[passed:], base + passed
    end = base + kept.size
    if end > done:
        begin = max(0, end - size)
        yield begin / rate, kept[begin - base :]


def _open(path: Path) -> tuple[int, Iterator[np.ndarray]]:
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError:
        return _open_av(path)
    return file.samplerate, _sndfile_blocks(file, path)


def _sndfile_blocks(file: soundfile.SoundFile, path: Path) -> Iterator[np.ndarray]:
    with file:
        taken = 0
        while True:
            try:
                block = file.read(file.samplerate, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                raise UnusableError(f"the data cannot be decoded after {clock(taken / file.samplerate)}") from None
            if not len(block):
                break
            taken += len(block)
            yield _sound(block.mean(axis=1, dtype=np.float32))
        _refuse_cut(taken, file.frames if file.format != "MP3" or mp3_tells_length(path) else 0, file.samplerate)


def _open_av(path: Path) -> tuple[int, Iterator[np.ndarray]]:
    import av  # decode() came here before and says what is missing

    container = open_media(path)
    audio = container.streams.audio[0]
    return audio.rate, _av_mono(av, container, audio)


def _av_mono(av: Any, container: Any, audio: Any) -> Iterator[np.ndarray]:  # noqa: ANN401 - PyAV, if there
    with container:
        taken = 0
        try:
            for block in av_blocks(container.decode(audio), av, audio.rate):
                taken += block.size
                yield _sound(block)
        except (av.FFmpegError, ValueError):
            raise UnusableError(f"the data cannot be decoded after {clock(taken / audio.rate)}") from None
        _refuse_cut(taken, round(least_seconds(container, audio) * audio.rate), audio.rate)


def _sound(block: np.ndarray) -> np.ndarray:
    if not np.isfinite(block).all():
        raise UnusableError("samples are NaN or infinite")
    return block


def _refuse_cut(taken: int, announced: int, rate: int) -> None:
    if taken < announced:
        raise UnusableError(f"the file is cut short: {clock(taken / rate)} of {clock(announced / rate)} are there")
