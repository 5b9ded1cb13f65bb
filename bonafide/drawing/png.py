"""Writes an array as a PNG with a palette of its own: no imaging library is needed for a spectrogram."""

import struct
import zlib

import numpy as np

# From silence to loud, dark to bright; lightness rises evenly, so that it reads in grey and by colour-blind eyes.
STOPS = ((8, 8, 32), (60, 20, 100), (150, 40, 110), (225, 85, 75), (250, 165, 80), (252, 245, 190))
LEVELS = 64  # of brightness; more take room and show nothing


def palette() -> np.ndarray:
    """Return the colours, shape (LEVELS, 3), uint8."""
    at, places = np.linspace(0, 1, LEVELS), np.linspace(0, 1, len(STOPS))
    return np.stack([np.interp(at, places, channel) for channel in zip(*STOPS, strict=True)], axis=1).astype(np.uint8)


def png(levels: np.ndarray) -> bytes:
    """Return a picture of `levels`, shape (height, width), whole numbers from 0 to LEVELS - 1, as a PNG file."""
    height, width = levels.shape
    lines = np.zeros((height, width + 1), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = levels
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette().tobytes()), (b"IDAT", zlib.compress(lines.tobytes(), 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in (*parts, (b"IEND", b"")))


def spectrogram(mel: np.ndarray, *, most_columns: int = 400, range_db: float = 70) -> bytes:
    """Return a log-mel spectrogram, shape (frames, bands) in decibels, as a PNG, low bands at the bottom.

    Parameters
    ----------
    mel : np.ndarray, shape=(frames, bands)
    most_columns : int
        Of the picture; more frames are averaged.
    range_db : float
        Below the loudest that is told apart.
    """
    step = -(-len(mel) // most_columns)
    padded = np.pad(mel.astype(np.float32), ((0, -len(mel) % step), (0, 0)), mode="edge")
    columns = padded.reshape(-1, step, mel.shape[1]).mean(axis=1)
    share = np.clip((columns - columns.max()) / range_db + 1, 0, 1)
    return png(np.rint(share.T[::-1] * (LEVELS - 1)).astype(np.uint8))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
