"""Products of frames with matrices, and sums of bins in bands; for numpy and Keras alike.

A product is taken of two axes, all frames one behind the other: around one of three axes Keras writes a dozen further
operations, which tracing and exporting pay for. A band's sum leaves out the many bins that it does not touch.
"""

from typing import Any

import numpy as np

BLOCK = 16  # bands that are summed up together

Array = Any  # of numpy, or a tensor of Keras, which has no types
Blocks = list[tuple[int, np.ndarray]]  # the first bin that some bands touch, and what they weigh


def in_blocks(filters: np.ndarray) -> Blocks:
    """Return `filters`, shape (bins, bands), `BLOCK` bands at a time, without the bins that none of them touches."""
    blocks = []
    for start in range(0, filters.shape[1], BLOCK):
        block = filters[:, start : start + BLOCK]
        touched = np.flatnonzero(block.any(axis=1))
        first, last = (touched[0], touched[-1]) if touched.size else (0, 0)
        blocks.append((int(first), np.ascontiguousarray(block[first : last + 1])))
    return blocks


def product(x: Array, matrix: np.ndarray, xp: Any = np) -> Array:  # noqa: ANN401 - a module
    """Return ``x @ matrix`` for `x` of shape (n, frames, bins); shape (n, frames, columns)."""
    rows = xp.reshape(x, (-1, matrix.shape[0]))
    return xp.reshape(xp.matmul(rows, matrix), (-1, x.shape[1], matrix.shape[1]))


def banded(x: Array, blocks: Blocks, xp: Any = np) -> Array:  # noqa: ANN401 - a module
    """Return `x`, shape (..., bins), in bands, shape (..., bands); `xp` is numpy or ``keras.ops``."""
    rows = xp.reshape(x, (-1, x.shape[-1]))
    parts = [xp.matmul(rows[:, first : first + len(block)], block) for first, block in blocks]
    bands = sum(block.shape[1] for _, block in blocks)
    return xp.reshape(xp.concatenate(parts, axis=-1), (-1, *x.shape[1:-1], bands))
