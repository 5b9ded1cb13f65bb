"""Stage train: the network fitted to the training clips, chosen by dev."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from bonafide.files import write_text
from bonafide.pipeline.paths import CHECKPOINTS
from bonafide.pipeline.stage import run
from bonafide.training.data import CLIP_COLUMNS
from bonafide.training.fit import fingerprint, fit, read_training
from bonafide.training.saving import save_model


def train(params: Path, split: Path, features: Path, out: Path, history: Path) -> None:
    """Fit the network that `params` describes to the train side of `split` and write it to `out`."""
    rows = pq.read_table(split, columns=CLIP_COLUMNS).to_pylist()
    settings, clips = read_training(params, rows, features)
    for section in settings.unused:
        print(f"{section} is not used by the network {settings.model}", flush=True)
    checkpoints = CHECKPOINTS / fingerprint(clips, settings)
    model, epochs = fit(clips, settings, checkpoints)
    save_model(model, out)
    write_text(history, pd.DataFrame(epochs).to_csv(index=False))
    shutil.rmtree(checkpoints, ignore_errors=True)


if __name__ == "__main__":
    run(train)
