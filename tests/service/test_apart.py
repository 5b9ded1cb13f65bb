"""What is counted apart is scored, and in no figure of the detector: not by the stage evaluate, not in the report."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from bonafide.corpus.table import SPLIT
from bonafide.evaluation.metrics import EvaluateSettings
from bonafide.evaluation.slices import slices_apart
from bonafide.pipeline.tables import write_table
from bonafide.report.provenance import sides_of
from bonafide.report.run import Files, read_run, read_slices
from bonafide.report.words import sentences

from .left_run import FILES, known_scores, leave, leave_clips

ROOT = Path(__file__).parents[2]
SCORED = ["logit", "llr", "p_ai", "pitch_hz", "snr_db"]


def with_codecs(scores):
    """The scores with 20 of the tested ai clips once more, as a codec's that is counted apart."""
    codecs = scores[scores["label"] == "ai"].tail(30).head(20)
    names = "codec-" + codecs["clip"]
    return pd.concat([scores, codecs.assign(clip=names, family="codec", split="apart")], ignore_index=True)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """A run whose scores hold clips that are counted apart, in its slices as well."""
    folder = tmp_path_factory.mktemp("apart")
    scores = known_scores()
    leave(folder, scores)
    every = with_codecs(scores)
    for name in ("scores.parquet", "split.parquet"):
        write_table(pa.Table.from_pandas(every, preserve_index=False), folder / name)
    apart = slices_apart(every, 0.0, EvaluateSettings(replicates=20, seed=1, small_slice=20))
    pd.concat([read_slices(folder / "slices.csv"), apart]).to_csv(folder / "slices.csv", index=False)
    return folder, scores, every


def test_the_report_names_them_and_counts_them_nowhere(left):
    folder, scores, every = left
    run = read_run(Files(*(folder / name for name in FILES)), {"audit": {"warn_above": 0.7}})
    assert run.scores["clip"].tolist() == scores["clip"].tolist()
    codecs = every[every["split"] == "apart"]
    flagged = (codecs["llr"] < 0).mean()
    assert 0 < flagged < 1
    said = dict(sentences(run))["Families"]
    assert "of 100 classic" in said
    assert f"of 100 codec clips it calls {100 * flagged:.0f} AI (20 clips)" in said
    (own,) = (row for row in sides_of(run.split) if (row["side"], row["label"]) == ("apart", "AI"))
    assert own["clips"] == 20


@pytest.mark.slow
def test_the_stage_scores_them_and_measures_the_tested_clips_alone(left, tmp_path):
    folder, scores, every = left
    leave_clips(tmp_path / "clips", every)
    rows = every.drop(columns=SCORED).to_dict("records")
    write_table(pa.Table.from_pylist([row | {"segments": []} for row in rows], SPLIT), tmp_path / "split.parquet")
    outs = ("scores.parquet", "metrics.json", "details.json", "intervals.json", "slices.csv", "plots")
    ins = (ROOT / "params.yaml", tmp_path / "split.parquet", tmp_path / "clips", folder / "model.onnx")
    command = [sys.executable, ROOT / "stages" / "evaluate.py", *ins, *(tmp_path / name for name in outs)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) == len(every)
    details = json.loads((tmp_path / "details.json").read_text())
    assert (details["clips_human"], details["clips_ai"]) == (100, 80)
    slices = read_slices(tmp_path / "slices.csv")
    assert slices[slices["slice"] == "family"]["value"].tolist() == ["classic", "vocoder", "codec (apart)"]
    assert slices[slices["slice"] == "generator"]["clips_ai"].sum() == (scores["label"] == "ai").sum()
