"""Stage robustness: the detector on test clips through codecs, bands, noise, a room, and cut to pieces."""

from pathlib import Path

import pyarrow.parquet as pq

from bonafide.evaluation.robustness import RobustnessSettings, sample_clips, sweep, table
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.scoring.exported import Scorer


def robustness(params: Path, split: Path, clips: Path, model: Path, out: Path) -> None:
    """Write what each condition does to the scores that `model` gives to the test side of `split`."""
    settings = read_section(params, "robustness", RobustnessSettings)
    rows = sample_clips(pq.read_table(split, filters=[("split", "=", "test")]).to_pandas(), settings)
    threshold = Scorer(model).facts.thresholds["balanced"]
    found = table(sweep(model, clips, rows), rows, threshold, settings)
    write_text(out, found.to_csv(index=False))
    worst = found.loc[found["eer"].idxmax()]
    print(f"EER {found['eer'].iloc[0]:.3f} clean, {worst['eer']:.3f} at worst ({worst['condition']})")


if __name__ == "__main__":
    run(robustness)
