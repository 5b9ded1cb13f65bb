"""Tar archives: which files they hold, and the bytes of one without reading past the others."""

import tarfile
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from bonafide.audio.recording import UnusableError

BLOCK = 512  # bytes, in which an archive is laid out
PIECE = 1 << 20  # bytes that are copied at a time
KEPT = 256  # archives whose places are kept; each takes some 50 bytes a file


class Member(NamedTuple):
    """A file in an archive: its name without ``./`` before it, where its bytes begin, and how many they are."""

    name: str
    offset: int
    size: int


class _Places(NamedTuple):
    names: np.ndarray  # sorted, as bytes
    offsets: np.ndarray
    sizes: np.ndarray


def members(path: Path) -> Iterator[Member]:
    """Yield the regular files that the archive `path` holds, in its order.

    Raises
    ------
    UnusableError
        After those that could be read, when the archive is damaged or cut short.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it keeps them all, and there may be millions
                if info.isreg() and not info.issparse():
                    yield Member(_plain(info.name), info.offset_data, info.size)
            end = archive.offset
        if _block(path, end).strip(b"\0"):  # tarfile takes a header that it cannot read for the end
            raise UnusableError(f"the archive is damaged: what follows its byte {end} is lost")
    except tarfile.TarError as error:
        raise UnusableError(f"the archive is damaged or cut short: {error}") from None


def copy_member(path: Path, name: str, target: IO[bytes]) -> None:
    """Write to `target` the file `name` of the archive `path`: the first one, where it holds several of that name.

    Raises
    ------
    UnusableError
        When it is not there, or cut short.
    OSError
        When the archive cannot be read.
    """
    about = path.stat()
    places = _places(path, about.st_mtime_ns, about.st_size)
    key = _as_bytes(name)
    number = int(np.searchsorted(places.names, key))
    if number == places.names.size or places.names[number] != key:
        raise UnusableError("the archive holds no file of this name")
    left = int(places.sizes[number])
    with path.open("rb") as file:
        file.seek(int(places.offsets[number]))
        while left:
            piece = file.read(min(left, PIECE))
            if not piece:
                raise UnusableError(f"the archive is cut short: {left} bytes of the file are missing")
            target.write(piece)
            left -= len(piece)


@lru_cache(maxsize=KEPT)
def _places(path: Path, changed: int, size: int) -> _Places:
    """Return where the files of `path` lie; with another time or size it is another archive."""
    listed: list[Member] = []
    with suppress(UnusableError):  # what comes before the fault can be read
        for member in members(path):
            listed.append(member)
    names = np.array([_as_bytes(member.name) for member in listed], dtype=np.bytes_)
    order = np.argsort(names, kind="stable")
    offsets, sizes = (np.array([member[field] for member in listed], dtype=np.int64)[order] for field in (1, 2))
    return _Places(names[order], offsets, sizes)


def _plain(name: str) -> str:
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _as_bytes(name: str) -> bytes:
    return name.encode(errors="surrogateescape")


def _block(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(BLOCK)
