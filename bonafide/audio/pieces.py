"""A file read as if it consisted of some of its pieces, and of bytes in place of others."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

Piece = bytes | tuple[int, int]  # in their place, or from where to where in the file


class Pieces(io.RawIOBase):
    """The `pieces` of the file `path` one behind another, for decoders that believe what a header counts."""

    def __init__(self, path: Path, pieces: Sequence[Piece]) -> None:
        self._file = path.open("rb")
        self._pieces = [piece for piece in pieces if _size(piece)]
        self._ends = list(accumulate(map(_size, self._pieces)))
        self._at = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be wound."""
        return True

    def tell(self) -> int:
        """Return the place in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1] if self._ends else 0}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # any buffer
        """Fill `buffer` as far as the pieces go, and return how far that is."""
        filled = 0
        while filled < len(buffer) and (index := bisect_right(self._ends, self._at)) < len(self._pieces):
            piece = self._pieces[index]
            offset = self._at - (self._ends[index] - _size(piece))
            most = min(len(buffer) - filled, _size(piece) - offset)
            part = (
                piece[offset : offset + most] if isinstance(piece, bytes) else self._from_file(piece[0] + offset, most)
            )
            if not part:
                break
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            self._at += len(part)
        return filled

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _from_file(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)


def _size(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
