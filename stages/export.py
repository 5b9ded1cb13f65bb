"""Stage export: the network, its calibration and thresholds as one ONNX file, checked against Keras."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.files import write_bytes
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.progress import track
from bonafide.scoring.exported import Scorer
from bonafide.training.data import clip_spectrograms
from bonafide.training.export import CARD_COLUMNS, check_parity, detector_file, model_card
from bonafide.training.logits import clip_logits
from bonafide.training.saving import load_model


def export(params: Path, split: Path, features: Path, model: Path, out: Path) -> None:
    """Write the network in `model` to `out`, calibrated on the dev side of `split`."""
    audio = read_section(params, "audio", AudioSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    rows = pq.read_table(split, columns=CARD_COLUMNS).to_pylist()
    human = {row["clip"]: row["label"] == "human" for row in rows if row["split"] == "dev"}
    network = load_model(model)
    logits = clip_logits(network, features, human, network.input_shape[1])
    values, is_human = np.array(list(logits.values())), np.array([human[clip] for clip in logits])
    exported = detector_file(network, audio, spectrogram, values, is_human, model_card(network, rows))
    scorer = Scorer(exported)
    heard = track(clip_spectrograms(features, human), total=len(human), what="comparing with Keras on dev clips")
    scored = {clip: scorer.logit_of_spectrogram(own) for clip, own in heard}
    worst = check_parity(logits, scored)
    write_bytes(out, exported)
    print(f"{len(exported) / 1e6:.2f} MB; Keras and ONNX agree to {worst:.1g} on {len(logits)} dev clips")


if __name__ == "__main__":
    run(export)
