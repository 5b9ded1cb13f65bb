"""How often a training clip is drawn: classes alike, sources by the root of their clips, copies by a share."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Draws:
    """How many crops of a clip an epoch draws in the mean: of the recording, and of each of its copies."""

    of_recording: Mapping[str, float]
    of_copy: Mapping[str, float]

    def count(self, clip: str, copy: int, rng: np.random.Generator) -> int:
        """Return how many crops of `copy` of `clip` this epoch draws, 0: the recording; none of a clip without."""
        mean = (self.of_copy if copy else self.of_recording).get(clip, 0.0)
        return int(mean + rng.uniform())


def balanced_draws(
    ai: Mapping[str, bool], sources: Mapping[str, str], crops: int, *, copies: int, copy_share: float
) -> Draws:
    """Return draws of about `crops` crops an epoch, half of them human.

    Within a class a source counts by the root of its clips: a large one tells more than a small one, but not by as
    much as it is larger.

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
    sizes = Counter((sources.get(clip, ""), label) for clip, label in ai.items())
    weight = {clip: 1 / math.sqrt(sizes[sources.get(clip, ""), label]) for clip, label in ai.items()}
    total = {label: sum(weight[clip] for clip, own in ai.items() if own == label) for label in set(ai.values())}
    of_clip = {clip: crops / len(total) * weight[clip] / total[label] for clip, label in ai.items()}
    share = copy_share if copies else 0.0
    of_recording = {clip: mean * (1 - share) for clip, mean in of_clip.items()}
    return Draws(of_recording, {clip: mean * share / max(1, copies) for clip, mean in of_clip.items()})
