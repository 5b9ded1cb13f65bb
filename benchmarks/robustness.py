"""What lines, codecs, noise and rooms cost on unheard sources: ``python benchmarks/robustness.py``.

Run it in a project after `bonafide folds --cross-fit`: the detector of each fold scores its tested clips (a sample of
section `robustness`) in every condition of that stage. The table has the EER over all folds' clips, the mean over the
folds, what a condition adds to the EER of the same clips as they were, with a paired interval, and to the mean llr of
each class, in nats.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.robustness import RobustnessSettings, conditions, sample_clips, shifts_of, sweep
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CLIPS
from bonafide.protocol.fold import Fold, whole_folds
from bonafide.protocol.protocols import read_protocol
from bonafide.scoring.measures import eer


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--seed", type=int, default=1, help="of the training, whose folds are looked at")
    parser.add_argument("--table", type=Path, default=Path("docs/robustness.csv"))
    options = parser.parse_args()
    folds = whole_folds(read_protocol(options.params, "source").cross_fitted, "source", [options.seed])
    if not folds:
        raise SystemExit("robustness: run `bonafide folds --cross-fit` with the same params first")
    settings = read_section(options.params, "robustness", RobustnessSettings)
    scored = pd.concat([scores_of(fold, settings).assign(fold=fold.name) for fold in folds])
    table = pd.DataFrame([row_of(scored, name, settings) for name in conditions()])
    print(table.to_string(index=False))
    write_text(options.table, table.round(4).to_csv(index=False))


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
