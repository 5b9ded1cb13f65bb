"""Damage to recordings: of bytes anywhere, and of the parts that a container is made of, whose sums stay right.

A part is a chunk of RIFF, a frame of MP3, a page of Ogg, a box of MP4 or an element of Matroska. One of them is left
out, doubled, moved, given another length, another's content or an extreme number.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01\0\0\0", b"\x7f\xff\xff\xff")
MP3_RATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # kbit/s of layer III, MPEG 1
MP3_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # of MPEG 2
NESTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"udta", b"edts")
MASTERS = {0x18538067, 0x1654AE6B, 0xAE, 0xE1, 0x1F43B675, 0x1549A966, 0x114D9B74, 0xA0}


@dataclass(frozen=True)
class Part:
    """A piece of a file, and where its length stands."""

    start: int
    stop: int
    size_at: int
    size_bytes: int


def damaged(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return `content` with one to three kinds of damage, of bytes or of parts."""
    data = content
    for _ in range(rng.randint(1, 3)):
        parts = list(parts_of(data))
        data = damaged_parts(data, parts, rng) if parts and rng.random() < 0.7 else damaged_bytes(data, other, rng)
    return with_ogg_sums(data) if data[:4] == b"OggS" and rng.random() < 0.8 else data


def damaged_bytes(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return `content` with damage that knows nothing of its format."""
    data = bytearray(content)
    if not data:
        return content
    at, head = rng.randrange(len(data)), min(len(data), 512)
    kind = rng.randrange(7)
    if kind == 0:  # numbers of the header
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(head)] = rng.randrange(256)
    elif kind == 1:  # a number in it, made extreme
        at = rng.randrange(head)
        data[at : at + 4] = rng.choice(EXTREMES)
    elif kind == 2:  # bits anywhere
        for _ in range(rng.randint(1, 64)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 3:
        del data[at:]
    elif kind == 4:
        del data[at : at + rng.randint(1, 4096)]
    elif kind == 5:  # a piece of another file
        of = rng.randrange(max(1, len(other)))
        data[at : at + 2048] = other[of : of + 2048]
    else:  # one header, the other's data
        data[head:] = other[head:]
    return bytes(data)


def damaged_parts(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    """Return `data` with one of its parts changed as a whole."""
    part, second = rng.choice(parts), rng.choice(parts)
    content = data[part.start : part.stop]
    kind = rng.randrange(6)
    if kind == 0:
        return data[: part.start] + data[part.stop :]
    if kind == 1:
        return (
            data[: part.stop] + content * rng.choice((1, 1, 1, 200 if len(content) < 4096 else 2)) + data[part.stop :]
        )
    if kind == 2:  # elsewhere
        return data[: second.stop] + content + data[second.stop :]
    if kind == 3:
        return data[: part.start] + data[second.start : second.stop] + data[part.stop :]
    changed = bytearray(data)
    if kind == 4 and part.size_bytes:
        span = slice(part.size_at, part.size_at + part.size_bytes)
        near = struct.pack(">q", int.from_bytes(data[span], "big") + rng.choice((-9, -1, 1, 9)))[-part.size_bytes :]
        changed[span] = rng.choice((near, *(each[:1] * part.size_bytes for each in EXTREMES), b"\0" * part.size_bytes))
    else:  # a number somewhere in the beginning of it
        at = part.start + rng.randrange(max(1, min(64, len(content) - 4)))
        changed[at : at + 4] = rng.choice(EXTREMES)
    return bytes(changed)


def parts_of(data: bytes) -> Iterator[Part]:
    """Yield the parts of `data`, outer and inner, of whichever of the five kinds it is."""
    for is_kind, parts in KINDS:
        if is_kind(data):
            yield from parts(data)
            return


def riff_chunks(data: bytes) -> Iterator[Part]:
    """Yield the chunks of a RIFF file."""
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield Part(at, min(len(data), at + 8 + size + size % 2), at + 4, 4)
        at += 8 + size + size % 2


def mp3_frames(data: bytes) -> Iterator[Part]:
    """Yield the frames of an MP3 file, and the tag before them."""
    at = 0
    if data[:3] == b"ID3":
        at = 10 + sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(data[6:10])))
        yield Part(0, min(at, len(data)), 6, 4)
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xE0 == 0xE0:
        first = data[at + 1] >> 3 & 3 == 3
        index, rate = data[at + 2] >> 4, (44100, 48000, 32000, 0)[data[at + 2] >> 2 & 3]
        if not rate or not 0 < index < 15:
            return
        bits = (MP3_RATES if first else MP3_RATES_2)[index] * 1000
        size = (144 if first else 72) * bits // (rate if first else rate >> (1 if data[at + 1] >> 3 & 3 == 2 else 2))
        size += data[at + 2] >> 1 & 1
        yield Part(at, min(len(data), at + size), at, 0)
        at += max(4, size)


def ogg_pages(data: bytes) -> Iterator[Part]:
    """Yield the pages of an Ogg file."""
    at = 0
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        count = data[at + 26]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        yield Part(at, min(len(data), at + size), at + 26, 1)
        at += size


def mp4_boxes(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Part]:
    """Yield the boxes of an MP4 file, and those within them."""
    at, stop = start, len(data) if stop is None else stop
    while at + 8 <= stop:
        size = int.from_bytes(data[at : at + 4], "big") or stop - at
        if size < 8:
            return
        end = min(stop, at + size)
        yield Part(at, end, at, 4)
        if data[at + 4 : at + 8] in NESTS:
            yield from mp4_boxes(data, at + 8, end)
        at = end


def matroska_elements(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Part]:
    """Yield the elements of a Matroska file, and those within them."""
    at, stop = start, len(data) if stop is None else stop
    while at + 2 <= stop and data[at]:
        id_bytes = 9 - data[at].bit_length()
        size_at = at + id_bytes
        if size_at >= stop or not data[size_at]:
            return
        size_bytes = 9 - data[size_at].bit_length()
        size = int.from_bytes(data[size_at : size_at + size_bytes], "big") & ((1 << 7 * size_bytes) - 1)
        inner = size_at + size_bytes
        end = stop if size == (1 << 7 * size_bytes) - 1 else min(stop, inner + size)
        yield Part(at, end, size_at, size_bytes)
        if int.from_bytes(data[at:size_at], "big") in MASTERS:
            yield from matroska_elements(data, inner, end)
        at = max(end, inner)


def with_ogg_sums(data: bytes) -> bytes:
    """Return an Ogg file with the check sum that each of its pages should have: without it damage is not even read."""
    changed = bytearray(data)
    for page in ogg_pages(data):
        changed[page.start + 22 : page.start + 26] = bytes(4)
        total = 0
        for byte in changed[page.start : page.stop]:
            total = (total << 8 & 0xFFFFFFFF) ^ TABLE[(total >> 24) ^ byte]
        changed[page.start + 22 : page.start + 26] = total.to_bytes(4, "little")
    return bytes(changed)


def _table() -> list[int]:
    table = []
    for number in range(256):
        value = number << 24
        for _ in range(8):
            value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if value >> 31 else 0)
        table.append(value)
    return table


TABLE = _table()
KINDS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Iterator[Part]]], ...] = (
    (lambda data: data[:4] == b"RIFF", riff_chunks),
    (lambda data: data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0"), mp3_frames),
    (lambda data: data[:4] == b"OggS", ogg_pages),
    (lambda data: data[4:8] == b"ftyp", mp4_boxes),
    (lambda data: data[:4] == b"\x1aE\xdf\xa3", matroska_elements),
)
