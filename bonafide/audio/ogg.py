"""Ogg and FLAC files one behind another, of which libsndfile reads the first alone."""

import mmap
from pathlib import Path

CAPTURE = b"OggS"
HEAD = 27  # bytes of a page, before its table of segments
BEGINS = 0x02  # in the flags of a page: a stream begins here
FLAC = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")  # its mark, and the head of its first block


def links(path: Path) -> list[tuple[int, int]]:
    """Return from where to where in bytes each link of the Ogg file `path` goes: one, unless files were chained."""
    starts: list[int] = []
    at, inside = 0, True
    with path.open("rb") as file:
        size = file.seek(0, 2)
        while at < size:
            file.seek(at)
            head = file.read(HEAD + 255)
            if len(head) < HEAD or not head.startswith(CAPTURE):
                found = head.find(CAPTURE, 1)
                at += found if found > 0 else max(1, len(head) - 3)
                continue
            begins = bool(head[5] & BEGINS)
            if begins and inside:
                starts.append(at)
            inside = not begins  # several streams may begin at once
            at += HEAD + head[26] + sum(head[HEAD : HEAD + head[26]])
    starts[:1] = [0]
    return list(zip(starts, [*starts[1:], size], strict=True))


def flac_links(path: Path) -> list[tuple[int, int]]:
    """Return from where to where in bytes each FLAC file in `path` goes: one, unless they lie one behind another."""
    starts: list[int] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for mark in FLAC:
            at = content.find(mark)
            while at >= 0:
                starts.append(at)
                at = content.find(mark, at + 1)
        size = len(content)
    starts.sort()
    starts[:1] = [0]  # a tag may stand before the first
    return list(zip(starts, [*starts[1:], size], strict=True))
