"""The disjoint split: what is tested has never been heard in training, in no respect that is known.

Whole groups (sources, speakers or generators) go to one side, a recording and its copies stay together, and what
a side still shares with a more protected one (dev with test, train with both) is dropped, or kept and marked.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt

from bonafide.corpus.genders import Gender
from bonafide.corpus.groups import group_numbers, numbers
from bonafide.corpus.rows import LABELS, Family, Rows, clips_of
from bonafide.errors import UserError

TRAIN, DEV, TEST, DROPPED = range(4)
SIDES = ("train", "dev", "test", "dropped", "apart")  # the last one: see `bonafide.corpus.apart`
RESPECTS = ("speaker", "source", "generator")
WORK = 4e7  # rows looked at in search of a split: some seconds
MOST_MOVES, FEWEST_MOVES, RESTARTS = 16000, 400, 4
MISSING = 1e6  # the cost of a side without a class: more than any shortfall adds up to
HEAT = 0.05  # by how much a step of the search may make things worse at its start
ALONE = 0.3  # the cost of a side with but one speaker, or one generator


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


@dataclass(frozen=True)
class Atoms:
    """Clips that every split treats alike, counted.

    Attributes
    ----------
    group : np.ndarray, shape=(n,), int
        The group that moves as one.
    label : np.ndarray, shape=(n,), int
        Index into `LABELS`.
    count : np.ndarray, shape=(n,), int
    respects : np.ndarray, shape=(n, 3), int
        Speaker, source and generator as numbers; -1 where unknown.
    """

    group: np.ndarray
    label: np.ndarray
    count: np.ndarray
    respects: np.ndarray

    @cached_property
    def values(self) -> tuple[np.ndarray, int]:
        """What `_distinct` makes of `respects`."""
        return _distinct(self.respects)

    @cached_property
    def totals(self) -> np.ndarray:
        """Clips of each label, shape=(2,)."""
        return np.bincount(self.label, weights=self.count, minlength=2)


def split(rows: Rows, settings: SplitSettings, tested: frozenset[int] = frozenset(), effort: float = 1.0) -> Rows:
    """Return `rows` of the catalog, each with its `split` and its seen marks.

    Where `tested` names groups (numbers of `group_numbers`), they are the test side, and only train and dev are chosen.
    With less `effort`, a share of the search's steps, it is quicker and what it finds is worse.

    Of many seeded assignments of groups to sides it takes the one that, after dropping what overlaps, leaves the most
    of the wanted shares of each class: so one voice that occurs in many sources ends on one side.

    Raises
    ------
    UserError
        When no assignment gives every side clips of both classes; it says what stands in the way.
    """
    groups = group_numbers(rows, settings.group)
    if not tested and (reason := _too_few_groups(rows, groups, settings)):
        raise UserError(reason)
    atoms, atom_of = _atoms(rows, groups)
    best = _search(atoms, settings, np.array(sorted(tested), int), effort)
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


def overlap_dropped(respects: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return `sides` with dev dropped where it shares a value with test, and train where it does with either.

    Parameters
    ----------
    respects : np.ndarray, shape=(n, k), int
        Values in each respect; -1 is unknown and shared with nobody.
    sides : np.ndarray, shape=(n,), int
    """
    return _overlap_dropped(*_distinct(respects), sides)


def _distinct(respects: np.ndarray) -> tuple[np.ndarray, int]:
    """Return `respects` as numbers that no two respects share, shape (k, n), and the highest: that of the unknown."""
    sizes = respects.max(axis=0, initial=-1) + 1
    unknown = int(sizes.sum())
    return np.where(respects < 0, unknown, respects + np.cumsum(sizes) - sizes).T, unknown


def _overlap_dropped(values: np.ndarray, unknown: int, sides: np.ndarray) -> np.ndarray:
    left, taken = sides.copy(), np.zeros(unknown + 1, bool)
    for protected, side in ((TEST, DEV), (DEV, TRAIN)):  # what is left of dev protects itself, beside test
        taken[values[:, left == protected]] = True
        taken[unknown] = False
        left[(left == side) & taken[values].any(axis=0)] = DROPPED
    return left


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


def _search(atoms: Atoms, settings: SplitSettings, tested: np.ndarray, effort: float) -> np.ndarray | None:
    """Return the best side for each group found by seeded annealing; None when no assignment is possible."""
    rng = np.random.default_rng(settings.seed)
    shares = [1 - settings.dev - settings.test, settings.dev, settings.test]
    most, work = MOST_MOVES * effort, WORK * effort
    moves = int(np.clip(work / len(atoms.count), min(FEWEST_MOVES, most), most)) // RESTARTS
    best, least = None, np.inf
    n_sides = 2 if tested.size else 3  # train and dev alone, where the test side is given
    for start in range(RESTARTS + 1):
        if start == RESTARTS and least < MISSING:
            break
        sides = rng.choice(n_sides, size=atoms.group.max() + 1, p=np.array(shares[:n_sides]) / sum(shares[:n_sides]))
        if start == RESTARTS:  # chance may miss the few groups of one class among the many of the other
            _spread(atoms, sides, n_sides, tested)
        sides[tested] = TEST
        cost = _cost(atoms, sides, settings)
        costs = dict[bytes, float]()  # of all that was looked at: few groups can be divided in few ways
        for move in range(moves):
            moved = sides.copy()
            moved[rng.integers(len(sides), size=rng.integers(1, 3))] = rng.integers(n_sides)
            moved[tested] = TEST
            key = hashlib.blake2b(moved, digest_size=16).digest()
            if (new := costs.get(key)) is None:
                new = costs[key] = _cost(atoms, moved, settings)
            if new <= cost - HEAT * (1 - move / moves) ** 2 * np.log(rng.random()):
                sides, cost = moved, new
            if cost < least:
                best, least = sides, cost
    return best if least < MISSING else None


def _spread(atoms: Atoms, sides: np.ndarray, n_sides: int, tested: np.ndarray) -> None:
    """Put the largest groups of each class on different `sides`, in place; the class with fewer groups goes last."""
    inside = [atoms.count * (atoms.label == label) for label in range(len(LABELS))]
    sizes = [np.bincount(atoms.group, weights=count, minlength=len(sides)) for count in inside]
    for size in sorted(sizes, key=np.count_nonzero, reverse=True):
        size[tested] = 0
        largest = np.argsort(-size, kind="stable")[:n_sides]
        sides[largest] = np.arange(len(largest))


def _cost(atoms: Atoms, side_of_group: np.ndarray, settings: SplitSettings) -> float:
    """How little of what was wanted is left on the sides, after what is dropped.

    The logarithm of each side's kept share of each class, weighted by the share that was wanted: to lose half of a
    side costs the same whether it is large or small, and no side is emptied to fill another. A side whose clips come
    from one speaker or generator is worth less: thresholds that one generator chose hold for that one.
    """
    sides = _sides(atoms, side_of_group, settings)
    kept = np.bincount(sides * 2 + atoms.label, weights=atoms.count, minlength=8).reshape(4, 2)[:3]
    if not kept.all():
        return MISSING * float((kept == 0).sum())
    wanted = np.array([[1 - settings.dev - settings.test], [settings.dev], [settings.test]])
    speakers, generators = (_variety(atoms.respects[:, column], sides) for column in (0, 2))
    alone = sum(1 / count for side in (TRAIN, DEV, TEST) for count in (speakers[side], generators[side]))
    return float(-(wanted * np.log(kept / atoms.totals / wanted)).sum() + ALONE * alone)


def _variety(values: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return how many different known `values` each of train, dev and test has, shape (3,), 1 at least."""
    there = np.zeros((values.max() + 2, len(SIDES)), bool)
    there[values, sides] = True  # the last row is for -1
    variety: np.ndarray = np.maximum(there[:-1, :3].sum(axis=0), 1)
    return variety


def _sides(atoms: Atoms, side_of_group: np.ndarray, settings: SplitSettings) -> np.ndarray:
    sides = side_of_group[atoms.group]
    return _overlap_dropped(*atoms.values, sides) if settings.on_overlap == "drop" else sides


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
