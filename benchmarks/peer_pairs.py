"""The paired differences of two systems on the same folds, for `peers.py`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from bonafide.errors import UserError
from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.protocol.fold import Fold
from bonafide.protocol.table import put_into, read_fold

REPLICATES = 1000


def between(options: argparse.Namespace) -> None:
    """Print and write the difference of two systems of `bonafide folds`, such as the student project's and ours."""
    if not options.ours:
        raise UserError("--theirs is compared with --ours: name both")
    numbers = range(1, options.folds + 1)
    theirs = [
        Fold(options.theirs, "source", (number,), options.folds, seed) for number in numbers for seed in options.seeds
    ]
    names = pd.read_csv(options.table, dtype=str).query("params == @options.theirs.name")["name"]
    if names.empty:
        raise UserError(f"{options.table} has no row of {options.theirs}: run `bonafide folds --table` there first")
    put_pair(names.iloc[-1], options.theirs.name, theirs, options, key=("params", "less"))


def put_pair(
    system: str, params: str, theirs: Iterable[Fold], options: argparse.Namespace, key: tuple[str, ...]
) -> None:
    """Print and write the difference of `theirs` from ours, in the place of an elder row with the same in `key`."""
    row = {"system": system, "params": params, "less": options.ours.name, **difference(theirs, options.ours)}
    print(pd.Series(row).to_string())
    put_into(options.pairs, row, key)


def difference(theirs: Iterable[Fold], ours: Path) -> dict[str, float]:
    """Return the pooled EER of theirs less ours over the same clips, with its 95 % interval.

    Only seeds that both have are compared; a system with one seed alone meets that seed in the other.
    """
    pools = []
    for their in theirs:
        our = Fold(ours, their.by, their.held, their.of, their.seed)
        if not our.metrics.exists():
            raise UserError(
                f"{our.folder} is not done: run `bonafide folds --folds {our.of}` with seed {our.seed} first"
            )
        scores = read_fold(their)[0]
        both = scores.merge(read_fold(our)[0][["clip", "llr"]], on="clip", suffixes=("", " ours"))
        if len(both) != len(scores):
            raise UserError(f"{our.folder} tests other clips: give --params the file that `bonafide folds` ran with")
        pools.append(both)
    pool = pd.concat(pools)
    llr, human = arrays(pool)
    draws = Draws(clusters(pool), human, replicates=REPLICATES, seed=1)
    paired = draws.paired_difference(llr, pool["llr ours"].to_numpy())._asdict()
    return {**{key: round(value, 4) for key, value in paired.items()}, "clips": len(pool)}
