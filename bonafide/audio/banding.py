"""Sums of bins in bands, without the products with the many bins that a band leaves out; for numpy and Keras alike."""

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


def banded(x: Array, blocks: Blocks, xp: Any = np) -> Array:  # noqa: ANN401 - a module
    """Return `x`, shape (..., bins), in bands, shape (..., bands); `xp` is numpy or ``keras.ops``."""
    parts = [xp.matmul(x[..., first : first + len(block)], block) for first, block in blocks]
    return xp.concatenate(parts, axis=-1)
