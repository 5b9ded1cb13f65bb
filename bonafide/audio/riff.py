"""What a WAV file holds, whatever its sizes say: they are the last that a recorder writes, and often wrong."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bonafide.audio.pieces import Piece
from bonafide.audio.recording import SLACK

STREAMED = 0x7FFF0000  # bytes; from here on a size is what a writer puts that cannot go back to fill it in
TAGS = (b"ID3", b"TAG", b"APE")  # as taggers of MP3s put behind any file
KINDS = (b"RIFF", b"RF64")  # RIFX is libsndfile's alone
HEAD = 12  # bytes, before the first chunk
SOME = 64  # bytes by which a size may be off
LARGEST = 0xFFFFFFFF - 64  # bytes, of a chunk


@dataclass(frozen=True)
class Wave:
    """One WAV file, or one of several that lie one behind another.

    Attributes
    ----------
    pieces : list of Piece or None
        What libsndfile is to read in place of the file; None where it reads that as it is.
    heard, promised : float
        Seconds that are there, and that the header tells; equal where it tells no length that is to be believed, and
        infinite where the file ends before its sound begins.
    stop : int
        Where it ends, in bytes.
    """

    pieces: list[Piece] | None
    heard: float
    promised: float
    stop: int


def waves(path: Path) -> list[Wave]:
    """Return the WAV files that lie one behind another in `path`, nearly always one; none where it is no WAV."""
    some: list[Wave] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = 0
        while (wave := _wave(file, start, size)) is not None:
            some.append(wave)
            start = wave.stop
    return some


def _wave(file: BinaryIO, start: int, size: int) -> Wave | None:
    head = _at(file, start, HEAD)
    if head[:4] not in KINDS or head[8:] != b"WAVE":
        return None
    told = int.from_bytes(head[4:8], "little")
    at, per_second, long = start + HEAD, 0, 0
    while len(chunk := _at(file, at, 8)) == 8:
        name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            length = long if head[:4] == b"RF64" and length == 0xFFFFFFFF else length
            return _with_data(file, (start, at, size), length, max(1, per_second))
        if name == b"ds64":
            long = int.from_bytes(_at(file, at + 16, 8), "little")
        if name == b"fmt ":
            per_second = int.from_bytes(_at(file, at + 16, 4), "little")
        at += 8 + length + length % 2
    missing = 0 < told < STREAMED and start + 8 + told > size + SOME
    return Wave(None, 0.0, math.inf if missing else 0.0, size)


def _with_data(file: BinaryIO, places: tuple[int, int, int], told: int, per_second: int) -> Wave:
    start, at, size = places
    begin = at + 8
    there = size - begin
    after = begin + told + told % 2
    if told >= STREAMED and told > there:  # libsndfile takes it to the end of the file
        return Wave(None, there / per_second, there / per_second, size)
    if told > there:
        return Wave(None, there / per_second, told / per_second, size)
    if (size - after <= SLACK * per_second and told) or _is_chunk(file, after, size):
        follows = next((place for place in (after, begin + told) if _at(file, place, 4) in KINDS), None)
        stop = size if follows is None else follows
        pieces: list[Piece] | None = None if start == 0 and follows is None else [(start, stop)]
        return Wave(pieces, told / per_second, told / per_second, stop)
    # Its writer was killed, or wrote the size before the sound: what follows is sound.
    length = min(there, LARGEST)
    sizes = _at(file, start, at - start), length.to_bytes(4, "little")
    riff = sizes[0][:4] + min(size - start - 8, LARGEST).to_bytes(4, "little") + sizes[0][8:]
    return Wave([riff, b"data" + sizes[1], (begin, begin + length)], there / per_second, there / per_second, size)


def _is_chunk(file: BinaryIO, at: int, size: int) -> bool:
    """Tell whether a chunk begins at `at`, or a byte before where a writer left the padding out; a tag is like one."""
    return _at(file, at, 3) in TAGS or any(_fits(_at(file, place, 8), size - place - 8) for place in (at, at - 1))


def _fits(chunk: bytes, left: int) -> bool:
    named = len(chunk) == 8 and all(32 <= byte < 127 for byte in chunk[:4]) and chunk[:1].isalpha()
    return named and (chunk[:4] in KINDS or int.from_bytes(chunk[4:], "little") <= left + 1)


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)
