"""Recordings of any length as blocks, in constant memory, and as overlapping windows.

A short recording never comes here: `bonafide.audio.decoding.decode` reads it whole, as the pipeline does.
"""

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bonafide.audio.blocks import resampled
from bonafide.audio.channels import Levels, mono
from bonafide.audio.recording import Sound, UnusableError
from bonafide.errors import UserError
from bonafide.text import printable

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
    """Raise `UnusableError` where `path` is no file that can be read; nothing that could block is opened."""
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


def refuse_implausible(rate: int, channels: int) -> None:
    """Raise `UnusableError` for a sampling rate or a number of channels that no recording of a voice has.

    No header makes a decoder ask for more memory than sound needs.
    """
    if rate < MIN_RATE:
        raise UnusableError(f"narrow band: {rate} samples a second; the detector knows voices from 8,000 on")
    if rate > MAX_RATE:
        raise UnusableError(f"the header is damaged: it says {rate} samples a second")
    if channels > MAX_CHANNELS:
        raise UnusableError(f"{channels} channels; up to {MAX_CHANNELS} are read")


@contextmanager
def as_path(audio: str | Path | bytes | BinaryIO) -> Iterator[Path]:
    """Yield an absolute path with the content of `audio`; what has no name is copied, since decoders seek.

    Absolute, since FFmpeg takes a name such as ``http:x.wav`` for an address.
    """
    if isinstance(audio, bytes | bytearray | memoryview):
        audio = io.BytesIO(audio)
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


def stream(
    sound: Sound, rate: int, *, channel: int | None = None, levels: Levels | None = None
) -> Iterator[np.ndarray]:
    """Yield all of `sound` as mono blocks, shape (n,), float32, at `rate` hertz: soxr's HQ, as the pipeline has.

    Parameters
    ----------
    sound : Sound
    rate : int
        In hertz.
    channel : int, optional
        The one that is heard; the mean of all by default.
    levels : Levels, optional
        Told of all blocks.

    Raises
    ------
    UnusableError
        In the middle, when the file is damaged or ends before its header says.
    """

    def blocks() -> Iterator[np.ndarray]:
        for block in sound.blocks:
            if not np.isfinite(block).all():
                raise UnusableError("samples are NaN or infinite")
            if levels is not None:
                levels.add(block)
            yield mono(block, channel)

    yield from resampled(blocks(), sound.rate, rate)


class Windows:
    """Cuts sound that comes in blocks into windows of `length` seconds every `hop` seconds."""

    def __init__(self, rate: int, *, length: float, hop: float) -> None:
        self._rate, self._size, self._step = rate, round(length * rate), round(hop * rate)
        self._kept, self._base = np.zeros(0, np.float32), 0  # what is still needed, and where in the sound it begins
        self._start = self._done = 0

    def add(self, block: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the windows that `block`, shape (n,), completes as (start in seconds, samples)."""
        self._kept = np.concatenate((self._kept, block))
        while self._base + self._kept.size >= self._start + self._size:
            start = self._start
            yield start / self._rate, self._kept[start - self._base : start - self._base + self._size]
            self._done, self._start = start + self._size, start + self._step
            passed = max(0, self._start - self._step - self._base)  # the last one may reach back by up to one step
            self._kept, self._base = self._kept[passed:], self._base + passed

    def end(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the last window, which ends where the sound ends, so that all of it is heard.

        Sound that is shorter than one window is one.
        """
        end = self._base + self._kept.size
        if end > self._done:
            begin = max(0, end - self._size)
            yield begin / self._rate, self._kept[begin - self._base :]
