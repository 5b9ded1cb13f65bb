"""Finds recordings that are the same sound under another name: re-encoded, resampled, louder, cut at other edges.

Two steps, as neither alone is enough. Hashes of energy differences (Haitsma & Kalker 2002, "A highly robust audio
fingerprinting system") find candidates without comparing all with all; but a vocoder's copy has the same energies,
so the candidates' waveforms are laid over each other: a codec keeps the phase of the low bands, a vocoder makes it
anew.

Measured by benchmarks/fingerprints.py over 150 human recordings of up to 4 s: the share of copies that the hashes
propose, and percentiles of the likeness of their waveforms to the originals.

    copy                  found    min    1%   50%   99%   max
    gain, sign, resampled  1.00   1.00  1.00  1.00  1.00  1.00
    starts 0.3 s later     1.00   1.00  1.00  1.00  1.00  1.00
    noise at 20 dB         0.99   0.42  0.81  1.00  1.00  1.00
    MP3 64 kb/s            1.00   0.99  1.00  1.00  1.00  1.00
    MP3 32 kb/s            1.00   0.96  0.98  0.99  1.00  1.00
    Opus 24 kb/s           1.00   0.95  0.97  0.99  1.00  1.00
    Opus 12 kb/s           0.82   0.09  0.22  0.97  0.99  0.99
    WORLD                  0.67   0.06  0.07  0.29  0.64  0.80
    Griffin-Lim of STFT    1.00   0.14  0.15  0.33  0.75  0.82
    Griffin-Lim of mel     0.39   0.07  0.08  0.18  0.48  0.52

So 0.9 lies between what is the same sound and what a machine made of it. Of 10,849 human/ai candidate pairs of
recordings in the same folder (WaveGlow, HiFi-GAN, DiffWave, WaveGrad, MelGAN, ...) the most alike reaches 0.66.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
import soxr

from bonafide.audio.framing import frames_of, hann

RATE = 4000  # Hz; all that is compared lies below 2 kHz, which every codec and telephone passes
WINDOW, HOP = 1280, 48  # samples at RATE: 320 ms, so that a shift of half a hop (6 ms) changes little
BANDS = 33  # one more than the bits of a hash
LOWEST, HIGHEST = 300.0, 1900.0  # Hz
NEIGHBOURS = 24  # looked at in a bucket: a hash that many clips share (a steady hum) says nothing
VOTES = 3  # equal hashes at one offset that make a candidate
SLACK = HOP  # samples that the offset of the hashes may be off
LEAST_OVERLAP = RATE // 4  # samples: a quarter of a second


@dataclass(frozen=True)
class Candidates:
    """Pairs of clips that may hold the same sound.

    Attributes
    ----------
    first, second : np.ndarray, shape=(n,), int
        Positions in the list of clips, ``first < second``.
    offset : np.ndarray, shape=(n,), int
        Hops by which the sound comes later in the first clip.
    """

    first: np.ndarray
    second: np.ndarray
    offset: np.ndarray


def narrow(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return `samples`, shape (n,), at `RATE` and differentiated, so that the pitch does not outweigh the rest."""
    low = soxr.resample(samples.astype(np.float32), rate, RATE, quality="HQ")
    return np.diff(low, prepend=low[:1])


def hashes(samples: np.ndarray) -> np.ndarray:
    """Return one 32-bit hash a hop of narrow `samples`.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,)
        From `narrow`.

    Returns
    -------
    np.ndarray, shape=(m,), uint32
        Bit b says whether the energy step from band b to the next grew since the frame before.
    """
    padded = np.pad(samples, (0, max(0, WINDOW + HOP - samples.size)))
    power = np.abs(scipy.fft.rfft(frames_of(padded, WINDOW, HOP) * hann(WINDOW))) ** 2
    energies = np.add.reduceat(power, _EDGES, axis=1)[:, :-1]
    bits = np.diff(np.diff(energies, axis=1), axis=0) < 0
    return np.packbits(bits, axis=1).view(">u4").astype(np.uint32)[:, 0]


def candidates(
    clips: list[np.ndarray],
    relevant: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Candidates:
    """Return the pairs of `clips` whose hashes agree at one offset, in time that grows as n log n.

    Parameters
    ----------
    clips : list of np.ndarray, shape=(m,), uint32
        From `hashes`.
    relevant : callable
        From two arrays of positions, which of the pairs are wanted, shape (k,), bool.
    """
    sizes = [clip.size for clip in clips]
    owner = np.repeat(np.arange(len(clips)), sizes)
    time = np.concatenate([np.arange(size) for size in sizes] or [np.zeros(0, np.intp)])
    order = np.argsort(np.concatenate(clips or [np.zeros(0, np.uint32)]), kind="stable")
    values, owner, time = np.concatenate(clips or [np.zeros(0, np.uint32)])[order], owner[order], time[order]
    latest = max(sizes, default=0)
    hits, here = [], np.arange(values.size)
    for step in range(1, NEIGHBOURS + 1):
        here = here[here < values.size - step]
        here = here[values[here] == values[here + step]]  # sorted: none is equal further on that was not before
        first, second, offset = _hits(owner, time, here, step, relevant)
        hits.append((first * len(clips) + second) * _span(latest) + latest + offset)
    return _voted(np.concatenate(hits), len(clips), latest)


def likeness(first: np.ndarray, second: np.ndarray, offset: int) -> float:
    """Return how far two waveforms are the same, from 0 to 1: their correlation near `offset`, whatever the sign.

    Parameters
    ----------
    first, second : np.ndarray, shape=(n,), (m,)
        From `narrow`.
    offset : int
        Samples by which the sound comes later in `first`.
    """
    size = scipy.fft.next_fast_len(first.size + second.size, real=True)
    spectrum = scipy.fft.rfft(first, size) * np.conj(scipy.fft.rfft(second, size))
    lags = np.arange(offset - SLACK, offset + SLACK + 1)
    lags = lags[np.minimum(first.size - lags, second.size) - np.maximum(-lags, 0) >= LEAST_OVERLAP]
    if not lags.size:
        return 0.0
    energy = np.sqrt(_overlap(first, second, lags) * _overlap(second, first, -lags))
    products = scipy.fft.irfft(spectrum, size)[lags]
    return float(np.max(np.abs(products) / np.maximum(energy, 1e-12)))


def _overlap(first: np.ndarray, second: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Energy of what `first` shares with `second` at each of `lags`."""
    sums = np.concatenate(([0.0], np.cumsum(np.square(first, dtype=np.float64))))
    start, end = np.clip(lags, 0, first.size), np.clip(lags + second.size, 0, first.size)
    energy: np.ndarray = sums[end] - sums[start]
    return energy


def _hits(
    owner: np.ndarray,
    time: np.ndarray,
    here: np.ndarray,
    step: int,
    relevant: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First, second and offset of the wanted pairs of the sorted hashes at `here` and those `step` further on."""
    swap = owner[here] > owner[here + step]
    first, second = np.where(swap, here + step, here), np.where(swap, here, here + step)
    wanted = (owner[first] != owner[second]) & relevant(owner[first], owner[second])
    first, second = first[wanted], second[wanted]
    return owner[first], owner[second], time[first] - time[second]


def _span(latest: int) -> int:
    """Numbers that the offsets of a pair take, from -`latest` to `latest`, and one that none takes."""
    return 2 * latest + 2


def _voted(hits: np.ndarray, n_clips: int, latest: int) -> Candidates:
    """Pairs with enough hits at one offset or the next, each at its best offset.

    A hit is one number, as `candidates` makes it of first, second and offset: numbers are sorted faster than rows.
    """
    hits, votes = np.unique(hits, return_counts=True)
    # Half a hop between two clips spreads the votes over two neighbouring offsets.
    next_to = np.diff(hits, append=-1) == 1
    votes = votes + np.where(next_to, np.append(votes[1:], 0), 0)
    pairs = hits // _span(latest)
    best = np.lexsort((-votes, pairs))
    new = np.diff(pairs[best], prepend=-1) != 0
    kept = best[new & (votes[best] >= VOTES)]
    return Candidates(
        pairs[kept] // max(1, n_clips), pairs[kept] % max(1, n_clips), hits[kept] % _span(latest) - latest
    )


_EDGES = np.round(np.geomspace(LOWEST, HIGHEST, BANDS + 1) * WINDOW / RATE).astype(int)
