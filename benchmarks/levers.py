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
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from bonafide.corpus.companions import CompanionSettings
from bonafide.errors import UserError
from bonafide.evaluation.scored_clips import arrays
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.protocol.crossfit import examples_of_all
from bonafide.protocol.fold import whole_folds
from bonafide.protocol.protocols import read_protocol
from bonafide.protocol.table import false_alarms, within_sources
from bonafide.scoring.measures import eer
from bonafide.scoring.thresholds import thresholds
from bonafide.training.data import clips_of
from bonafide.training.networks.crop_statistics import CropStatistics
from bonafide.training.networks.registry import TrainSettings
from bonafide.training.networks.statistics_fit import StatisticsSettings, fit_experts

# The statistics in the order of `bonafide.audio.statistics`, with how many there are of each.
FAMILIES = {
    "tonality of bands": 128,
    "liveliness of cepstra": 64,
    "togetherness of bands": 113,
    "rhythm of bands": 80,
    "fine structure": 42,
    "ripples of the long-term spectrum": 16,
}
SEED = 1  # of the folds that are looked at, and of the training
Change = Callable[[StatisticsSettings], StatisticsSettings]


@dataclass(frozen=True)
class Lever:
    """One way to fit: which columns of the statistics stay, what of the settings changes, how sources are weighed."""

    name: str
    columns: np.ndarray
    change: Change = lambda settings: settings
    balance: bool = True
    companions: bool = True


def main() -> None:
    """Print a row for each lever as it gets done, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--table", type=Path, default=Path("docs/levers.csv"))
    options = parser.parse_args()
    try:
        protocol = read_protocol(options.params, "source")
        folds = [pq.read_table(fold.sides).to_pandas() for fold in whole_folds(protocol.cross_fitted, "source", [SEED])]
        if not folds:
            raise UserError("run `bonafide folds --cross-fit` first")
        settings = read_section(options.params, "train", TrainSettings)
        if settings.own is not settings.statistics:
            raise UserError("the levers are those of the default network: see train.model in the params file")
    except UserError as error:
        raise SystemExit(f"levers: {error}") from None
    examples = examples_of_all(protocol)
    companions = read_section(options.params, "companions", CompanionSettings)
    rows: list[dict[str, object]] = []
    for lever in levers(examples.values.shape[1], companions):
        figures = measured(folds, examples, lever.change(settings.statistics), companions, lever)
        rows.append({"lever": lever.name, **figures})
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
    default = Lever("default", everything)
    tried = [default]
    for name, start, stop in zip(FAMILIES, edges, edges[1:], strict=False):
        inside = np.isin(np.arange(size), np.arange(start, stop))
        tried += [
            replace(default, name=f"without {name}", columns=~inside),
            replace(default, name=f"{name} alone", columns=inside),
        ]
    tried.append(replace(default, name="sources weighed by their clips", balance=False))
    if companions.folders:
        tried.append(replace(default, name="without companions", companions=False))
    for key, values in {
        **({"companion_weight": (0.05, 1.0)} if companions.folders else {}),
        "experts": ((), ((1,),), ((2,),), ((3,),)),
        "copy_weight": (0.01, 1.0),
        "components": (50, 300),
        "centres": (350, 700),
        "width": (0.02, 0.5),
        "strength": (1.0, 300.0),
    }.items():
        tried += [
            replace(default, name=f"train.statistics.{key} {value}", change=with_setting(key, value))
            for value in values
        ]
    return tried


def with_setting(key: str, value: Any) -> Change:  # noqa: ANN401 - whatever a setting may be
    """Return what sets `key` to `value`."""
    return lambda settings: replace(settings, **{key: value})


def measured(
    folds: list[pd.DataFrame],
    examples: CropStatistics,
    settings: StatisticsSettings,
    companions: CompanionSettings,
    lever: Lever,
) -> dict[str, float]:
    """Return the protocol's figures for one way to fit."""
    examples = replace(examples, values=examples.values[:, lever.columns])
    alarms: list[float] = []
    within: list[float] = []
    scored, copied = [], []
    for fold in folds:
        recordings, copies = score(fold, examples, settings, companions, lever)
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
    examples: CropStatistics,
    settings: StatisticsSettings,
    companions: CompanionSettings,
    lever: Lever,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the llr, not calibrated, of the tested clips of a fold, and that of their augmented copies."""
    train = fold[fold["split"] == "train"]
    if not lever.companions:
        train = train[[not companions.hold(path) for path in train["path"]]]
    clips = clips_of(train.to_dict("records"), Path(), (0, 0), companions)
    if not lever.balance:
        clips = replace(clips, sources={})
    experts = fit_experts(examples.of(clips.train), clips, settings, SEED)
    tested = fold[fold["split"] == "test"]
    heard = examples.of(tested["clip"])
    crops = pd.DataFrame({"clip": heard.clips, "copy": heard.copies, "llr": -experts.logits(heard.values)})
    scored = crops.groupby(["clip", "copy"], as_index=False)["llr"].mean().merge(tested, on="clip")
    return scored[scored["copy"] == 0], scored[scored["copy"] > 0]


if __name__ == "__main__":
    main()
