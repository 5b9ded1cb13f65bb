"""Fixed statistics of log power spectrograms: one set of formulas, for numpy and for a network's own operations.

What a generator leaves behind is less in any one spot of a spectrogram than in how it varies: how tonal each band is,
how lively its cepstra are, how alike neighbouring bands move. None of these statistics changes with the level, and only
slowly with a filter.

Functions take `xp`, numpy or ``keras.ops``: what both of them call the same is all that is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from bonafide.audio.banding import Array, Blocks, banded, in_blocks, product

TONAL_BANDS = 64
BANDS = 32  # for cepstra, correlation and modulation
NEIGHBOURS = (1, 2, 4, 8)  # bands apart
FINE_BINS = 511  # at most, for the fine structure: that of longer windows would cost more than it tells
QUEFRENCIES = 40  # groups of cepstral coefficients of the fine structure
RIPPLE_BANDS = 16
RIPPLE_BINS = 15  # of the running mean that is the smooth long-term spectrum
SEGMENT = 64  # frames of one modulation spectrum
MODULATION_EDGES = (1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 33)  # of its groups, in steps of frame rate / SEGMENT
MODULATION_BANDS = 8
LAGS = (2, 4, 8, 16)  # frames over which cepstra move
FLAT = 0.1  # of a fourth moment: below it a distribution is as flat as any
LOUD = 4.0  # dB; how soft the border between loud and quiet frames is
STILL = 0.05  # natural logarithms; a band that moves less, as in digital silence, shows but rounding
PITCH_FIRST = 30  # samples: the shortest period of a voice at 16 kHz
LN_DB = float(np.log(10) / 10)  # from decibels to the natural logarithm of power


@dataclass(frozen=True)
class Matrices:
    """The constants of the statistics of spectrograms of a size, float32."""

    tonal: Blocks
    bands: Blocks
    dct: np.ndarray
    cepstrum: np.ndarray
    quefrencies: np.ndarray
    ripple: np.ndarray
    ungrouped: np.ndarray
    waves: np.ndarray
    modulation: np.ndarray
    wide: np.ndarray


@lru_cache(maxsize=8)
def matrices(bins: int) -> Matrices:
    """Return the constants for spectrograms of so many bins."""
    cepstrum, ripple = _cosines(bins), _groups(bins, RIPPLE_BANDS)
    return Matrices(
        tonal=in_blocks(_triangles(bins, TONAL_BANDS)),
        bands=in_blocks(_triangles(bins, BANDS)),
        dct=_dct(BANDS),
        cepstrum=cepstrum,
        quefrencies=_groups(cepstrum.shape[1], QUEFRENCIES),
        ripple=ripple,
        ungrouped=(ripple.T > 0).astype(np.float32),
        waves=_waves(SEGMENT),
        modulation=_edges_to_groups(MODULATION_EDGES, SEGMENT // 2 + 1),
        wide=_groups(BANDS, MODULATION_BANDS),
    )


def all_statistics(parts: Sequence[Array], *, phase: bool, xp: Any = np) -> Array:  # noqa: ANN401 - a module
    """Return the statistics of all that a network hears of crops, side by side.

    Parameters
    ----------
    parts : sequence of array, each of shape (n, frames, ...), float32
        Bands, one or more kinds of bins, and with `phase` the bends of `bonafide.audio.phase`. `SEGMENT` or more
        frames.
    phase : bool
    xp : module

    Returns
    -------
    array, shape=(n, statistics), float32
        Of the bins, of the bands, how the first bins move, and of the phase.
    """
    return moments_of(frame_values(parts, phase=phase, xp=xp), phase=phase, xp=xp)


def spectral_statistics(decibels: Array, xp: Any = np) -> Array:  # noqa: ANN401 - a module
    """Return the statistics of one log spectrogram of crops, shape (n, frames, bins), float32."""
    return _spectral(_values(decibels, xp), xp)


def frame_values(parts: Sequence[Array], *, phase: bool, xp: Any = np) -> list[list[Array]]:  # noqa: ANN401 - a module
    """Return what `moments_of` needs of each frame, for each of the `parts` of `all_statistics`.

    A frame's are the same in every crop that it lies in.

    Returns
    -------
    list of list of array, each of shape (n, frames, ...), float32
    """
    spectra = parts[:-1] if phase else parts
    return [_values(each, xp) for each in spectra] + ([[parts[-1]]] if phase else [])


def moments_of(values: Sequence[Sequence[Array]], *, phase: bool, xp: Any = np) -> Array:  # noqa: ANN401 - a module
    """Return the statistics of crops by the values of their frames; see `all_statistics` and `frame_values`."""
    bands, *bins = values[:-1] if phase else values
    taken = [_spectral(each, xp) for each in (*bins, bands)]
    if bins:
        level, log_power, coarse, *_ = bins[0]
        loud = _loudness(level, xp)
        taken += _dynamics(product(coarse, matrices(log_power.shape[2]).dct, xp), loud, xp)
        if phase:
            taken += _moments(values[-1][0], loud, xp)
    return xp.concatenate(taken, axis=-1)


def _values(decibels: Array, xp: Any) -> list[Array]:  # noqa: ANN401
    """Return level, log power, bands, their tonality and, where it is taken, the cepstrum of each frame."""
    constants = matrices(decibels.shape[2])
    log_power = decibels * LN_DB
    power = xp.exp(log_power)
    level = xp.log(xp.mean(power, axis=-1, keepdims=True) + 1e-12) / LN_DB
    bands = xp.log(banded(power, constants.bands, xp) + 1e-9)
    tonality = banded(log_power, constants.tonal, xp) - xp.log(banded(power, constants.tonal, xp) + 1e-12)
    fine = [xp.abs(product(log_power, constants.cepstrum, xp))] if decibels.shape[2] <= FINE_BINS else []
    return [level, log_power, bands, tonality, *fine]


def _spectral(values: Sequence[Array], xp: Any) -> Array:  # noqa: ANN401
    level, log_power, bands, tonality, *fine = values
    constants = matrices(log_power.shape[2])
    loud = _loudness(level, xp)
    parts = [
        *_moments(tonality, loud, xp),  # spectral flatness in each band
        *_liveliness(product(bands, constants.dct, xp), xp),
        *_togetherness(bands, xp),
        _rhythm(bands, constants, xp),
        *(part for cepstrum in fine for part in _fine_structure(cepstrum, loud, constants, xp)),
        _ripples(log_power, loud, constants, xp),
    ]
    return xp.concatenate(parts, axis=-1)


def _rhythm(bands: Array, constants: Matrices, xp: Any) -> Array:  # noqa: ANN401
    """How fast the bands rise and fall: their modulation spectrum."""
    segments = bands.shape[1] // SEGMENT
    moving = _standardised(bands, xp)[:, : segments * SEGMENT]
    by_time = xp.transpose(xp.reshape(moving, (-1, segments, SEGMENT, BANDS)), (0, 1, 3, 2))
    by_time = xp.reshape(by_time, (-1, segments * BANDS, SEGMENT))
    real, imaginary = (product(by_time, wave, xp) for wave in constants.waves)
    size = xp.sqrt(xp.square(real) + xp.square(imaginary) + 1e-6)
    size = xp.mean(xp.reshape(size, (-1, segments, BANDS, size.shape[-1])), axis=1)
    grouped = xp.transpose(product(xp.log(size + STILL), constants.modulation, xp), (0, 2, 1))
    return xp.reshape(product(grouped, constants.wide, xp), (-1, (len(MODULATION_EDGES) - 1) * MODULATION_BANDS))


def _fine_structure(cepstrum: Array, loud: Array, constants: Matrices, xp: Any) -> list[Array]:  # noqa: ANN401
    """Cepstrum beyond the envelope: harmonics and what else is regular in frequency."""
    peak = xp.max(cepstrum[:, :, PITCH_FIRST:], axis=-1, keepdims=True)
    mean = _mean(cepstrum, loud, xp)[:, 0]
    return [*_moments(peak, loud, xp), xp.matmul(xp.log(mean + 1e-6), constants.quefrencies)]


def _ripples(log_power: Array, loud: Array, constants: Matrices, xp: Any) -> Array:  # noqa: ANN401
    """How uneven the long-term spectrum is from bin to bin, which a smooth room or microphone is not."""
    mean = _mean(log_power, loud, xp)[:, 0]
    uneven = mean - _running_mean(mean, RIPPLE_BINS, xp)
    uneven = uneven - xp.matmul(xp.matmul(uneven, constants.ripple), constants.ungrouped)
    return 0.5 * xp.log(xp.matmul(xp.square(uneven), constants.ripple) + STILL**2)


def _loudness(level: Array, xp: Any) -> Array:  # noqa: ANN401
    """Return how loud each frame is beside the others, by its `level` in dB, shape (n, frames, 1); its mean is 1."""
    soft = 1 / (1 + xp.exp((xp.mean(level, axis=1, keepdims=True) - level) / LOUD))
    return soft / xp.mean(soft, axis=1, keepdims=True)


def _moments(x: Array, weight: Array, xp: Any) -> tuple[Array, Array]:  # noqa: ANN401
    """Return mean and standard deviation over frames of `x`, shape (n, frames, k), weighted by frame."""
    mean = _mean(x, weight, xp)
    mean = mean + _mean(x - mean, weight, xp)  # a second pass takes the rounding out
    return mean[:, 0], xp.sqrt(_mean(xp.square(x - mean), weight, xp)[:, 0] + 1e-6)


def _mean(x: Array, weight: Array, xp: Any) -> Array:  # noqa: ANN401
    """Return the mean over frames of `x`, shape (n, frames, k), weighted by frame; shape (n, 1, k)."""
    return xp.matmul(xp.transpose(weight, (0, 2, 1)), x) / x.shape[1]


def _standardised(bands: Array, xp: Any) -> Array:  # noqa: ANN401
    moving = bands - xp.mean(bands, axis=1, keepdims=True)
    moving = moving - xp.mean(moving, axis=1, keepdims=True)  # rounding of a constant band would look like rhythm
    return moving / xp.sqrt(xp.mean(xp.square(moving), axis=1, keepdims=True) + STILL**2)


def _liveliness(cepstra: Array, xp: Any) -> tuple[Array, Array]:  # noqa: ANN401
    """Logarithms of the standard deviations of cepstra and of their steps from frame to frame."""
    steps = cepstra[:, 1:] - cepstra[:, :-1]
    return xp.log(xp.std(cepstra, axis=1) + STILL), xp.log(xp.std(steps, axis=1) + STILL)


def _dynamics(cepstra: Array, loud: Array, xp: Any) -> list[Array]:  # noqa: ANN401
    """How far cepstra move in some frames, and how suddenly: spread, skewness and kurtosis of their steps.

    What moves where a recording is all but silent is rounding, so that frames count by how `loud` they are.
    """
    moved = [_moved(cepstra, loud, lag, xp) for lag in LAGS]
    steps, of_steps = _moved(cepstra, loud, 1, xp)
    turns, of_turns = _moved(steps, of_steps, 1, xp)
    spreads = [xp.log(_moments(x, weight, xp)[1] + STILL) for x, weight in (*moved, (turns, of_turns))]
    skewness, tails = _shape(steps, of_steps, xp)
    return [*spreads, skewness, tails, _shape(turns, of_turns, xp)[1]]


def _moved(x: Array, weight: Array, lag: int, xp: Any) -> tuple[Array, Array]:  # noqa: ANN401
    """Return how far `x`, shape (n, frames, k), moves in `lag` frames, and what that counts by the `weight` of both."""
    both = xp.sqrt(weight[:, lag:] * weight[:, :-lag])
    return x[:, lag:] - x[:, :-lag], both / xp.mean(both, axis=1, keepdims=True)


def _shape(x: Array, weight: Array, xp: Any) -> tuple[Array, Array]:  # noqa: ANN401
    """Return skewness and the logarithm of the kurtosis over frames of `x`, shape (n, frames, k), weighted by frame."""
    x = x - _mean(x, weight, xp)
    squares = xp.square(x)
    variance = _mean(squares, weight, xp)[:, 0] + STILL**2
    skewness = _mean(x * squares, weight, xp)[:, 0] / (variance * xp.sqrt(variance))
    return skewness, xp.log(_mean(xp.square(squares), weight, xp)[:, 0] / xp.square(variance) + FLAT)


def _togetherness(bands: Array, xp: Any) -> list[Array]:  # noqa: ANN401
    """Correlation over time of bands that lie near each other."""
    moving = _standardised(bands, xp)
    return [xp.mean(moving[:, :, apart:] * moving[:, :, :-apart], axis=1) for apart in NEIGHBOURS]


def _running_mean(x: Array, width: int, xp: Any) -> Array:  # noqa: ANN401
    """Return the mean of `x`, shape (n, bins), over `width` neighbours; the edges are repeated."""
    bins, edge = x.shape[1], width // 2
    padded = xp.concatenate([xp.repeat(x[:, :1], edge, axis=1), x, xp.repeat(x[:, -1:], edge, axis=1)], axis=1)
    return sum(padded[:, first : first + bins] for first in range(width)) / width


def _triangles(bins: int, bands: int) -> np.ndarray:
    """Return `bands` evenly spaced triangles over `bins`, shape (bins, bands), each with the sum 1."""
    edges = np.linspace(-1, bins, bands + 2)
    at = np.arange(bins)[:, None]
    rising, falling = (at - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - at) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rising, falling))
    normed: np.ndarray = (filters / filters.sum(axis=0)).astype(np.float32)
    return normed


def _dct(size: int) -> np.ndarray:
    """Return the orthonormal cosine transform of type II as a matrix, shape (size, size)."""
    angle = np.pi / size * (np.arange(size)[:, None] + 0.5) * np.arange(size)
    matrix = np.cos(angle) * np.sqrt(2 / size)
    matrix[:, 0] /= np.sqrt(2)
    transform: np.ndarray = matrix.astype(np.float32)
    return transform


def _cosines(bins: int) -> np.ndarray:
    """Return the cepstral transform of `bins` that lie evenly between 0 and half the rate, without coefficient 0."""
    size = 2 * (bins + 1)
    quefrency = np.arange(1, bins + 1)
    return (2 / size * np.cos(2 * np.pi * np.arange(1, bins + 1)[:, None] * quefrency / size)).astype(np.float32)


def _groups(size: int, groups: int) -> np.ndarray:
    """Return the matrix, shape (size, groups), that takes the means of `groups` nearly equal stretches."""
    edges = np.rint(np.linspace(0, size, groups + 1)).astype(int)
    return _edges_to_groups(tuple(edges), size)


def _edges_to_groups(edges: tuple[int, ...], size: int) -> np.ndarray:
    matrix = np.zeros((size, len(edges) - 1), np.float32)
    for group, (start, stop) in enumerate(pairwise(edges)):
        matrix[start:stop, group] = 1 / (stop - start)
    return matrix


def _waves(size: int) -> np.ndarray:
    """Return the real and the imaginary part of a Hann-windowed Fourier transform, shape (2, size, size // 2 + 1)."""
    angle = 2 * np.pi * np.arange(size)[:, None] * np.arange(size // 2 + 1) / size
    waves: np.ndarray = np.hanning(size)[:, None] * np.stack([np.cos(angle), np.sin(angle)])
    return waves.astype(np.float32)
