"""How often a training clip is drawn: classes alike, sources by the root of their clips, copies by a share."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Draws:
    """How many crops of a clip an epoch draws in the mean: of the recording, and of each of its copies.

    An epoch reads the share `read` of the clips and copies, chosen at random, and draws the more of each.
    """

    of_recording: Mapping[str, float]
    of_copy: Mapping[str, float]
    read: float = 1.0

    def count(self, clip: str, copy: int, rng: np.random.Generator) -> int:
        """Return how many crops of `copy` of `clip`, that it reads, this epoch draws, 0: the recording."""
        mean = (self.of_copy if copy else self.of_recording).get(clip, 0.0)
        return int(mean / self.read + rng.uniform())


def balanced_draws(
    ai: Mapping[str, bool], sources: Mapping[str, str], crops: int, *, copies: int, copy_share: float
) -> Draws:
    """Return draws of about `crops` crops an epoch, balanced as `balanced_weights` says.

    Parameters
    ----------
    ai : dict of str to bool
        The training clips, and whether each is ai.
    sources : dict of str to str
        The source of each clip; clips that are not in it count as one source.
    crops : int
    copies : int
        Of each clip.
    copy_share : float
        Of the crops of a clip that are drawn of its copies, where there are some.
    """
    weights = balanced_weights(ai, np.array(list(ai.values())), sources, np.ones(len(ai)))
    of_clip = dict(zip(ai, (crops / len(ai) * weights).tolist(), strict=True))
    share = copy_share if copies else 0.0
    of_recording = {clip: mean * (1 - share) for clip, mean in of_clip.items()}
    of_copy = {clip: mean * share / max(1, copies) for clip, mean in of_clip.items()}
    return Draws(of_recording, of_copy, read=min(1.0, crops / (len(ai) * (1 + copies))))


def balanced_weights(
    names: Iterable[str], is_ai: np.ndarray, sources: Mapping[str, str], given: np.ndarray
) -> np.ndarray:
    """Return a weight for each crop, with the mean 1: sources count by the root of their crops, classes alike.

    A large source tells more than a small one, but not by as much as it is larger.

    Parameters
    ----------
    names : iterable of str
        The clip of each crop.
    is_ai : np.ndarray, shape=(n,), bool
    sources : dict of str to str
        The source of each clip; clips that are not in it count as one source.
    given : np.ndarray, shape=(n,)
        What each crop counts beside others of its source and class.
    """
    groups = [(sources.get(name, ""), bool(label)) for name, label in zip(names, is_ai, strict=True)]
    sizes = Counter(groups)
    weights: np.ndarray = given * np.array([1 / math.sqrt(sizes[group]) for group in groups])
    for label in set(is_ai.tolist()):
        weights[is_ai == label] *= len(groups) / 2 / weights[is_ai == label].sum()
    return weights
