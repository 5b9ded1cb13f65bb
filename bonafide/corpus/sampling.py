"""A small corpus with the variety of a large one: as many clips of each group as can be."""

from itertools import zip_longest

import numpy as np

from bonafide.corpus.rows import LABELS, Rows
from bonafide.corpus.tally import OF_AI


def sampled(rows: Rows, n: int, by: str, seed: int) -> Rows:
    """Return `n` of `rows`, in their order: half of each class, and in each class every group as often as any other.

    Parameters
    ----------
    rows : list of dict
    n : int
        Where a class has too few clips the other has more; all of `rows` where there are no more.
    by : str
        Column of the groups; clips that do not say theirs are one. Human clips have no generator and no family: their
        groups are sources then.
    seed : int
        Of the order in which groups, and clips of a group, are taken.
    """
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    queues = []
    for label in LABELS:
        groups: dict[str, list[int]] = {}
        column = "source" if label == "human" and by in OF_AI else by
        for number in order:
            if rows[number]["label"] == label:
                groups.setdefault(rows[number].get(column, ""), []).append(number)
        rounds = zip_longest(*groups.values())
        queues.append([number for each in rounds for number in each if number is not None])
    halves = _halves(n, len(queues[0]), len(queues[1]))
    taken = {number for queue, count in zip(queues, halves, strict=True) for number in queue[:count]}
    return [row for number, row in enumerate(rows) if number in taken]


def _halves(n: int, human: int, ai: int) -> tuple[int, int]:
    """Return how many clips of each class make `n`, of as many as there are."""
    first = min(human, max(n - n // 2, n - ai))
    return first, min(ai, n - first)
