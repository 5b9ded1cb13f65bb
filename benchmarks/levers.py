"""What each part of the default detector gives: ``python benchmarks/levers.py [--table docs/levers.csv]``.

Run it in a project after `bonafide folds --cross-fit`: on the folds of the protocol, a machine is fitted to all that is
not tested, with one thing changed at a time, and scores the crops of the tested clips. No calibration: the threshold
for the false alarms of a fold is where the errors of all other folds' scores are alike.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from bonafide.crossfit import statistics_of_all
from bonafide.files import write_text
from bonafide.fitting import CropStatistics, balanced_weights, fit_kernel
from bonafide.folds import FEATURES, SIDES, folds_folder
from bonafide.params import read_section
from bonafide.protocol import false_alarms, within_sources
from bonafide.scoring import eer, thresholds
from bonafide.training import TrainSettings

# The statistics in the order of `SpectralStatistics.call`, with how many there are of each.
FAMILIES = {
    "tonality of bands": 128,
    "liveliness of cepstra": 64,
    "togetherness of bands": 113,
    "rhythm of bands": 80,
    "fine structure": 42,
    "ripples of the long-term spectrum": 16,
}
Change = Callable[[TrainSettings], TrainSettings]


def main() -> None:
    """Print a row for each lever as it gets done, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--table", type=Path, default=Path("docs/levers.csv"))
    options = parser.parse_args()
    folder = folds_folder(options.params, "source", Path(".bonafide/folds"))
    folds = [
        pq.read_table(path).to_pandas() for path in sorted((folder / "cross-fitted").glob(f"source-*-seed-1/{SIDES}"))
    ]
    if not folds:
        raise SystemExit("levers: run `bonafide folds --cross-fit` first")
    settings = read_section(options.params, "train", TrainSettings)
    known = statistics_of_all(options.params, folds[0].to_dict("records"), folder / FEATURES)
    rows = []
    for name, columns, change, balance in levers(known.values.shape[1]):
        chosen = dataclasses.replace(known, values=known.values[:, columns])
        rows.append({"lever": name, **measured(folds, chosen, change(settings), balance=balance)})
        print(
            " ".join(f"{value:.3f}" if isinstance(value, float) else f"{value:48}" for value in rows[-1].values()),
            flush=True,
        )
        write_text(options.table, pd.DataFrame(rows).round(4).to_csv(index=False))


def levers(size: int) -> list[tuple[str, np.ndarray, Change, bool]]:
    """Return the name of each lever, the columns of the statistics that stay, the settings, and whether to balance."""
    everything = np.ones(size, bool)
    edges = np.cumsum([0, *FAMILIES.values()])
    if edges[-1] != size:
        raise SystemExit(f"levers: {size} statistics, but FAMILIES has {edges[-1]}: bring it up to date")
    found: list[tuple[str, np.ndarray, Change, bool]] = [("default", everything, same, True)]
    for name, start, stop in zip(FAMILIES, edges, edges[1:], strict=False):
        inside = np.isin(np.arange(size), np.arange(start, stop))
        found += [(f"without {name}", ~inside, same, True), (f"{name} alone", inside, same, True)]
    found.append(("sources weighed by their clips", everything, same, False))
    for key, values in {
        "copy_weight": (0.0, 0.05, 1.0),
        "centres": (100, 1600),
        "width": (0.02, 0.5),
        "strength": (1.0, 300.0),
    }.items():
        found += [(f"train.kernel.{key} {value}", everything, with_kernel(key, value), True) for value in values]
    return found


def same(settings: TrainSettings) -> TrainSettings:
    """Change nothing."""
    return settings


def with_kernel(key: str, value: float) -> Change:
    """Return what sets `key` of the kernel to `value`."""
    return lambda settings: dataclasses.replace(settings, kernel=dataclasses.replace(settings.kernel, **{key: value}))


def measured(
    folds: list[pd.DataFrame], known: CropStatistics, settings: TrainSettings, *, balance: bool
) -> dict[str, float]:
    """Return the protocol's figures for one way to fit."""
    scored = [score(fold, known, settings, balance=balance) for fold in folds]
    alarms, within = [], []
    for number, own in enumerate(scored):
        others = pd.concat(scored[:number] + scored[number + 1 :])
        cut = thresholds(others["llr"].to_numpy(), (others["label"] == "human").to_numpy())["balanced"]
        alarms += false_alarms(own, cut).values()
        within += within_sources(own).values()
    pool = pd.concat(scored)
    errors = [eer(each["llr"].to_numpy(), (each["label"] == "human").to_numpy()) for each in (pool, *scored)]
    return {
        "pooled EER": errors[0],
        "mean fold EER": float(np.mean(errors[1:])),
        "within-source AUC": float(np.mean(within)),
        "human-only false alarms": float(np.mean(alarms)),
    }


def score(fold: pd.DataFrame, known: CropStatistics, settings: TrainSettings, *, balance: bool) -> pd.DataFrame:
    """Return the tested clips of a fold with the mean logit of their crops, turned so that higher is more human."""
    train = fold[fold["split"] == "train"].set_index("clip")
    own = known.of(train.index)
    given = np.where(own.copies, settings.kernel.copy_weight, 1.0)
    own, given = dataclasses.replace(own, clips=own.clips[given > 0], values=own.values[given > 0]), given[given > 0]
    is_ai = (train["label"].loc[own.clips] == "ai").to_numpy()
    sources = train["source"].to_dict() if balance else {}
    machine = fit_kernel(own.values, is_ai, balanced_weights(own.clips, is_ai, sources, given), settings)
    tested = fold[fold["split"] == "test"]
    heard = known.of(tested["clip"])
    recordings = ~heard.copies
    logits = pd.Series(machine.logits(heard.values[recordings])).groupby(heard.clips[recordings]).mean()
    return tested.assign(llr=-logits.loc[tested["clip"]].to_numpy())


if __name__ == "__main__":
    main()
