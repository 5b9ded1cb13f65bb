"""Writes an array as a PNG file: no imaging library is needed for a spectrogram."""

import struct
import zlib

import numpy as np

RGB, INDEXED = 2, 3  # of the format's kinds of colour


def png(pixels: np.ndarray, palette: np.ndarray | None = None) -> bytes:
    """Return a picture as a PNG file.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width, 3) or, with a palette, shape=(height, width), uint8
        Colours, or rows of `palette`.
    palette : np.ndarray, shape=(n, 3), uint8, optional
        At most 256 colours.
    """
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height, -1)
    lines = np.zeros((height, 1 + flat.shape[1]), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = flat
    header = struct.pack(">IIBBBBB", width, height, 8, RGB if palette is None else INDEXED, 0, 0, 0)
    colours = [] if palette is None else [_chunk(b"PLTE", palette.astype(np.uint8).tobytes())]
    content = _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
    return b"".join([b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header), *colours, content, _chunk(b"IEND", b"")])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
