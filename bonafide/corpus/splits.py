"""The disjoint split: what is tested has never been heard in training, in no respect that is known.

Whole groups (sources, speakers or generators) go to one side, a recording and its copies stay together, and what
a side still shares with a more protected one (dev with test, train with both) is dropped, or kept and marked.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt

from bonafide.corpus.divisions import DEV, TEST, TRAIN, Atoms, Wanted, best_division, overlap_dropped
from bonafide.corpus.genders import Gender
from bonafide.corpus.groups import group_names, group_numbers, numbers
from bonafide.corpus.rows import LABELS, Family, Rows, clips_of
from bonafide.errors import UserError

SIDES = ("train", "dev", "test", "dropped", "apart")  # the last one: see `bonafide.corpus.apart`
RESPECTS = ("speaker", "source", "generator")


@dataclass(frozen=True)
class SplitSettings:
    """How clips are divided; section `split` of params.yaml."""

    group: Literal["source", "speaker", "generator"]
    dev: Annotated[float, Gt(0), Lt(0.5)]
    test: Annotated[float, Gt(0), Lt(0.5)]
    on_overlap: Literal["drop", "keep"]
    seed: Annotated[int, Ge(0)]
    official: bool = False
    apart: tuple[Family, ...] = ("codec",)
    gender: Gender = "any"


def split(rows: Rows, settings: SplitSettings, tested: frozenset[int] = frozenset()) -> Rows:
    """Return `rows` of the catalog, each with its `split` and its seen marks.

    Where `tested` names groups (numbers of `group_numbers`), they are the test side, and only train and dev are chosen.
    Of many seeded assignments of groups to sides it takes the one that, after dropping what overlaps, leaves the most
    of the wanted shares of each class: so one voice that occurs in many sources ends on one side, and a corpus that
    grows keeps most of its sides.

    Raises
    ------
    UserError
        When no assignment gives every side clips of both classes; it says what stands in the way.
    """
    groups = group_numbers(rows, settings.group)
    if not tested and (reason := _too_few_groups(rows, groups, settings)):
        raise UserError(reason)
    atoms, atom_of = _atoms(rows, groups)
    shares = (1 - settings.dev - settings.test, settings.dev, settings.test)
    wanted = Wanted(shares, settings.on_overlap == "drop")
    best = best_division(atoms, group_names(rows, groups, settings.group), wanted, settings.seed, sorted(tested))
    if best is None:
        raise UserError(_why_impossible(rows, groups, settings))
    sides = _sides(atoms, best, settings)[atom_of]
    return marked([{**row, "split": SIDES[side]} for row, side in zip(rows, sides, strict=True)])


def assign(rows: Rows, settings: SplitSettings, tested: frozenset[int], judged: frozenset[int] = frozenset()) -> Rows:
    """Return `rows` with the groups `tested` on the test side, `judged` on dev and all others on train.

    Groups are numbers of `group_numbers`. What the sides share is dropped, or marked, as in `split`.
    """
    groups = group_numbers(rows, settings.group)
    atoms, atom_of = _atoms(rows, groups)
    side_of_group = np.full(groups.max() + 1, TRAIN)
    side_of_group[sorted(judged)], side_of_group[sorted(tested)] = DEV, TEST
    sides = _sides(atoms, side_of_group, settings)[atom_of]
    return marked([{**row, "split": SIDES[side]} for row, side in zip(rows, sides, strict=True)])


def with_companions(rows: Rows, companions: Rows, settings: SplitSettings) -> Rows:
    """Return `rows` of a split and `companions`, which train unless they share something with what judges or tests.

    A copy of such a clip is dropped always, what shares a source, speaker or generator where `settings` says so.

    The rows are those of `split` or `assign`; the result is in the order of the clips' ids and marked anew.
    """
    respects = ("pair", *RESPECTS) if settings.on_overlap == "drop" else ("pair",)
    held = {name: {row[name] for row in rows if row["split"] in ("dev", "test")} - {""} for name in respects}
    added = []
    for row in companions:
        shared = any(row[name] in held[name] for name in respects)
        added.append({**row, "split": "dropped" if shared else "train"})
    return marked(sorted([*rows, *added], key=lambda row: row["clip"]))


def unknown_groups(rows: Rows, group: str) -> int:
    """Return how many clips name no `group` and so were grouped by something weaker."""
    return clips_of([row for row in rows if not row[group] and (group != "generator" or row["label"] == "ai")])


def _atoms(rows: Rows, groups: np.ndarray) -> tuple[Atoms, np.ndarray]:
    respects = [numbers([row[name] for row in rows], unknown="") for name in RESPECTS]
    labels = np.array([LABELS.index(row["label"]) for row in rows])
    facts = np.stack([groups, labels, *respects], axis=1)
    unique, atom_of = np.unique(facts, axis=0, return_inverse=True)
    count = np.bincount(atom_of, weights=[row.get("clips", 1) for row in rows]).astype(int)
    return Atoms(unique[:, 0], unique[:, 1], count, unique[:, 2:]), atom_of


def _sides(atoms: Atoms, side_of_group: np.ndarray, settings: SplitSettings) -> np.ndarray:
    sides = side_of_group[atoms.group]
    return overlap_dropped(atoms.respects, sides) if settings.on_overlap == "drop" else sides


def marked(rows: Rows) -> Rows:
    """Return `rows` of a split, each with whether train has its speaker, source and generator."""
    seen = {name: {row[name] for row in rows if row["split"] == "train"} - {""} for name in RESPECTS}
    return [{**row, **{f"{name}_seen": row[name] in seen[name] for name in RESPECTS}} for row in rows]


def _why_impossible(rows: Rows, groups: np.ndarray, settings: SplitSettings) -> str:
    if reason := _too_few_groups(rows, groups, settings):
        return reason
    ties: Counter[tuple[str, str]] = Counter()
    for name in RESPECTS:
        for row in rows:
            if row[name] and name != settings.group:
                ties[name, row[name]] += clips_of([row])
    (name, value), count = ties.most_common(1)[0] if ties else (("group", "?"), 0)
    return (
        f"no split by {settings.group} leaves both classes in train, dev and test once what they share is dropped"
        f" (the widest tie: {name} '{value}' in {count} clips): add recordings of other speakers and generators, or"
        " set split.on_overlap to keep, which marks them instead"
    )


def _too_few_groups(rows: Rows, groups: np.ndarray, settings: SplitSettings) -> str:
    for label in LABELS:
        count = len({group for group, row in zip(groups, rows, strict=True) if row["label"] == label})
        if count < 3:
            others = [respect for respect in RESPECTS if respect != settings.group]
            return (
                f"the clips labelled '{label}' form {count} group(s) by {settings.group}, and train, dev and test"
                f" need one each: add recordings, or set split.group to {' or '.join(others)}, and split.on_overlap to"
                " keep where all clips share a source"
            )
    return ""


def describe(rows: Rows) -> str:
    """Return a line for each side: how many clips of how many sources, speakers and generators."""
    lines = []
    for side in SIDES:
        inside = [row for row in rows if row["split"] == side]
        if side == "apart" and not inside:
            continue
        labels = ", ".join(f"{clips_of([row for row in inside if row['label'] == label])} {label}" for label in LABELS)
        named = ", ".join(f"{len({row[name] for row in inside} - {''})} {name}s" for name in RESPECTS)
        lines.append(f"{side}: {labels}; {named}")
    return "\n".join(lines)
