"""What each part of the network joint gives: ``python benchmarks/joint_levers.py [--table docs/joint-levers.csv]``.

Run it in a project after `bonafide release` or `bonafide folds --cross-fit`, with the same params: it takes networks
of the folds apart, and fits their dense layers anew without one part of what these hear at a time. Scored are the clips
that a fold held out; no calibration, as no figure of the table needs one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from bonafide.audio.spectrogram import Layout
from bonafide.errors import UserError
from bonafide.evaluation.scored_clips import arrays
from bonafide.files import write_text
from bonafide.protocol.crossfit import examples_of_all
from bonafide.protocol.fold import Fold
from bonafide.protocol.protocols import Protocol, read_protocol
from bonafide.protocol.table import within_sources
from bonafide.scoring.measures import auc, eer
from bonafide.training.data import Clips, clip_statistics
from bonafide.training.fit import read_training
from bonafide.training.logits import clip_logits, statistics_logits
from bonafide.training.networks import joint
from bonafide.training.networks.cnn import CnnSettings, whole
from bonafide.training.networks.crop_statistics import CropStatistics
from bonafide.training.saving import load_model

SHARES = (0.3, 0.5, 0.85)  # of the dense layers, beside the default

Logits: TypeAlias = pd.Series  # of the tested clips of a fold, by clip


@dataclass(frozen=True)
class Heard:
    """A fold as the levers need it: who trains, what each branch says of the tested clips, and the rows of these.

    Of the tested clips it has the statistics of all crops: the examples may be a share of them.
    """

    clips: Clips
    convolutions: Logits
    dense: Logits
    statistics: list[tuple[str, np.ndarray]]
    tested: pd.DataFrame


def main() -> None:
    """Print a row for each lever as it gets done, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--table", type=Path, default=Path("docs/joint-levers.csv"))
    options = parser.parse_args()
    try:
        protocol = read_protocol(options.params, "source")
        everything = pq.read_table(protocol.everything).to_pylist()
        settings, of_all = read_training(protocol.params, everything, protocol.features)
        if not isinstance(settings.own, CnnSettings) or settings.own.architecture != "joint":
            raise UserError("the levers are those of the network joint: see train.model and train.cnn.architecture")
        folds = [heard(protocol, number, options.folds, settings.seed) for number in range(1, options.folds + 1)]
    except UserError as error:
        raise SystemExit(f"joint_levers: {error}") from None
    examples = examples_of_all(protocol).statistics
    rows: list[dict[str, object]] = []
    for name, said in levers(examples, of_all, settings.own, settings.seed).items():
        scored = [with_logits(fold, said(fold)) for fold in folds]
        rows.append({"lever": name, **figures(scored)})
        print(
            " ".join(f"{value:.4f}" if isinstance(value, float) else f"{value:40}" for value in rows[-1].values()),
            flush=True,
        )
        write_text(options.table, pd.DataFrame(rows).round(4).to_csv(index=False))


def heard(protocol: Protocol, number: int, of: int, seed: int) -> Heard:
    """Return the fold `number`, whose network must be there."""
    fold = Fold(protocol.cross_fitted, "source", (number,), of, seed)
    if not fold.keras.exists():
        raise UserError(f"{fold.keras} is not there: run `bonafide release` first")
    _, clips = read_training(protocol.params, pq.read_table(fold.sides).to_pylist(), protocol.features)
    tested = pd.read_parquet(fold.sides, filters=[("split", "=", "test")])
    chosen = set(tested["clip"])
    cnn, dense, _ = joint.apart(load_model(fold.keras))
    by_cnn = clip_logits(whole(cnn, cnn.input_shape[-1]), protocol.features, chosen, clips.frames)
    statistics = [(clip, each.copy()) for clip, each in clip_statistics(protocol.features, chosen, clips.frames)]
    return Heard(clips, pd.Series(by_cnn), pd.Series(statistics_logits(dense, statistics)), statistics, tested)


def levers(
    examples: CropStatistics, clips: Clips, settings: CnnSettings, seed: int
) -> dict[str, Callable[[Heard], Logits]]:
    """Return what each lever has to say of the tested clips of a fold, the whole network first."""

    def both(dense: Callable[[Heard], Logits], share: float = settings.dense.share) -> Callable[[Heard], Logits]:
        return lambda fold: (1 - share) * fold.convolutions + share * dense(fold)

    def anew(columns: np.ndarray, copy_share: float = settings.copy_share) -> Callable[[Heard], Logits]:
        return both(lambda fold: dense_logits(fold, examples, columns, settings, copy_share, seed))

    def as_fitted(fold: Heard) -> Logits:
        return fold.dense

    return {
        "default": both(as_fitted),
        "convolutions alone": lambda fold: fold.convolutions,
        "dense layers alone": as_fitted,
        **{f"train.cnn.dense.share {share}": both(as_fitted, share) for share in SHARES},
        **{f"dense layers without {name}": anew(~inside) for name, inside in columns_of(clips).items()},
        "dense layers without copies": anew(np.ones(examples.values.shape[1], bool), copy_share=0.0),
    }


def columns_of(clips: Clips) -> dict[str, np.ndarray]:
    """Return which of the statistics are of each part of what is heard, in the order of `all_statistics`."""
    bands, *bins = clips.layout.widths
    phase = bins.pop() if clips.layout.phase else 0
    sizes = {f"bins of {2 * width + 2}": statistics_count(clips.frames, width) for width in bins}
    sizes |= {"mel bands": statistics_count(clips.frames, bands), "dynamics": 0, "phase": 2 * phase}
    every = int(joint.statistics_of(clips.frames, clips.layout).output_shape[1])
    sizes["dynamics"] = every - sum(sizes.values())
    sizes = {name: size for name, size in sizes.items() if size}
    edges = np.cumsum([0, *sizes.values()])
    at = np.arange(edges[-1])
    return {name: (at >= start) & (at < stop) for name, start, stop in zip(sizes, edges, edges[1:], strict=False)}


def statistics_count(frames: int, width: int) -> int:
    """Return how many statistics are taken of a spectrogram whose frames have `width` values."""
    return int(joint.statistics_of(frames, Layout((width,), (1,), phase=False)).output_shape[1])


def dense_logits(
    fold: Heard, examples: CropStatistics, columns: np.ndarray, settings: CnnSettings, copy_share: float, seed: int
) -> Logits:
    """Return the mean logit over the crops of each tested clip, by dense layers that hear `columns` alone."""
    training = examples.of(fold.clips.train)
    training = replace(training, values=training.values[:, columns])
    if not copy_share:
        training = training.where(training.copies == 0)
    network = joint.fit_dense(training, settings.dense, fold.clips.origins, copy_share, settings.label_smoothing, seed)
    return pd.Series(statistics_logits(network, ((clip, each[:, columns]) for clip, each in fold.statistics)))


def with_logits(fold: Heard, logits: Logits) -> pd.DataFrame:
    """Return the tested clips with their llr, not calibrated."""
    return fold.tested.assign(llr=-fold.tested["clip"].map(logits).to_numpy())


def figures(scored: list[pd.DataFrame]) -> dict[str, float]:
    """Return what a row of the table says beside its name."""
    pool = arrays(pd.concat(scored))
    return {
        "pooled EER": eer(*pool),
        "AUC": auc(*pool),
        "mean fold EER": float(np.mean([eer(*arrays(each)) for each in scored])),
        "within-source AUC": float(np.mean([value for each in scored for value in within_sources(each).values()])),
    }


if __name__ == "__main__":
    main()
