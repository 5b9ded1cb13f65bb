"""The clips of one class as the bootstrap draws them: whole clusters, with replacement.

How it stays fast: a replicate is a list of how many times each cluster counts. Sums over clips follow from sums by
cluster, so all replicates together are one matrix product. The EER is found in two steps. Scores are cut at `edges`
into blocks, the same for both classes; a matrix product again counts the clips below each edge. False-positive and
false-negative rate cross in one block of each replicate, and the clips of that block alone are counted one by one.
Nothing is rounded: the EER is that of `bonafide.scoring.measures.eer` of the clips written out as often as drawn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from bonafide.scoring import measures
from bonafide.scoring.calibration import Floats, is_ai, p_ai

Ints = NDArray[np.intp]
Counts = NDArray[np.uint8]

# Numbers in one working array (8 MB): enough to keep numpy busy, little enough for memory and cache.
CHUNK = 2**20
# Clips between two edges: a replicate counts as many one by one, and blocks beyond some 1,000 gain nothing.
BLOCK = 1024


@dataclass(frozen=True)
class DrawnClips:
    """Clips of one class in the order of their scores, and how often each replicate takes them.

    Attributes
    ----------
    llr : np.ndarray, shape=(n,)
        Scores in nats, ascending.
    cluster : np.ndarray, shape=(n,)
        Number of each clip's cluster.
    counts : np.ndarray, shape=(1 + replicates, clusters), uint8
        How often each cluster counts; once in the first row, which is the clips as they are.
    human : bool
        The class.
    thresholds : mapping
        Names and llrs at which decisions are counted.
    edges : np.ndarray, shape=(k,)
        Scores, ascending, at which blocks begin.
    """

    llr: Floats
    cluster: Ints
    counts: Counts
    human: bool
    thresholds: Mapping[str, float]
    edges: Floats

    @classmethod
    def of(
        cls, llr: Floats, cluster: Ints, counts: Counts, human: bool, thresholds: Mapping[str, float], edges: Floats
    ) -> Self:
        """Put the clips, shape=(n,), into order; parameters are the attributes."""
        order = np.argsort(llr, kind="stable")
        return cls(llr[order], cluster[order], counts, human, thresholds, edges)

    @cached_property
    def totals(self) -> Floats:
        """Sums over clips, shape=(1 + replicates, columns).

        Columns: clips, Cllr cost, squared error, called ai at the DCF threshold and at each of the thresholds, then
        each bin's predicted less observed number of ai clips: what ECE needs of a bin is their difference alone.
        """
        probability, n_clusters = p_ai(self.llr), self.counts.shape[1]
        error = probability - (not self.human)
        cost = measures.llr_cost(self.llr, np.full(self.llr.size, self.human))
        flagged = [is_ai(self.llr, threshold) for threshold in (measures.DCF_THRESHOLD, *self.thresholds.values())]
        columns = [np.ones(self.llr.size), cost, error**2, *flagged]
        sums = [np.bincount(self.cluster, column, n_clusters)[:, None] for column in columns]
        cells = self.cluster * measures.BINS + measures.bin_of(probability)
        sums.append(np.bincount(cells, error, n_clusters * measures.BINS).reshape(n_clusters, measures.BINS))
        return self._counts_times(np.hstack(sums))

    @cached_property
    def starts(self) -> Ints:
        """Where each block begins in the order of the scores, and where the last ends: shape=(k + 2,)."""
        return np.concatenate([[0], np.searchsorted(self.llr, self.edges), [self.llr.size]])

    @cached_property
    def below_edges(self) -> Floats:
        """Clips drawn below nothing, below each edge, and in all: shape=(1 + replicates, k + 2)."""
        shape = (self.counts.shape[1], self.starts.size - 1)
        blocks = scipy.sparse.csc_array((np.ones(self.llr.size), self.cluster, self.starts), shape=shape)
        return np.pad(np.cumsum(self._counts_times(blocks), axis=1), ((0, 0), (1, 0)))

    def below(self, rows: Ints, positions: Ints, block: int | None = None) -> Floats:
        """Count the clips drawn below scores: the counts of a `bonafide.scoring.curve.Curve`.

        Parameters
        ----------
        rows : np.ndarray, shape=(r,)
            Rows of `counts`.
        positions : np.ndarray, shape=(m,)
            For each score, ascending, how many of the clips that are looked at lie at it or below it.
        block : int, optional
            The block that is looked at; all of them by default.

        Returns
        -------
        np.ndarray, shape=(r, m + 2)
            First the clips below the block, last all that were drawn.
        """
        first, last = (0, self.llr.size) if block is None else self.starts[block : block + 2]
        ends = self.below_edges[rows]
        base = ends[:, :1] if block is None else ends[:, block, None]
        inside = np.zeros((rows.size, last - first + 1))
        np.cumsum(self.counts[rows[:, None], self.cluster[first:last]], axis=1, dtype=np.float64, out=inside[:, 1:])
        return np.hstack([base, base + inside[:, positions], ends[:, -1:]])

    def _counts_times(self, table: Floats | scipy.sparse.csc_array) -> Floats:
        """Product of `counts` and `table`, shape=(clusters, columns), without a float for every draw at once."""
        rows = row_chunks(len(self.counts), self.counts.shape[1])
        return np.vstack([self.counts[part].astype(np.float64) @ table for part in rows])


def edges_of(llr: Floats) -> Floats:
    """Return the scores at which blocks of some `BLOCK` clips begin, shape=(k,), ascending."""
    return np.unique(np.sort(llr)[BLOCK::BLOCK])


def cluster_codes(clusters: ArrayLike) -> Ints:
    """Give names numbers in their order, shape=(n,); clips with an empty name, or none, stand each for itself."""
    names = np.asarray(clusters)
    codes, distinct = pd.factorize(names.astype(object) if names.dtype.kind == "U" else names, sort=True)
    alone = (codes < 0) | np.isin(codes, np.flatnonzero(distinct == ""))
    return np.where(alone, len(distinct) + np.arange(codes.size), codes)


def draw_clusters(codes: Ints, human: bool, replicates: int, seed: int) -> tuple[Ints, Counts]:
    """Draw the clusters of one class with replacement, as many as there are.

    Parameters
    ----------
    codes : np.ndarray, shape=(n,)
        Of `cluster_codes`. Where all clips share one cluster, each stands for itself.
    human : bool
        The class: each has draws of its own, which do not depend on the other's clips.
    replicates, seed : int

    Returns
    -------
    tuple of np.ndarray
        `DrawnClips.cluster`, shape=(n,), and `DrawnClips.counts`, shape=(1 + replicates, clusters).
    """
    distinct, cluster = np.unique(codes, return_inverse=True)
    if distinct.size == 1:
        cluster = np.arange(codes.size)
    n_clusters = codes.size if distinct.size == 1 else distinct.size
    generator = np.random.default_rng([seed, int(human)])
    # A count of 256 does not come up: it takes more than 255 clusters, and then has a chance of 1 in 256!.
    counts = np.ones((1 + replicates, n_clusters), dtype=np.uint8)
    for row in counts[1:]:
        row[:] = np.bincount(generator.integers(n_clusters, size=n_clusters), minlength=n_clusters)
    return cluster, counts


def row_chunks(rows: int, width: int) -> Iterator[Ints]:
    """Cut the numbers of `rows` rows into runs that fill a working array of `width` columns."""
    step = max(1, CHUNK // max(1, width))
    return (np.arange(first, min(first + step, rows)) for first in range(0, rows, step))
