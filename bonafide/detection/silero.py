"""How likely each piece of a recording is speech, by the network of Silero's VAD.

Its weights are those of Silero VAD 6.2.3 (Silero Team, MIT: see silero_vad.LICENSE beside them), which `tools/make-vad`
lays out so that a whole clip takes a few matrix products.
"""

from functools import cache
from typing import Any

import numpy as np

from bonafide.audio.framing import hann
from bonafide.audio.transforms import rfft
from bonafide.files import VAD
from bonafide.scoring.exported import onnx_session

RATE = 16000  # hertz, of all that the network hears
PIECE = 512  # samples that share one probability
PIECE_SECONDS = PIECE / RATE
CONTEXT, MIRRORED = 64, 64  # samples before a piece, and after it in a mirror
WINDOW, HOP = 256, 128  # samples, of a spectrum
SPECTRA, BINS = 4, WINDOW // 2 + 1  # of a piece
BIN_HERTZ = RATE / WINDOW


def pieces(samples: np.ndarray) -> np.ndarray:
    """Return the pieces of `samples`, shape (n,), at `RATE`, with their context: shape (-(-n // PIECE), 576)."""
    count = -(-samples.size // PIECE)
    filled = np.zeros(CONTEXT + count * PIECE, np.float32)
    filled[CONTEXT : CONTEXT + samples.size] = samples
    return np.lib.stride_tricks.sliding_window_view(filled, CONTEXT + PIECE)[::PIECE]


def spectra(samples: np.ndarray) -> np.ndarray:
    """Return the magnitudes that the network hears of `samples`, shape (n,), at `RATE`.

    Returns
    -------
    np.ndarray, shape=(-(-n // PIECE), SPECTRA, BINS), float32
        From 0 Hz to half the rate, every 8 ms.
    """
    heard = pieces(samples)
    heard = np.concatenate((heard, heard[:, -2 : -2 - MIRRORED : -1]), axis=1)
    frames = np.lib.stride_tricks.sliding_window_view(heard, WINDOW, axis=1)[:, ::HOP]
    magnitudes: np.ndarray = np.abs(rfft(frames * hann(WINDOW)))
    return magnitudes


def speech_probabilities(magnitudes: np.ndarray) -> np.ndarray:
    """Return the probability of speech in each piece, shape (n,), from its `spectra`, shape (n, SPECTRA, BINS)."""
    inputs = {"spectra": magnitudes.reshape(len(magnitudes), SPECTRA * BINS)}
    probabilities: np.ndarray = _session().run(None, inputs)[0]
    return probabilities[:, 0]


@cache
def _session() -> Any:  # noqa: ANN401 - ONNX Runtime has no types
    return onnx_session(VAD.read_bytes())
