"""Ogg and FLAC files one behind another, of which libsndfile reads the first alone."""

import mmap
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

CAPTURE = b"OggS"
HEAD = 27  # bytes of a page, before its table of segments
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
BEGINS = 0x02  # in the flags of a page: a stream begins here
OPUS_RATE = 48000  # in which Opus counts, whatever it is decoded at
FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")  # its mark, and the head of its first block


@dataclass(frozen=True)
class Pages:
    """What the pages of an Ogg file tell.

    Attributes
    ----------
    links : list of (int, int)
        From where to where in bytes each link goes: one, unless files were chained.
    damaged : int or None
        Samples before the first page that is not what its checksum says; decoders pass over it without a word.
    """

    links: list[tuple[int, int]]
    damaged: int | None


def walk(path: Path) -> Pages:
    """Return what the pages of the Ogg file `path` tell."""
    starts: list[int] = []
    at, inside, lost = 0, True, False
    before = granule = 0  # samples: of the links before this one, and of this one so far
    damaged: int | None = None
    with path.open("rb") as file:
        size = file.seek(0, 2)
        while at < size:
            file.seek(at)
            head = file.read(HEAD + 255)
            if len(head) < HEAD or not head.startswith(CAPTURE):
                found = head.find(CAPTURE, 1)
                lost = bool(starts)
                at += found if found > 0 else max(1, len(head) - 3)
                continue
            begins = bool(head[5] & BEGINS)
            if begins and inside:
                starts.append(at)
                before, granule = before + granule, 0
            inside = not begins  # several streams may begin at once
            length = HEAD + head[26] + sum(head[HEAD : HEAD + head[26]])
            page = head[:length] + file.read(max(0, length - len(head)))
            if damaged is None and (lost or not _is_whole(page)):
                damaged = before + granule
            granule = max(granule, int.from_bytes(head[6:14], "little", signed=True))
            at += length
    starts[:1] = [0]
    return Pages(list(zip(starts, [*starts[1:], size], strict=True)), damaged)


def _is_whole(page: bytes) -> bool:
    """Whether a page is what its checksum says: zlib's, from zero and with the bits of every byte the other way."""
    content = page[:22] + bytes(4) + page[26:]
    backwards = ~zlib.crc32(content.translate(REVERSED), 0xFFFFFFFF) & 0xFFFFFFFF
    return int(f"{backwards:032b}"[::-1], 2) == int.from_bytes(page[22:26], "little")


def flac_links(path: Path) -> list[tuple[int, int]]:
    """Return from where to where in bytes each FLAC file in `path` goes: one, unless they lie one behind another."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        starts = [match.start() for match in FLAC.finditer(content)]
        size = len(content)
    starts[:1] = [0]  # a tag may stand before the first
    return list(zip(starts, [*starts[1:], size], strict=True))
