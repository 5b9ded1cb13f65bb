"""Stage train: the network fitted to the training clips, chosen by dev."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.companions import CompanionSettings
from bonafide.errors import UserError
from bonafide.files import write_text
from bonafide.pipeline.code_version import code_version
from bonafide.pipeline.params import read_section
from bonafide.pipeline.parts import tasks_from_parts
from bonafide.pipeline.stage import run
from bonafide.training.data import CLIP_COLUMNS, Clips, clips_of
from bonafide.training.fit import TrainSettings, fit, save_model
from bonafide.training.kernel import fit_statistics

CHECKPOINTS = Path(".bonafide/train")  # outside the outs, which DVC deletes when a stage starts


def train(params: Path, split: Path, features: Path, out: Path, history: Path) -> None:
    """Fit the network that `params` describes to the train side of `split` and write it to `out`."""
    settings = read_section(params, "train", TrainSettings)
    mel = read_section(params, "features", SpectrogramSettings)
    if settings.model == "statistics" and (mel.scale != "linear" or mel.n_bands != mel.n_fft // 2 - 1):
        raise UserError(
            'train.model "statistics" needs features.scale "linear" and features.n_bands of n_fft / 2 - 1,'
            f" {mel.n_fft // 2 - 1}; for mel bands choose train.model small"
        )
    frames = mel.frames(settings.crop_seconds, read_section(params, "audio", AudioSettings).rate)
    rows = pq.read_table(split, columns=CLIP_COLUMNS).to_pylist()
    clips = clips_of(rows, features, frames, mel.n_bands, read_section(params, "companions", CompanionSettings))
    checkpoints = CHECKPOINTS / _fingerprint(clips, settings)
    model, epochs = (
        fit_statistics(clips, settings) if settings.model == "statistics" else fit(clips, settings, checkpoints)
    )
    save_model(model, out)
    write_text(history, pd.DataFrame(epochs).to_csv(index=False))
    shutil.rmtree(checkpoints, ignore_errors=True)


def _fingerprint(clips: Clips, settings: TrainSettings) -> str:
    """Return a name for exactly this training, so that no other goes on from its checkpoints."""
    facts = [
        [task.inputs for task in tasks_from_parts(clips.features)],
        [clips.train, clips.dev, clips.frames],
        asdict(settings),
        code_version(Path(__file__)),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


if __name__ == "__main__":
    run(train)
