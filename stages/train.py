"""Stage train: the network fitted to the training clips, chosen by dev."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.companions import CompanionSettings
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CHECKPOINTS
from bonafide.pipeline.stage import run
from bonafide.training.data import CLIP_COLUMNS
from bonafide.training.fit import fingerprint, fit, training_clips
from bonafide.training.networks.registry import TrainSettings
from bonafide.training.saving import save_model
from bonafide.training.start import read_start


def train(params: Path, split: Path, features: Path, out: Path, history: Path) -> None:
    """Fit the network that `params` describes to the train side of `split` and write it to `out`."""
    settings = read_section(params, "train", TrainSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    rate = read_section(params, "audio", AudioSettings).rate
    companions = read_section(params, "companions", CompanionSettings)
    rows = pq.read_table(split, columns=CLIP_COLUMNS).to_pylist()
    clips = training_clips(rows, features, settings, spectrogram, rate, companions)
    for section in settings.unused:
        print(f"{section} is not used by the network {settings.model}", flush=True)
    start = read_start(params)
    checkpoints = CHECKPOINTS / fingerprint(clips, settings, start)
    model, epochs = fit(clips, settings, checkpoints, start=start)
    save_model(model, out)
    write_text(history, pd.DataFrame(epochs).to_csv(index=False))
    shutil.rmtree(checkpoints, ignore_errors=True)


if __name__ == "__main__":
    run(train)
