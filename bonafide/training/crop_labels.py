"""What a crop of a partly synthetic clip is: the label goes by what is in the crop, not by what the clip is called.

A crop that is human throughout is human, and one of which `AI_SHARE` or more is synthetic is ai. What lies between
is neither: too little of it is synthetic to learn that from, and too much to call it human. A crop of a clip that
is shorter holds the clip repeated, and its segments with it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bonafide.audio.spectrogram import crops, repeat_to

HUMAN, AI, NEITHER = 0, 1, -1
AI_SHARE = 0.25  # a second of a crop of four

Stretches = Sequence[Mapping[str, int]]  # synthetic frames, from `start` to before `stop`; none: all of a kind


def crop_labels(stretches: Stretches, size: int, frames: int, is_ai: bool, count: int) -> np.ndarray:
    """Return the labels, shape (count,), of the crops of `frames` that a clip of `size` frames is cut into.

    Parameters
    ----------
    stretches : sequence of dict
        Of a partly synthetic clip; of any other one, all crops are what `is_ai` says.
    size, frames : int
    is_ai : bool
    count : int
        How many crops there are.
    """
    if not stretches:
        return np.full(count, AI if is_ai else HUMAN)
    return _labels(crops(_synthetic(stretches, size), frames).mean(axis=(1, 2)))


def start_labels(stretches: Stretches, size: int, frames: int) -> np.ndarray:
    """Return the label of the crop of `frames` that begins at each frame of a partly synthetic clip of `size` frames.

    Examples
    --------
    >>> start_labels([{"start": 6, "stop": 8}], size=8, frames=4)
    array([0, 0, 0, 1, 1])
    """
    made = np.concatenate(([0.0], np.cumsum(repeat_to(_synthetic(stretches, size), frames))))
    return _labels((made[frames:] - made[:-frames]) / frames)


def _synthetic(stretches: Stretches, size: int) -> np.ndarray:
    """Return 1 for synthetic frames and 0 for others, shape (size, 1): a spectrogram of one band, cut like any."""
    made = np.zeros((size, 1))
    for stretch in stretches:
        made[stretch["start"] : stretch["stop"]] = 1
    return made


def _labels(shares: np.ndarray) -> np.ndarray:
    return np.select([shares >= AI_SHARE, shares == 0], [AI, HUMAN], NEITHER)
