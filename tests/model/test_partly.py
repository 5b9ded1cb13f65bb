"""A network that hears synthetic sound in parts of clips alone learns what it is, and not what the clips are."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bonafide.audio.conditioning import AudioSettings, condition
from bonafide.audio.decoding import decode
from bonafide.audio.spectrogram import SpectrogramSettings, crops, log_spectrogram
from bonafide.clips.features import feature_schema
from bonafide.corpus.readers.folder import read_folder
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table
from bonafide.scoring.measures import auc
from bonafide.training.data import Clips
from bonafide.training.logits import logit_model
from bonafide.training.networks.statistics_fit import StatisticsSettings, fit

AUDIO = read_section(Path(__file__).parents[2] / "params.yaml", "audio", AudioSettings)
LINEAR = SpectrogramSettings(512, 160, 255, 0, 8000, "linear")
FRAMES = LINEAR.frames(1.0, AUDIO.rate)
STILL = 12  # frames
SETTINGS = StatisticsSettings((), 40, 60, 0.1, 10.0, copy_weight=0.5, companion_weight=0.2)


def synthetic(mel):
    """Speech that stands still for a while and steps on: what a slow machine might make of it."""
    return mel[np.arange(len(mel)) // STILL * STILL]


@pytest.fixture(scope="module")
def speech(small_corpus):
    """Spectrograms of people's recordings by source."""
    rows = [row for row in read_folder(small_corpus) if row["label"] == "human"]
    sounds = [condition(decode(small_corpus / row["path"], max_seconds=9), AUDIO) for row in rows]
    mels = [log_spectrogram(samples, AUDIO.rate, LINEAR) for samples in sounds]
    return [(row["source"], mel) for row, mel in zip(rows, mels, strict=True)]


@pytest.fixture(scope="module")
def clips(speech, tmp_path_factory):
    """Recordings whose second half a machine made: all of them are called ai."""
    part = tmp_path_factory.mktemp("features") / "part-0000.parquet"
    rows = []
    for number, mel in enumerate(mel for source, mel in speech if source != "codec2"):
        half = len(mel) // 2
        spliced = np.concatenate([mel[:half], synthetic(mel)[half:]])
        stretches = [{"start": half, "stop": len(mel)}]
        rows.append(
            {
                "clip": str(number),
                "copy": 0,
                "frames": len(mel),
                "mel": spliced.tobytes(),
                "crop_statistics": None,
                "ai_frames": stretches,
            }
        )
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    write_table(pa.table(columns, schema=feature_schema()), part)
    return Clips(part.parent, {row["clip"]: True for row in rows}, {}, FRAMES, LINEAR.n_bands)


def test_the_network_tells_the_halves_of_clips_apart_that_are_all_called_ai(clips, speech, tmp_path):
    model, _ = fit(clips, SETTINGS, 1, tmp_path)
    scorer = logit_model(model)
    other = [mel for source, mel in speech if source == "codec2"]
    heard = {
        human: np.concatenate([crops(mel if human else synthetic(mel), FRAMES) for mel in other])
        for human in (True, False)
    }
    logits = {human: np.asarray(scorer.predict(batch.astype(np.float32), verbose=0)) for human, batch in heard.items()}
    labels = np.repeat([True, False], [len(logits[True]), len(logits[False])])
    assert auc(-np.concatenate([logits[True], logits[False]])[:, 0], labels) > 0.9
    assert np.mean(logits[True] < 0) > 0.7
    assert np.mean(logits[False] > 0) > 0.7
