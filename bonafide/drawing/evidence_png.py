"""Pictures without an imaging library: colours as arrays, and how they become a PNG file."""

import struct
import zlib

import numpy as np

MOST_COLUMNS = 800
AI, HUMAN = (255, 140, 60), (70, 160, 255)  # on a dark ground, in both of the page's themes
RANGE_DB = 70.0  # below the loudest that is told apart
GREY = 150.0  # of 255: the loudest of the spectrogram below the evidence
STRENGTH = 0.75  # an exponent below 1 shows weak evidence as well
FAINT = 0.15  # of the strongest: what is weaker is left grey


def png_rgb(pixels: np.ndarray) -> bytes:
    """Return `pixels`, shape (height, width, 3), uint8, as a PNG file."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def evidence_picture(mel: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Return the spectrogram in grey with what spoke for ai in orange and for human in blue over it.

    Parameters
    ----------
    mel : np.ndarray, shape=(frames, bands)
        In decibels.
    evidence : np.ndarray, shape=(frames, bands)
        Above 0 where it spoke for ai.

    Returns
    -------
    np.ndarray, shape=(bands, columns, 3), uint8
        Low bands at the bottom.
    """
    step = -(-len(mel) // MOST_COLUMNS)
    mel, evidence = _columns(mel, step), _columns(evidence, step)
    ground = (GREY * np.clip((mel - mel.max()) / RANGE_DB + 1, 0, 1))[..., None]
    share = np.abs(evidence) / max(1e-12, float(np.abs(evidence).max()))
    alpha = (np.clip((share - FAINT) / (1 - FAINT), 0, 1) ** STRENGTH)[..., None]
    colour = np.where(evidence[..., None] > 0, AI, HUMAN)
    mixed = ground * (1 - 0.8 * alpha) + 0.8 * alpha * colour
    return np.rint(mixed.transpose(1, 0, 2)[::-1]).astype(np.uint8)


def nice_step(raw: float) -> float:
    """Return the next of 1, 2 and 5 times a power of ten, or of 15, 30 and 60 seconds and minutes beyond."""
    if raw > 10:
        return next((step for step in (15, 30, 60, 120, 300, 600, 900, 1800, 3600) if step >= raw), 7200.0)
    power = 10.0 ** np.floor(np.log10(raw))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999))


def _columns(values: np.ndarray, step: int) -> np.ndarray:
    padded = np.pad(values.astype(np.float64), ((0, -len(values) % step), (0, 0)), mode="edge")
    return padded.reshape(-1, step, values.shape[1]).mean(axis=1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
