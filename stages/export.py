"""Stage export: the network, its calibration and thresholds as one ONNX file, checked against Keras."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings, from_flac
from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrogram
from bonafide.files import write_bytes
from bonafide.pipeline.params import read_section
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.stage import run
from bonafide.pipeline.tables import rows_of
from bonafide.progress import track
from bonafide.training.export import CARD_COLUMNS, check_parity, detector_file, judge_of, model_card, network_file
from bonafide.training.logits import logit_model, spectrogram_logits
from bonafide.training.saving import load_model


def export(params: Path, split: Path, clips: Path, model: Path, out: Path) -> None:
    """Write the network in `model` to `out`, calibrated on the dev side of `split`."""
    audio = read_section(params, "audio", AudioSettings)
    spectrogram = read_section(params, "features", SpectrogramSettings)
    rows = pq.read_table(split, columns=CARD_COLUMNS).to_pylist()
    human = {row["clip"]: row["label"] == "human" for row in rows if row["split"] == "dev"}
    trained = load_model(model)
    network = network_file(trained)
    judges = logit_model(trained).predict_on_batch, judge_of(network)
    heard = _spectrograms(clips, human, audio.rate, spectrogram)
    by_keras, by_onnx = spectrogram_logits(judges, heard, trained.input_shape[1])
    worst = check_parity(by_keras, by_onnx)
    logits, is_human = np.array(list(by_keras.values())), np.array([human[clip] for clip in by_keras])
    exported = detector_file(network, audio, spectrogram, logits, is_human, model_card(trained, rows))
    write_bytes(out, exported)
    print(f"{len(exported) / 1e6:.2f} MB; Keras and ONNX agree to {worst:.1g} on {len(by_keras)} dev clips")


def _spectrograms(
    clips: Path, chosen: Collection[str], rate: int, settings: SpectrogramSettings
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the id and all that the network hears of each of the `chosen` clips."""
    rows = rows_of(part_files(clips).values(), chosen, ["audio"])
    for row in track(rows, total=len(chosen), what="asking Keras and ONNX Runtime of dev clips"):
        yield row["clip"], log_spectrogram(from_flac(row["audio"]["bytes"]), rate, settings)


if __name__ == "__main__":
    run(export)
