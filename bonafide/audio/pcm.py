"""Samples as they come by a pipe or a socket: raw, or behind the head of a WAV; nothing that takes a decoder."""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np

from bonafide.audio.riff import KINDS, STREAMED
from bonafide.errors import UserError

Encoding = Literal["s16le", "f32le"]
DTYPES = {"s16le": "<i2", "f32le": "<f4"}
WAV_ENCODINGS: dict[tuple[int, int], Encoding] = {(1, 16): "s16le", (3, 32): "f32le"}  # by format and bits
EXTENSIBLE = 0xFFFE  # a format that stands farther behind
MOST_CHANNELS = 64
LONGEST_CHUNK = 1 << 20  # bytes, of a WAV before its sound
CONTAINERS = {b"fLaC": "FLAC", b"OggS": "Ogg", b"ID3\x03": "MP3", b"ID3\x04": "MP3", b"\x1aE\xdf\xa3": "WebM"}
AS_RAW = "ffmpeg -i FILE -f s16le -ar 16000 -ac 1 - makes raw samples of it"

Read = Callable[[int], bytes]  # as many bytes as it is asked for, fewer at the end alone


@dataclass(frozen=True)
class Pcm:
    """How samples lie in bytes: their rate in hertz, their encoding, and how many channels take turns."""

    rate: int
    encoding: Encoding = "s16le"
    channels: int = 1

    def samples(self, chunks: Iterable[bytes]) -> Iterator[np.ndarray]:
        """Yield the samples of `chunks`, which may end anywhere; shape (n, channels)."""
        dtype, rest = np.dtype(DTYPES[self.encoding]), b""
        for chunk in chunks:
            content = rest + chunk
            whole = len(content) - len(content) % (dtype.itemsize * self.channels)
            rest = content[whole:]
            yield np.frombuffer(content[:whole], dtype).reshape(-1, self.channels)


def encoding_of(name: str) -> Encoding:
    """Return `name`; `UserError` where it is no `Encoding`."""
    if name not in get_args(Encoding):
        raise UserError(f"the encoding of raw samples is {' or '.join(get_args(Encoding))}, not '{name}'")
    return cast(Encoding, name)


def head_of(read: Read, raw: Pcm) -> tuple[Pcm, int | None, bytes]:
    """Read the beginning of a stream.

    Returns
    -------
    tuple
        How its samples lie: as `raw` says unless it begins as a WAV does; how many bytes of them there are, None
        where it does not say; those that were read.

    Raises
    ------
    UserError
        Where it is of another kind, which would be heard as noise.
    """
    first = read(4)
    if first in KINDS:
        pcm, size = _wav_head(read)
        return pcm, size, b""
    if first in CONTAINERS:
        raise UserError(f"this is {CONTAINERS[first]}, and live sound is WAV or raw samples: {AS_RAW}")
    return raw, None, first


def _wav_head(read: Read) -> tuple[Pcm, int | None]:
    read(8)  # its length, which a recorder cannot know, and its kind
    pcm: Pcm | None = None
    while len(head := read(8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            if pcm is None:
                break
            return pcm, size if 0 < size < STREAMED else None
        if size > LONGEST_CHUNK:
            break
        content = read(size + size % 2)
        if name == b"fmt ":
            pcm = _format(content)
    raise UserError("the head of this WAV is damaged")


def _format(content: bytes) -> Pcm:
    if len(content) < 16:
        raise UserError("the head of this WAV is damaged")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", content[:16])
    if kind == EXTENSIBLE and len(content) >= 26:
        kind = int.from_bytes(content[24:26], "little")
    if (kind, bits) not in WAV_ENCODINGS or not 0 < channels <= MOST_CHANNELS:
        what = f"{channels} channels of {bits} bits (format {kind})"
        raise UserError(f"this WAV has {what}, and live sound is of 16 bits, or of 32 as floats")
    return Pcm(rate, WAV_ENCODINGS[kind, bits], channels)
