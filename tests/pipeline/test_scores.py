"""What the pipeline wrote of a clip is what the exported detector says of its file."""

import json

import pyarrow.parquet as pq
import pytest

import bonafide
from bonafide.audio.conditioning import condition
from bonafide.audio.decoding import decode
from bonafide.audio.spectrogram import crops, log_spectrogram
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Scorer
from bonafide.training.logits import logit_model
from bonafide.training.saving import load_model

from ..service.serving import Service


def test_each_file_scores_as_in_scores_parquet(reproduced):
    detector = Scorer(reproduced.root / "models" / "bonafide.onnx")
    rows = pq.read_table(reproduced.root / "metrics" / "scores.parquet").to_pylist()
    assert {row["label"] for row in rows} == {"human", "ai"}
    for row in rows:
        file = reproduced.root / "data" / "raw" / row["path"]
        score = detector.score(decode(file, max_seconds=detector.facts.audio.read_seconds))
        assert score == pytest.approx((row["llr"], row["p_ai"]), abs=1e-5), row["path"]


@pytest.mark.parametrize("label", ["human", "ai"])
def test_keras_python_command_and_service_give_one_score(reproduced, label):
    """To 1e-5, for a recording short enough to be scored whole."""
    models = reproduced.root / "models"
    rows = pq.read_table(reproduced.root / "metrics" / "scores.parquet", filters=[("label", "=", label)]).to_pylist()
    row = next(row for row in rows if 1.5 < row["seconds"] < 8)
    file = reproduced.root / "data" / "raw" / row["path"]

    scorer = Scorer(models / "bonafide.onnx")
    facts = scorer.facts
    samples = condition(decode(file, max_seconds=facts.audio.read_seconds), facts.audio)
    batch = crops(log_spectrogram(samples, facts.audio.rate, facts.spectrogram), scorer.crop_frames)
    network = logit_model(load_model(models / "bonafide.keras"))
    by_keras = float(calibrate(float(network.predict(batch, verbose=0).mean()), facts.calibration))

    in_python = bonafide.Detector(models / "bonafide.onnx").predict(file).llr
    told = reproduced.run("bonafide", "detect", "--json", "--model", models / "bonafide.onnx", file).stdout
    with Service("--model", models / "bonafide.onnx") as service:
        _, _, answered = service.detect(file.read_bytes())
    assert [by_keras, in_python, json.loads(told)["llr"], answered["llr"]] == pytest.approx([row["llr"]] * 4, abs=1e-5)
