"""The boxes of an MP4 file, which FFmpeg reads to the end of its first file alone."""

from pathlib import Path

HEAD = 8  # bytes of a box: its size and its name
LONG = 1  # a size that stands for one of 64 bits, after the name
MOST = 1 << 16  # boxes that are looked at


def beginnings(path: Path) -> int:
    """Return how many MP4 files begin in `path`: more than one where they lie one behind another."""
    count = at = 0
    with path.open("rb") as file:
        for _ in range(MOST):
            file.seek(at)
            head = file.read(2 * HEAD)
            size = int.from_bytes(head[:4], "big")
            size = int.from_bytes(head[8:], "big") if size == LONG else size
            if size < HEAD:
                break
            count += head[4:8] == b"ftyp"
            at += size
    return count
