"""The search for a division of groups of clips among train, dev and test: thousands are weighed at once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

TRAIN, DEV, TEST, DROPPED = range(4)
WORK = 2e7  # clips that are alike times divisions, in one go: a second, and some hundred megabytes
FEWEST, MOST = 64, 4096  # divisions that are drawn
MISSING = 1e6  # the loss of a side without a class: more than any shortfall adds up to
LEAST = 1e-3  # what a change must gain: where less counted, one clip more would move many groups
ALONE = 0.3  # the loss of a side with but one speaker, or one generator


@dataclass(frozen=True)
class Wanted:
    """What a division should be like.

    Attributes
    ----------
    shares : tuple of float
        Of train, dev and test, of each class.
    disjoint : bool
        Whether what two sides share is dropped from one of them.
    """

    shares: tuple[float, float, float]
    disjoint: bool


@dataclass(frozen=True)
class Atoms:
    """Clips that every division treats alike, counted.

    Attributes
    ----------
    group : np.ndarray, shape=(n,), int
        The group that moves as one.
    label : np.ndarray, shape=(n,), int
        Index into `bonafide.corpus.rows.LABELS`.
    count : np.ndarray, shape=(n,), int
    respects : np.ndarray, shape=(n, 3), int
        Speaker, source and generator as numbers; -1 where unknown.
    """

    group: np.ndarray
    label: np.ndarray
    count: np.ndarray
    respects: np.ndarray

    @cached_property
    def ties(self) -> "Ties":
        """What they share."""
        return Ties.of(self.respects)

    @cached_property
    def totals(self) -> np.ndarray:
        """Clips of each label, shape=(2,)."""
        return np.bincount(self.label, weights=self.count, minlength=2)

    def sizes(self) -> np.ndarray:
        """Return the clips of each label in each group, shape (2, groups)."""
        inside = [self.count * (self.label == label) for label in range(2)]
        return np.stack([np.bincount(self.group, weights=count) for count in inside])


@dataclass(frozen=True)
class Ties:
    """Which atoms hold which values; an unknown value is one that nobody else holds.

    Sides are given as planes: of each side a bit for each atom and division, packed to shape (n, divisions / 8), so
    that one operation weighs eight divisions.

    Attributes
    ----------
    values : np.ndarray, shape=(n, k), int
    respect : np.ndarray, shape=(number of values,), int
        The column of each value; -1 of an unknown one.
    holders, firsts : np.ndarray, int
        The atoms that hold each value, value by value, and where each value's begin.
    """

    values: np.ndarray
    respect: np.ndarray
    holders: np.ndarray
    firsts: np.ndarray

    @classmethod
    def of(cls, respects: np.ndarray) -> Self:
        """Return the ties of atoms with `respects`, shape (n, k), int; -1 is unknown."""
        sizes = respects.max(axis=0, initial=-1) + 1
        values = respects + np.cumsum(sizes) - sizes  # no two respects have a number in common
        unknown = respects < 0
        values[unknown] = sizes.sum() + np.arange(np.count_nonzero(unknown))
        found, numbers = np.unique(values, return_inverse=True)
        respect = np.searchsorted(np.cumsum(sizes), found, side="right")
        order = np.argsort(numbers, axis=None, kind="stable")
        firsts = np.searchsorted(numbers.ravel()[order], np.arange(len(found)))
        columns = respects.shape[1]
        return cls(numbers.reshape(values.shape), np.where(respect < columns, respect, -1), order // columns, firsts)

    def held(self, plane: np.ndarray) -> np.ndarray:
        """Return which values the atoms of `plane` hold, as a plane of values."""
        held: np.ndarray = np.bitwise_or.reduceat(plane[self.holders], self.firsts, axis=0)
        return held

    def holding(self, held: np.ndarray) -> np.ndarray:
        """Return the plane of the atoms that hold any of the values `held`."""
        plane: np.ndarray = np.bitwise_or.reduce([held[column] for column in self.values.T])
        return plane

    def disjoint(self, planes: list[np.ndarray]) -> list[np.ndarray]:
        """Return `planes` of train, dev and test without the dev that shares a value with test, and so on.

        Train loses what it shares with test or with what is left of dev.
        """
        train, dev, test = planes
        protected = self.held(test)
        dev = dev & ~self.holding(protected)
        protected |= self.held(dev)
        return [train & ~self.holding(protected), dev, test]


def overlap_dropped(respects: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return `sides` with dev dropped where it shares a value with test, and train where it does with either.

    Parameters
    ----------
    respects : np.ndarray, shape=(n, k), int
        Values in each respect; -1 is unknown and shared with nobody.
    sides : np.ndarray, shape=(n,), int
    """
    left = np.full(len(sides), DROPPED)
    for side, plane in enumerate(Ties.of(respects).disjoint(_planes(sides[:, None]))):
        left[np.unpackbits(plane, axis=1, count=1)[:, 0] == 1] = side
    return left


def best_division(
    atoms: Atoms, names: Sequence[str], wanted: Wanted, seed: int, tested: Sequence[int] = ()
) -> np.ndarray | None:
    """Return a side for each group, shape (groups,), int; None when none was found that has both classes on each side.

    The best of many that the groups' `names` and `seed` draw, which is then changed as long as that is worth it. So
    a corpus that grows by a clip, or by a source, keeps most of its sides: a group is drawn by its own name, whatever
    others there are, and no step depends on small differences. `tested` names the groups that make up the test side
    where that is given.
    """
    number = int(np.clip(2.0 ** np.floor(np.log2(WORK / len(atoms.count))), FEWEST, MOST))
    divisions = _drawn(names, wanted, seed, number, bool(len(tested)))
    divisions[:, 0] = _spread(atoms, 2 if len(tested) else 3, tested)  # chance may miss the few groups of one class
    divisions[list(tested)] = TEST
    losses = _losses(atoms, divisions, wanted)
    best = int(losses.argmin())
    division, loss = _improved(atoms, divisions[:, best], float(losses[best]), wanted, tested)
    return division.astype(int) if loss < MISSING else None


def _drawn(names: Sequence[str], wanted: Wanted, seed: int, number: int, two: bool) -> np.ndarray:
    """Return `number` divisions, shape (groups, number), drawn by name; among train and dev alone where `two`."""
    shares = np.array(wanted.shares[: 2 if two else 3])
    borders = np.cumsum(256 * shares / shares.sum())[:-1]
    digests = b"".join(hashlib.shake_128(f"{seed} {name}".encode()).digest(number) for name in names)
    chances = np.frombuffer(digests, np.uint8).reshape(len(names), number)
    side_of_chance = np.searchsorted(borders, np.arange(256), side="right").astype(np.int8)
    return side_of_chance[chances]


def _spread(atoms: Atoms, n_sides: int, tested: Sequence[int]) -> np.ndarray:
    """Return the division with the largest groups of each class on different sides, all others on train."""
    sizes = atoms.sizes()
    sizes[:, list(tested)] = 0
    sides = np.full(sizes.shape[1], TRAIN)
    for size in sorted(sizes, key=np.count_nonzero, reverse=True):  # the class with fewer groups goes last
        largest = np.argsort(-size, kind="stable")[:n_sides]
        sides[largest] = np.arange(len(largest))
    return sides


def _improved(
    atoms: Atoms, division: np.ndarray, loss: float, wanted: Wanted, tested: Sequence[int]
) -> tuple[np.ndarray, float]:
    """Return `division` changed group by group until no change gains `LEAST`, and its loss.

    Each round takes as many of the changes that gain as are best together, the one that gains most first.
    """
    sides = np.array([TRAIN, DEV] if len(tested) else [TRAIN, DEV, TEST], np.int8)
    free = np.setdiff1d(np.argsort(-atoms.sizes().sum(axis=0), kind="stable"), tested, assume_unique=True)
    free = free[: max(FEWEST, int(WORK / len(atoms.count)) // len(sides))]  # of many, the largest
    while free.size:
        near = np.repeat(division[:, None], len(free) * len(sides), axis=1)
        near[np.repeat(free, len(sides)), np.arange(near.shape[1])] = np.tile(sides, len(free))
        losses = _losses(atoms, near, wanted).reshape(len(free), len(sides))
        gains = loss - losses.min(axis=1)
        order = np.argsort(-gains, kind="stable")
        order = order[gains[order] > LEAST]
        if not order.size:
            break
        changed = np.repeat(division[:, None], len(order), axis=1)
        for rank, place in enumerate(order):
            changed[free[place], rank:] = sides[losses[place].argmin()]
        losses = _losses(atoms, changed, wanted)
        best = int(losses.argmin())
        division, loss = changed[:, best], float(losses[best])
    return division, loss


def _losses(atoms: Atoms, divisions: np.ndarray, wanted: Wanted) -> np.ndarray:
    """Return how little of what was wanted is left on the sides of each division, after what is dropped.

    The logarithm of each side's kept share of each class, weighted by the share that was wanted: to lose half of a
    side costs the same whether it is large or small, and no side is emptied to fill another. A side whose clips come
    from one speaker or generator is worth less: thresholds that one generator chose hold for that one.

    Parameters
    ----------
    divisions : np.ndarray, shape=(groups, k), int
        The side of each group.
    """
    at_once = max(8, int(WORK / len(atoms.count)))
    parts = range(0, divisions.shape[1], at_once)
    return np.concatenate([_losses_at_once(atoms, divisions[:, at : at + at_once], wanted) for at in parts])


def _losses_at_once(atoms: Atoms, divisions: np.ndarray, wanted: Wanted) -> np.ndarray:
    number = divisions.shape[1]
    planes = [plane[atoms.group] for plane in _planes(divisions)]
    if wanted.disjoint:
        planes = atoms.ties.disjoint(planes)
    losses = np.zeros(number)
    for share, plane in zip(wanted.shares, planes, strict=True):
        bits = np.unpackbits(plane, axis=1, count=number)
        for label in range(2):
            inside = atoms.label == label
            kept = np.einsum("n,nk->k", atoms.count[inside], bits[inside])
            kept_share = np.maximum(kept, 1) / max(1, atoms.totals[label])
            losses += np.where(kept > 0, -share * np.log(kept_share / share), MISSING)
        held = atoms.ties.held(plane)
        for respect in (0, 2):  # speakers and generators
            values = np.unpackbits(held[atoms.ties.respect == respect], axis=1, count=number)
            losses += ALONE / np.maximum(values.sum(axis=0, dtype=int), 1)
    return losses


def _planes(sides: np.ndarray) -> list[np.ndarray]:
    """Return the planes of train, dev and test of `sides`, shape (n, k)."""
    return [np.packbits(sides == side, axis=1) for side in (TRAIN, DEV, TEST)]
