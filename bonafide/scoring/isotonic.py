"""Isotonic regression of two classes on a score: the best monotone calibration, in numpy and linear time."""

from __future__ import annotations

import numpy as np

from bonafide.scoring.calibration import Floats


def pool_adjacent_violators(human: Floats, ai: Floats) -> tuple[Floats, Floats]:
    """Pool neighbours until the share of human clips rises from block to block (Ayer et al. 1955), in O(k).

    The order of pooling does not matter, so each round pools every falling run at once, in numpy. Once rounds
    no longer shrink the list by a tenth, a plain loop ends the work, lest a long chain cost a round for each
    of its links.

    Parameters
    ----------
    human, ai : np.ndarray, shape=(k,)
        Clips of each class at each distinct score, ascending; ``human + ai > 0`` everywhere.

    Returns
    -------
    tuple of np.ndarray
        Clips of each class in each block, ascending, shape=(blocks,).
    """
    while human.size > 1:
        rises = human[:-1] * ai[1:] < human[1:] * ai[:-1]
        starts = np.append(0, np.flatnonzero(rises) + 1)
        if starts.size == human.size:
            break
        if starts.size > 0.9 * human.size:
            return _pool_one_by_one(human, ai)
        human, ai = np.add.reduceat(human, starts), np.add.reduceat(ai, starts)
    return human, ai


def _pool_one_by_one(human: Floats, ai: Floats) -> tuple[Floats, Floats]:
    blocks: list[tuple[float, float]] = []
    for h, a in zip(human.tolist(), ai.tolist(), strict=True):
        while blocks and blocks[-1][0] * a >= h * blocks[-1][1]:
            left = blocks.pop()
            h, a = h + left[0], a + left[1]
        blocks.append((h, a))
    pooled = np.array(blocks)
    return pooled[:, 0], pooled[:, 1]
