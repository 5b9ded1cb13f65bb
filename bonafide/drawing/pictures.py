"""Pictures of a spectrogram, alone and with the evidence over it, as PNG files."""

import numpy as np

from bonafide.drawing.png import png

RANGE_DB = 70  # below the loudest that is told apart
# From silence to loud, dark to bright; lightness rises evenly, so that it reads in grey and by colour-blind eyes.
STOPS = ((8, 8, 32), (60, 20, 100), (150, 40, 110), (225, 85, 75), (250, 165, 80), (252, 245, 190))
LEVELS = 64  # of brightness; more take room and show nothing
AI, HUMAN = (255, 140, 60), (70, 160, 255)  # of the evidence, on a dark ground in both of the page's themes
GREY = 150.0  # of 255: the loudest of the spectrogram below the evidence
STRENGTH = 0.75  # an exponent below 1 shows weak evidence as well
FAINT = 0.15  # of the strongest: what is weaker is left grey


def spectrogram_png(spectrogram: np.ndarray, *, most_columns: int = 400) -> bytes:
    """Return a spectrogram as a PNG, low bands at the bottom.

    Parameters
    ----------
    spectrogram : np.ndarray, shape=(frames, bands)
        In decibels.
    most_columns : int
        Of the picture; more frames are averaged.
    """
    share = _loudness(_columns(spectrogram, most_columns))
    return png(_upright(share * (LEVELS - 1)), palette())


def evidence_png(spectrogram: np.ndarray, evidence: np.ndarray, *, most_columns: int = 800) -> bytes:
    """Return a spectrogram in grey with what spoke for AI in orange and for human in blue over it, as a PNG.

    Parameters
    ----------
    spectrogram : np.ndarray, shape=(frames, bands)
        In decibels.
    evidence : np.ndarray, shape=(frames, bands)
        Above 0 where it spoke for AI.
    most_columns : int
        Of the picture; more frames are averaged.
    """
    ground = GREY * _loudness(_columns(spectrogram, most_columns))[..., None]
    evidence = _columns(evidence, most_columns)
    share = np.abs(evidence) / max(1e-12, float(np.abs(evidence).max()))
    alpha = (np.clip((share - FAINT) / (1 - FAINT), 0, 1) ** STRENGTH)[..., None]
    colour = np.where(evidence[..., None] > 0, AI, HUMAN)
    return png(_upright(ground * (1 - 0.8 * alpha) + 0.8 * alpha * colour))


def palette() -> np.ndarray:
    """Return the colours of a spectrogram, shape (LEVELS, 3), uint8."""
    at, places = np.linspace(0, 1, LEVELS), np.linspace(0, 1, len(STOPS))
    return np.stack([np.interp(at, places, channel) for channel in zip(*STOPS, strict=True)], axis=1).astype(np.uint8)


def _columns(values: np.ndarray, most: int) -> np.ndarray:
    """Return the means over neighbouring frames, at most so many, shape (columns, bands)."""
    step = -(-len(values) // most)
    padded = np.pad(values.astype(np.float32), ((0, -len(values) % step), (0, 0)), mode="edge")
    return np.asarray(padded.reshape(-1, step, values.shape[1]).mean(axis=1))


def _loudness(decibels: np.ndarray) -> np.ndarray:
    """Return how loud each place is, from 0, `RANGE_DB` below the loudest, to 1."""
    return np.asarray(np.clip((decibels - decibels.max()) / RANGE_DB + 1, 0, 1))


def _upright(columns: np.ndarray) -> np.ndarray:
    """Return pixels from columns, shape (columns, bands, ...): the first band in the lowest line."""
    return np.asarray(np.rint(columns.swapaxes(0, 1)[::-1]).astype(np.uint8))
