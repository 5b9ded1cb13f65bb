"""Several sound tracks of one file, which are its channels where they carry different voices."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest

import numpy as np

from bonafide.audio.blocks import resampled
from bonafide.audio.channels import Levels, mono
from bonafide.audio.recording import Sound


def voices_of(tracks: list[Sound], most_seconds: float) -> list[int]:
    """Return a track for each voice in the first `most_seconds`, in order, where tracks carry different ones."""
    levels, left = Levels(tracks[0].rate), most_seconds
    for block in side_by_side(tracks).blocks:
        levels.add(block)
        left -= len(block) / levels.rate
        if left <= 0:
            break
    return levels.voices()


def side_by_side(tracks: list[Sound]) -> Sound:
    """Return one sound with a channel for each of `tracks`, which share their notes: the mean of its own channels.

    A track that ends early is silent from there on.
    """
    first = tracks[0]
    together = Sound(first.rate, len(tracks), first.format, iter(()), first.notes)
    seconds = [_of_size(resampled(map(mono, each.blocks), each.rate, first.rate), first.rate) for each in tracks]

    def blocks() -> Iterator[np.ndarray]:
        for parts in zip_longest(*seconds, fillvalue=np.zeros(0, np.float32)):
            size = max(map(len, parts))
            yield np.stack([np.pad(part, (0, size - len(part))) for part in parts], axis=1)
            together.until = max(each.until for each in tracks)

    together.blocks = blocks()
    return together


def _of_size(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yield `blocks`, shape (n,), as blocks of `size`; the last may be shorter."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate((rest, block))
        while len(rest) >= size:
            yield rest[:size]
            rest = rest[size:]
    if len(rest):
        yield rest
