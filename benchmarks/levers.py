"""What each part of the default detector gives: ``python benchmarks/levers.py [--table docs/levers.csv]``.

Run it in a project after `bonafide folds --cross-fit`: on the folds of the protocol, a machine is fitted to all that is
not tested, with one thing changed at a time, and scores the crops of the tested clips. No calibration: the threshold
for the false alarms of a fold is where the errors of all other folds' scores are alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from bonafide.corpus.companions import CompanionSettings
from bonafide.evaluation.scored_clips import arrays
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.protocol.crossfit import statistics_of_all
from bonafide.protocol.folds import FEATURES, SIDES, folds_folder
from bonafide.protocol.table import false_alarms, within_sources
from bonafide.scoring.measures import eer
from bonafide.scoring.thresholds import thresholds
from bonafide.training.data import clips_of
from bonafide.training.fit import TrainSettings
from bonafide.training.kernel import CropStatistics, fit_experts

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


@dataclass(frozen=True)
class Lever:
    """One way to fit: which columns of the statistics stay, what of the settings changes, how sources are weighed."""

    name: str
    columns: np.ndarray
    companion_weight: float  # 0 leaves them out
    change: Change = lambda settings: settings
    balance: bool = True


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
    companions = read_section(options.params, "companions", CompanionSettings)
    for lever in levers(known.values.shape[1], companions):
        rows.append({"lever": lever.name, **measured(folds, known, settings, companions, lever)})
        print(
            " ".join(f"{value:.3f}" if isinstance(value, float) else f"{value:48}" for value in rows[-1].values()),
            flush=True,
        )
        write_text(options.table, pd.DataFrame(rows).round(4).to_csv(index=False))


def levers(size: int, companions: CompanionSettings) -> list[Lever]:
    """Return the default and what is changed of it, one thing at a time; companions where there are such."""
    everything = np.ones(size, bool)
    edges = np.cumsum([0, *FAMILIES.values()])
    if edges[-1] != size:
        raise SystemExit(f"levers: {size} statistics, but FAMILIES has {edges[-1]}: bring it up to date")
    default = Lever("default", everything, companions.weight)
    found = [default]
    for name, start, stop in zip(FAMILIES, edges, edges[1:], strict=False):
        inside = np.isin(np.arange(size), np.arange(start, stop))
        found += [
            replace(default, name=f"without {name}", columns=~inside),
            replace(default, name=f"{name} alone", columns=inside),
        ]
    found.append(replace(default, name="sources weighed by their clips", balance=False))
    if companions.folders:
        found += [
            replace(default, name=f"companions.weight {weight}", companion_weight=weight) for weight in (0.0, 0.05, 1.0)
        ]
    for key, values in {
        "experts": ((), ((1,),), ((2,),), ((3,),)),
        "copy_weight": (0.01, 1.0),
        "components": (50, 300),
        "centres": (350, 700),
        "width": (0.02, 0.5),
        "strength": (1.0, 300.0),
    }.items():
        found += [
            replace(default, name=f"train.kernel.{key} {value}", change=with_kernel(key, value)) for value in values
        ]
    return found


def with_kernel(key: str, value: float) -> Change:
    """Return what sets `key` of the kernel to `value`."""
    return lambda settings: replace(settings, kernel=replace(settings.kernel, **{key: value}))


def measured(
    folds: list[pd.DataFrame],
    known: CropStatistics,
    settings: TrainSettings,
    companions: CompanionSettings,
    lever: Lever,
) -> dict[str, float]:
    """Return the protocol's figures for one way to fit."""
    known = replace(known, values=known.values[:, lever.columns])
    companions = replace(companions, weight=lever.companion_weight)
    alarms, within = [], []
    scored, copied = [], []
    for fold in folds:
        recordings, copies = score(fold, known, lever.change(settings), companions, balance=lever.balance)
        scored.append(recordings)
        copied.append(copies)
    for number, own in enumerate(scored):
        others = pd.concat(scored[:number] + scored[number + 1 :])
        cut = thresholds(*arrays(others))["balanced"]
        alarms += false_alarms(own, cut).values()
        within += within_sources(own).values()
    return {
        "pooled EER": eer(*arrays(pd.concat(scored))),
        "mean fold EER": float(np.mean([eer(*arrays(each)) for each in scored])),
        "within-source AUC": float(np.mean(within)),
        "human-only false alarms": float(np.mean(alarms)),
        "pooled EER of augmented copies": eer(*arrays(pd.concat(copied))),
    }


def score(
    fold: pd.DataFrame,
    known: CropStatistics,
    settings: TrainSettings,
    companions: CompanionSettings,
    *,
    balance: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the llr, not calibrated, of the tested clips of a fold, and that of their augmented copies."""
    train = fold[fold["split"] == "train"]
    if not companions.weight:
        train = train[[not companions.hold(path) for path in train["path"]]]
    clips = clips_of(train.to_dict("records"), Path(), 0, 0, companions)
    if not balance:
        clips = replace(clips, sources={})
    experts = fit_experts(known.of(clips.train), clips, settings)
    tested = fold[fold["split"] == "test"]
    heard = known.of(tested["clip"])
    crops = pd.DataFrame({"clip": heard.clips, "copy": heard.copies, "llr": -experts.logits(heard.values)})
    scored = crops.groupby(["clip", "copy"], as_index=False)["llr"].mean().merge(tested, on="clip")
    return scored[scored["copy"] == 0], scored[scored["copy"] > 0]


if __name__ == "__main__":
    main()
