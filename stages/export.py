"""Stage export: the network, its calibration and thresholds as one ONNX file, checked against Keras."""

from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.files import write_bytes
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Facts, Scorer, facts_as_json
from bonafide.scoring.thresholds import thresholds
from bonafide.training.calibration_fit import fit_calibration
from bonafide.training.data import clip_spectrograms
from bonafide.training.export import check_parity, to_onnx
from bonafide.training.fit import clip_logits

CARD_COLUMNS = ["clip", "label", "split", "source", "generator", "language"]


def export(params: Path, split: Path, features: Path, model: Path, out: Path) -> None:
    """Write the network in `model` to `out`, calibrated on the dev side of `split`."""
    audio = read_section(params, "audio", AudioSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    rows = pq.read_table(split, columns=CARD_COLUMNS).to_pylist()
    human = {row["clip"]: row["label"] == "human" for row in rows if row["split"] == "dev"}
    network = keras.saving.load_model(model)

    trained = clip_logits(network, features, human, network.input_shape[1])
    clips = list(trained)
    is_human = np.array([human[clip] for clip in clips])
    logits = np.array([trained[clip] for clip in clips])
    calibration = fit_calibration(logits, is_human)
    chosen = thresholds(calibrate(logits, calibration), is_human)
    facts = Facts(audio, spectrogram, calibration, chosen, _card(network, rows))
    exported = to_onnx(network, facts_as_json(facts))

    scorer = Scorer(exported)
    scored = {clip: scorer.logit_of_spectrogram(own) for clip, own in clip_spectrograms(features, human)}
    worst = check_parity(trained, scored)
    write_bytes(out, exported)
    print(f"{len(exported) / 1e6:.2f} MB; Keras and ONNX agree to {worst:.1g} on {len(clips)} dev clips")


def _card(network: keras.Model, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return what a person who gets the file wants to know of its training."""
    trained_on = [row for row in rows if row["split"] == "train"]
    return {
        "network": network.name.removesuffix("_logit"),
        "parameters": network.count_params(),
        "clips": dict(Counter(row["label"] for row in trained_on)),
        **{
            f"{name}s": sorted({row[name] for row in trained_on} - {""}) for name in ("source", "generator", "language")
        },
    }


if __name__ == "__main__":
    run(export)
