"""Writes that are whole or not there at all, what a file holds in one number, and where the packaged files lie."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
DETECTOR, NETWORK, HEARD = (WEIGHTS / f"default.{kind}" for kind in ("onnx", "keras", "heard.parquet"))  # packaged
VAD = WEIGHTS / "vad.onnx"


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in the place of `path` at once.

    A run that is killed or a disk that is full leaves the old file, or none, and never half of a new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")  # ends as it did: some writers go by that
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    write_whole(path, lambda temporary: _put(temporary, text.encode()))


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    write_whole(path, lambda temporary: _put(temporary, content))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal digits; it is read a piece at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
