"""The frames of an MP3 file, one by one: what it holds, whatever its headers count and wherever it is damaged.

An MP3 file has no header of its own: each frame has one, and a first frame without sound ("Xing", "Info", "VBRI") may
count the others. libsndfile believes that, or guesses from the size of the first frame, and stops there.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bonafide.audio.pieces import Piece
from bonafide.audio.recording import SLACK

# Kilobits a second by version (1, or 2 and 2.5) and layer; ISO 11172-3 and 13818-3.
KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
HERTZ = (44100, 48000, 32000)  # of version 1; half of it in version 2, a quarter in version 2.5
COUNTED = (b"Xing", b"Info")
COUNTS = 1  # the flag of a Xing frame that says that it counts the frames
VBRI = 36  # bytes from the frame's begin
STRAY = 3  # frames in a row that make a frame out of what looks like one, after damage


@dataclass(frozen=True, order=True)
class Frame:
    """What a frame's header says: its bytes, its samples, their rate in hertz."""

    size: int
    samples: int
    rate: int
    sides: int  # bytes of side information, after which Xing stands


@dataclass
class Stretch:
    """Frames that one encoder wrote.

    Attributes
    ----------
    pieces : list of Piece
        All that a decoder needs, without what is damaged and what is no sound.
    seconds : float
        Of the frames that are there.
    promised : float or None
        What its first frame counts, in seconds.
    """

    rate: int
    samples: int  # of one frame
    header: bytes
    pieces: list[Piece] = field(default_factory=list)
    frames: int = 0
    promised: float | None = None
    counted: bool = False  # its first frame is no sound

    @property
    def seconds(self) -> float:
        """Of the frames that are there."""
        return self.frames * self.samples / self.rate


@dataclass
class Walk:
    """All stretches of a file, and the seconds at which it is damaged."""

    stretches: list[Stretch] = field(default_factory=list)
    damaged: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Of the frames that are there."""
        return sum(stretch.seconds for stretch in self.stretches)


def walk(path: Path) -> Walk:
    """Return what the frames of the MP3 file `path` say."""
    result = Walk()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        open_stretch = False
        lost = False
        for at, frame in _frames(content):
            if frame is None:  # a tag ends a stretch, damage does not
                open_stretch, lost = open_stretch and at < 0, at < 0
                continue
            counts = _counts(content, at, frame)
            if lost and result.stretches:
                result.damaged.append(result.seconds)
            lost = False
            if not open_stretch or counts is not None or frame.rate != result.stretches[-1].rate:
                result.stretches.append(Stretch(frame.rate, frame.samples, content[at : at + 4]))
                open_stretch = True
            _take(result.stretches[-1], at, frame, counts)
    return result


def readable(stretch: Stretch) -> list[Piece]:
    """Return the pieces of a stretch, after a first frame that counts them rightly."""
    if stretch.promised is not None and stretch.promised > stretch.seconds - SLACK:
        return stretch.pieces
    frame, header = max((_frame_of(header), header) for header in _all_bit_rates(stretch.header))
    told = b"Xing" + COUNTS.to_bytes(4, "big") + stretch.frames.to_bytes(4, "big")
    first = (header + bytes(frame.sides) + told).ljust(frame.size, b"\0")  # the largest frame has room for it
    return [first, *(stretch.pieces[1:] if stretch.counted else stretch.pieces)]


def _all_bit_rates(header: bytes) -> list[bytes]:
    return [header[:2] + bytes([header[2] & 0x0D | index << 4]) + header[3:] for index in range(1, 15)]


def _frame_of(header: bytes) -> Frame:
    frame = parsed(header)
    assert frame is not None  # it is one that was met, at another bit rate
    return frame


def parsed(header: bytes) -> Frame | None:
    """Return what the four bytes of a frame's header say, None where they are none, or of a free bit rate."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bit_rate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return None
    hertz = HERTZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bits = 1000 * KBPS[1 if version == 3 else 2, layer][bit_rate - 1]
    mono = header[3] >> 6 == 3
    if layer == 1:
        return Frame(4 * (12 * bits // hertz + padding), 384, hertz, 0)
    samples = 576 if layer == 3 and version != 3 else 1152
    sides = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    return Frame(samples // 8 * bits // hertz + padding, samples, hertz, sides if layer == 3 else 0)


def _frames(content: mmap.mmap) -> Iterator[tuple[int, Frame | None]]:
    """Yield where each frame begins and what it says; (place, None) for a tag and (-1, None) for damage."""
    at, size = 0, len(content)
    while at < size - 3:
        frame = parsed(content[at : at + 4])
        if frame is not None:
            yield at, frame
            at += frame.size
        elif tag := _tag(content, at):
            yield at, None
            at += tag
        else:
            yield -1, None
            at = _next(content, at + 1)


def _next(content: mmap.mmap, at: int) -> int:
    """Return where the next frame or tag is that others follow, or the end."""
    while (at := content.find(b"\xff", at)) >= 0:
        place = at
        for _ in range(STRAY):
            frame = parsed(content[place : place + 4])
            if frame is None:
                break
            place += frame.size
        else:
            return at
        if frame is None and place > at and (_tag(content, place) or place >= len(content) - 3):
            return at
        at += 1
    return len(content)


def _tag(content: mmap.mmap, at: int) -> int:
    """Return how many bytes the tag has that begins here, 0 where none does."""
    head = content[at : at + 32]
    if head.startswith(b"ID3") and len(head) >= 10:
        footer = 10 if head[5] & 0x10 else 0
        return 10 + footer + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(head[6:10])))
    if head.startswith(b"TAG"):
        return 128
    if head.startswith(b"APETAGEX"):
        return 32 + int.from_bytes(head[12:16], "little")
    return 0


def _counts(content: mmap.mmap, at: int, frame: Frame) -> int | None:
    """Return how many frames a frame counts that is no sound, 0 where it does not say, None where it is sound."""
    place = at + 4 + frame.sides
    if content[place : place + 4] in COUNTED:
        tells = content[place + 7] & COUNTS if place + 12 <= len(content) else 0
        return int.from_bytes(content[place + 8 : place + 12], "big") if tells else 0
    if content[at + VBRI : at + VBRI + 4] == b"VBRI":
        return int.from_bytes(content[at + VBRI + 14 : at + VBRI + 18], "big")
    return None


def _take(stretch: Stretch, at: int, frame: Frame, counts: int | None) -> None:
    stop = at + frame.size
    last = stretch.pieces[-1] if stretch.pieces else None
    if counts is not None:
        stretch.counted, stretch.promised = True, counts * frame.samples / frame.rate or None
        stretch.pieces.append((at, stop))
        return
    stretch.frames += 1
    alone = stretch.counted and len(stretch.pieces) == 1  # the first frame stays a piece of its own
    if isinstance(last, tuple) and last[1] == at and not alone:
        stretch.pieces[-1] = (last[0], stop)
    else:
        stretch.pieces.append((at, stop))
