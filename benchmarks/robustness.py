"""What lines, codecs, noise and rooms cost on unheard sources: ``python benchmarks/robustness.py``.

Run it in a project after `bonafide folds --cross-fit` or `bonafide release`: the network of each fold scores its tested
clips (a sample of section `robustness`) in every condition of that stage. After a release the scores are bare logits,
which the EER does not mind. The table has the EER over all folds' clips, the mean over the
folds, what a condition adds to the EER of the same clips as they were, with a paired interval, and to the mean llr of
each class, in nats.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.robustness import RobustnessSettings, conditions, sample_clips, shifts_of, sweep
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.files import write_bytes, write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CLIPS
from bonafide.protocol.fold import Fold, whole_folds
from bonafide.protocol.protocols import Protocol, read_protocol
from bonafide.scoring.calibration import Calibration
from bonafide.scoring.exported import Facts, facts_as_json
from bonafide.scoring.measures import eer
from bonafide.scoring.operating_points import NAMES
from bonafide.training.export import to_onnx
from bonafide.training.saving import load_model


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--seed", type=int, default=1, help="of the training, whose folds are looked at")
    parser.add_argument("--table", type=Path, default=Path("docs/robustness.csv"))
    parser.add_argument("--clips", type=int, help="of each class and fold, in place of robustness.clips")
    options = parser.parse_args()
    protocol = read_protocol(options.params, "source")
    folds = whole_folds(protocol.cross_fitted, "source", [options.seed]) or released(protocol, options.seed)
    if not folds:
        raise SystemExit("robustness: run `bonafide folds --cross-fit` or `bonafide release` first")
    settings = read_section(options.params, "robustness", RobustnessSettings)
    settings = replace(settings, clips=options.clips or settings.clips)
    scored = pd.concat([scores_of(fold, settings).assign(fold=fold.name) for fold in folds])
    table = pd.DataFrame([row_of(scored, name, settings) for name in conditions()])
    print(table.to_string(index=False))
    write_text(options.table, table.round(4).to_csv(index=False))


def released(protocol: Protocol, seed: int) -> list[Fold]:
    """Return the folds of a release, each with a file of its network that says logits."""
    audio = read_section(protocol.params, "audio", AudioSettings)
    spectrogram = read_section(protocol.params, "features", SpectrogramSettings)
    facts = Facts(audio, spectrogram, Calibration(1.0, 0.0), dict.fromkeys(NAMES, 0.0), {}, (0.0, 0.0))
    folds = [
        Fold(protocol.cross_fitted, "source", (int(number),), int(of), seed)
        for path in protocol.cross_fitted.glob(f"source-*-of-*-seed-{seed}/bonafide.keras")
        for _, number, _, of, _, _ in [path.parent.name.split("-")]
    ]
    for fold in folds:
        if not fold.onnx.exists():
            write_bytes(fold.onnx, to_onnx(load_model(fold.keras), facts_as_json(facts)))
    return sorted(folds, key=lambda fold: fold.number)


def scores_of(fold: Fold, settings: RobustnessSettings) -> pd.DataFrame:
    """Return the llr of each sampled test clip of a fold in each condition, with what is known of the clip."""
    tested = pq.read_table(fold.sides, filters=[("split", "=", "test")]).to_pandas()
    rows = sample_clips(tested, settings)
    return sweep(fold.onnx, CLIPS, rows).dropna(subset="llr").merge(rows, on="clip")


def row_of(scored: pd.DataFrame, name: str, settings: RobustnessSettings) -> dict[str, object]:
    """Return the row of the table for condition `name`; clips that are refused in it are left out of both."""
    clean = scored[scored["condition"] == "clean"]
    both = scored[scored["condition"] == name].merge(clean[["clip", "llr"]], on="clip", suffixes=("", " clean"))
    llr, human = arrays(both)
    draws = Draws(clusters(both), human, replicates=settings.replicates, seed=settings.seed)
    added = draws.paired_difference(llr, both["llr clean"])
    return {
        "condition": name,
        "clips": len(both),
        "pooled EER": eer(llr, human),
        "mean fold EER": both.groupby("fold")[["llr", "label"]].apply(lambda own: eer(*arrays(own))).mean(),
        **added._asdict(),
        **shifts_of(both.rename(columns={"llr clean": "clean"})),
    }


if __name__ == "__main__":
    main()
