"""Groups of clips that a split keeps on one side: sources, speakers or generators, and what pairs join."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from bonafide.corpus.rows import LABELS, Row, Rows
from bonafide.errors import UserError


def group_numbers(rows: Rows, group: str) -> np.ndarray:
    """Return the number of the group that each clip moves with, shape (n,).

    Clips with the same value of `group` are one group, and so are the groups that a pair joins. A clip whose value
    is unknown goes by its speaker, else its generator, else it is a group of its own.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    keys = [_key(row, group) for row in rows]
    for row, key in zip(rows, keys, strict=True):
        home = root(key)
        if row["pair"]:
            parent[root(("pair", row["pair"]))] = home
    return numbers([root(key) for key in keys])


def group_names(rows: Rows, groups: np.ndarray, group: str) -> list[str]:
    """Return a name for each of the `groups` that `group_numbers` made, whatever other rows and groups there are."""
    names: dict[int, str] = {}
    for row, number in zip(rows, groups.tolist(), strict=True):
        name = " ".join(_key(row, group))
        names[number] = min(name, names.get(number, name))
    return [names[number] for number in range(len(names))]


def _key(row: Row, group: str) -> tuple[str, str]:
    return next((name, row[name]) for name in (group, "speaker", "generator", "clip") if row[name])


def fold_groups(rows: Rows, group: str, n_folds: int) -> list[frozenset[int]]:
    """Return the groups (numbers of `group_numbers`) of each of `n_folds` folds, with both classes spread evenly.

    The largest group goes first, each to the fold that holds the least of what it brings.
    """
    numbers = group_numbers(rows, group)
    share = np.zeros((numbers.max() + 1, 2))
    np.add.at(share, (numbers, np.array([LABELS.index(row["label"]) for row in rows])), 1)
    share /= share.sum(axis=0)
    filled = np.zeros((n_folds, 2))
    folds: list[set[int]] = [set() for _ in range(n_folds)]
    for number in np.argsort(-share.sum(axis=1), kind="stable"):
        fold = int((filled @ share[number]).argmin())
        filled[fold] += share[number]
        folds[fold].add(int(number))
    if not filled.all():
        raise UserError(f"{n_folds} folds by {group} would leave one without a class: ask for fewer folds")
    return [frozenset(fold) for fold in folds]


def numbers(values: Iterable[Any], unknown: object = None) -> np.ndarray:
    """Return a number for each value, the same for equal ones, shape (n,); -1 for `unknown`."""
    number_of: dict[Any, int] = {}
    return np.array([-1 if value == unknown else number_of.setdefault(value, len(number_of)) for value in values])
