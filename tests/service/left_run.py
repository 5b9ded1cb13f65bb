"""A run's outputs with known scores, as the stages before the report leave them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import yaml

from bonafide.audio.conditioning import AudioSettings, to_flac
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.table import CLIP
from bonafide.evaluation.curves import points_of
from bonafide.evaluation.metrics import EvaluateSettings
from bonafide.evaluation.slices import slices_of
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table
from bonafide.scoring.calibration import Calibration, p_ai
from bonafide.scoring.exported import Facts, facts_as_json
from bonafide.scoring.measures import summary

ROOT = Path(__file__).parents[2]
FILES = [
    "split.parquet",
    "clips",
    "rejects.csv",
    "history.csv",
    "model.onnx",
    "scores.parquet",
    "details.json",
    "intervals.json",
    "slices.csv",
    "plots",
    "robustness.csv",
    "audit.json",
]


THRESHOLDS = {"balanced": 0.0, "decisive": -1.5, "precision": -2.5, "recall": 2.5}


RATE = 16000


def known_scores():
    rng = np.random.default_rng(1)
    size = rng.uniform(0.5, 5.0, 180)
    human = np.arange(180) < 100
    wrong = (np.arange(180) < 12) | (np.arange(180) >= 160)
    llr = np.where(human != wrong, size, -size)
    number = np.arange(180)
    return pd.DataFrame(
        {
            "clip": [f"clip{n:03d}" for n in number],
            "path": [f"{'human' if n < 100 else 'ai'}/{n:03d}.wav" for n in number],
            "sha256": "0",
            "label": np.where(human, "human", "ai"),
            "speaker": [f"speaker{n % 10}" for n in number],
            "generator": np.where(human, "", np.where(number % 2, "espeak", "hifigan")),
            "family": np.where(human, "", np.where(number % 2, "classic", "vocoder")),
            "source": np.where(human, "radio", "engines"),
            "language": np.where(number % 3, "en", "de"),
            "gender": np.where(number % 2, "female", "male"),
            "pair": "",
            "seconds": 1.0,
            "level_dbfs": -22.0,
            "native_rate": RATE,
            "native_format": "WAV/PCM_16",
            "license": "CC0",
            "split": "test",
            **{f"{name}_seen": False for name in ("speaker", "source", "generator")},
            "logit": -llr,
            "llr": llr,
            "p_ai": p_ai(llr),
            "pitch_hz": 150.0,
            "snr_db": 35.0,
        }
    )


def make(folder, scores, history=None, **report):
    """Write what the stages before would have left, run the stage, and return the texts of page and card."""
    settings = {"worst": 2, "right": 1, "players": True, "spectrograms": True} | report
    params = yaml.safe_load((ROOT / "params.yaml").read_text()) | {"report": settings}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    leave(folder, scores)
    if history:
        (folder / "history.csv").write_text(history)
    out = [folder / "index.html", folder / "card.md"]
    command = [sys.executable, ROOT / "stages" / "report.py", folder / "params.yaml"]
    subprocess.run([*command, *(folder / name for name in FILES), *out], check=True, cwd=ROOT, capture_output=True)
    return [path.read_text(encoding="utf-8") for path in out]


def leave(folder, scores):
    rates = ("accuracy", "fpr", "fnr", "hter")
    ends = {rate: {"low": 0.07, "high": 0.18} for rate in rates}
    ends |= {"auc": {"low": 0.81, "high": 0.93}, "eer": {"low": 0.1, "high": 0.2}}
    ends |= {"female - male.fpr": {"low": -0.3, "high": 0.1}}
    human = (scores["label"] == "human").to_numpy()
    metrics = summary(scores["llr"].to_numpy(), human, THRESHOLDS)
    settings = read_section(ROOT / "params.yaml", "evaluate", EvaluateSettings)
    settings = replace(settings, replicates=20)
    slices_of(scores, 0.0, settings).to_csv(folder / "slices.csv", index=False)
    write_table(pa.Table.from_pandas(scores, preserve_index=False), folder / "scores.parquet")
    write_table(pa.Table.from_pandas(scores, preserve_index=False), folder / "split.parquet")
    (folder / "details.json").write_text(json.dumps(metrics))
    (folder / "intervals.json").write_text(json.dumps(ends))
    for name, points in points_of(scores, 0.0, settings).items():
        write_text(folder / "plots" / f"{name}.csv", points.to_csv(index=False))
    (folder / "audit.json").write_text(json.dumps(audit_of(scores["path"].iloc[0])))
    (folder / "rejects.csv").write_text("path,used,reason\na.wav,no,the file is empty\nb.wav,yes,a remark\n")
    (folder / "history.csv").write_text("epoch,loss,dev_loss,dev_auc,dev_eer\n1,0.6,0.7,0.6,0.4\n2,0.3,0.6,0.8,0.2\n")
    (folder / "robustness.csv").write_text(ROBUSTNESS)
    (folder / "model.onnx").write_bytes(small_model())
    leave_clips(folder / "clips", scores)


ROBUSTNESS = """\
condition,group,clips,refused,eer,fpr,fnr,eer_low,eer_high,fpr_low,fpr_high,fnr_low,fnr_high,shift_human,shift_ai
clean,clean,180,0,0.15,0.12,0.25,0.1,0.2,0.07,0.18,0.1,0.4,0,0
GSM,codec,180,0,0.3,0.66,0.1,0.2,0.4,0.5,0.8,0.05,0.2,-1.5,-0.2
first 0.5 s,length,0,180,,,,,,,,,,,
"""


def audit_of(name):
    probe = {"accuracy": 0.5, "auc": 0.6, "low": 0.5, "high": 0.7, "train_auc": 0.55}
    twice = {"paths": [name, name], "splits": ["test", "train"], "labels": ["ai", "ai"], "likeness": 0.97}
    return {
        "duplicates": {"across_splits": 1, "across_labels": 0, "clips": [twice]},
        "findings": [f"1 pair(s) of clips with the same sound lie on different sides of the split: {name}"],
        "probes": {"clips": {"length": probe}, "files": {"native rate": probe | {"train_auc": None}}},
    }


def leave_clips(folder, scores):
    rng = np.random.default_rng(2)
    sounds = [np.rint(rng.normal(0, 1000, RATE)).astype(np.float32) / 32768 for _ in range(3)]
    audio = [{"bytes": to_flac(sounds[n % 3], RATE), "path": "x.flac"} for n in range(len(scores))]
    segments = pa.array([[] for _ in audio], CLIP.field("segments").type)
    clips = {"clip": scores["clip"].tolist(), "audio": audio, "segments": segments}
    write_table(pa.table(clips), folder / "part-0000.parquet")


def small_model():
    """A network that says 0, with facts."""
    info, helper = onnx.helper.make_tensor_value_info, onnx.helper
    facts = Facts(
        AudioSettings(RATE, 40, 0.3, 8, 60, -26),
        SpectrogramSettings(512, 160, 64, 20, 8000),
        Calibration(1.0, 0.0),
        THRESHOLDS,
        {"network": "small", "parameters": 1, "languages": ["en"], "generators": ["world"], "sources": ["studio"]},
    )
    mean = helper.make_node("ReduceMean", ["log_mel"], ["logit"], keepdims=0)
    graph = helper.make_graph([mean], "g", [info("log_mel", 1, ["n", 101, "m"])], [info("logit", 1, [])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"bonafide": json.dumps(facts_as_json(facts))})
    return model.SerializeToString()
