"""Sound in blocks, shape (n, channels), one after another."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr


def resampled(
    blocks: Iterable[np.ndarray], native: int, rate: int, channels: int | None = None
) -> Iterator[np.ndarray]:
    """Yield `blocks` of one signal at `native` hertz as blocks at `rate` hertz: soxr's HQ, as the pipeline has.

    Parameters
    ----------
    blocks : iterable of np.ndarray, shape=(n,) or (n, channels), float32
    native, rate : int
        In hertz.
    channels : int, optional
        None for blocks of shape (n,).
    """
    if native == rate:
        yield from blocks
        return
    resampler = soxr.ResampleStream(native, rate, channels or 1, dtype="float32", quality="HQ")
    for block in blocks:
        if len(done := resampler.resample_chunk(block)):
            yield done
    yield resampler.resample_chunk(np.zeros((0, channels) if channels else 0, np.float32), last=True)


def beginning(blocks: Iterable[np.ndarray], size: int, channels: int) -> np.ndarray:
    """Return the first `size` samples of `blocks`, or all where there are fewer; shape (n, channels)."""
    taken, count = [np.zeros((0, channels), np.float32)], 0
    for block in blocks:
        taken.append(block)
        count += len(block)
        if count >= size:
            break
    return np.concatenate(taken)[:size]


def without(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yield what follows the first `size` samples of `blocks`."""
    for block in blocks:
        if size < len(block):
            yield block[size:]
        size = max(0, size - len(block))


def of_channels(block: np.ndarray, channels: int) -> np.ndarray:
    """Return `block` with as many `channels`: its own, or the mean of them in each."""
    if block.shape[1] == channels:
        return block
    return np.repeat(block.mean(axis=1, dtype=np.float32)[:, None], channels, axis=1)
