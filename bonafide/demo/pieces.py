"""Long speech into pieces, cut where it pauses."""

import numpy as np

FRAME_SECONDS = 0.02
PAUSE_FRAMES = 10  # a cut belongs into 0.2 s of quiet, not between two sounds of a word
QUIETEST_RMS = 0.003  # -50 dBFS: a piece below is silence or hiss


def pieces(samples: np.ndarray, rate: int, *, min_seconds: float, max_seconds: float) -> list[np.ndarray]:
    """Return `samples`, shape (n,), in pieces of at most `max_seconds`.

    A piece that is shorter than `min_seconds`, or silent, is dropped. A cut lies where it is quietest in the
    second half of what still fits.
    """
    cut = []
    while samples.size > max_seconds * rate:
        at = _quietest(samples, rate, first=max_seconds / 2, last=max_seconds)
        cut.append(samples[:at])
        samples = samples[at:]
    return [piece for piece in [*cut, samples] if _is_speech(piece, min_seconds * rate)]


def _quietest(samples: np.ndarray, rate: int, *, first: float, last: float) -> int:
    frame = round(FRAME_SECONDS * rate)
    start, stop = round(first * rate), round(last * rate)
    power = np.square(samples[start:stop], dtype=np.float64)[: (stop - start) // frame * frame]
    smooth = np.convolve(power.reshape(-1, frame).mean(axis=1), np.ones(PAUSE_FRAMES), mode="valid")
    return start + (int(smooth.argmin()) + PAUSE_FRAMES // 2) * frame


def _is_speech(piece: np.ndarray, least: float) -> bool:
    return piece.size >= least and float(np.sqrt(np.square(piece, dtype=np.float64).mean())) >= QUIETEST_RMS
