"""Probes are asked of a bounded sample, and again only where it changed."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bonafide.audit import asking
from bonafide.audit.asking import Draw, ask_all, ask_view, asked_of, questions_of
from bonafide.audit.findings import AuditSettings
from bonafide.audit.probes import FACTS, FAMILIES, VIEWS

SETTINGS = AuditSettings(0.7, None, "clips", "fail", 0.9, 7, 50, 1)


@pytest.fixture
def few(monkeypatch):
    """A sample of 20 clips of a class and side, and of the probes of each view two."""
    monkeypatch.setattr(asking, "MOST", 20)
    monkeypatch.setattr(asking, "FAMILIES", {"DC offset": FAMILIES["DC offset"]})


def test_probes_compute_on_one_thread_though_their_library_is_loaded_late():
    code = (
        "from threadpoolctl import threadpool_info\n"
        "from bonafide.audit.shortcuts import one_thread\n"
        "with one_thread():\n"
        "    import sklearn.ensemble\n"
        "    print({pool['num_threads'] for pool in threadpool_info()})\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "{1}"


def table(n, seed=1):
    """`n` clips of ten groups a class and side, one of whose facts tells the classes apart in the files."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"clip": [f"clip{number:05}" for number in range(n)]})
    rows["label"] = np.where(np.arange(n) % 2, "human", "ai")
    rows["split"] = np.where(np.arange(n) % 5 < 3, "train", "test")
    group = rows["label"] + rows["split"] + (np.arange(n) // 10 % 10).astype(str)
    for name in ("speaker", "source"):
        rows[name] = group
    rows["generator"] = group.where(rows["label"] == "ai", "")
    for name in ("pair", "language", "native_format"):
        rows[name] = ""
    rows["native_rate"] = 16000
    for view in VIEWS:
        for fact in FACTS:
            rows[f"{view}.{fact}"] = rng.normal(size=n)
    rows["files.dc"] += rows["label"] == "human"
    return rows


def without(rows, clip):
    return rows[rows["clip"] != clip].reset_index(drop=True)


def test_all_are_asked_where_they_are_few_and_no_more_than_so_many_of_a_class_and_side(few):
    assert len(asked_of(table(60), 1)) == 60
    rows = table(1000)
    chosen = rows.iloc[asked_of(rows, 1)]
    assert (chosen.groupby(["split", "label"]).size() == 20).all()
    assert chosen["clip"].is_monotonic_increasing


def test_a_clip_less_changes_at_most_one_other_of_the_sample(few):
    rows = table(1000)
    before = set(rows["clip"].iloc[asked_of(rows, 1)])
    inside, outside = sorted(before)[0], sorted(set(rows["clip"]) - before)[0]
    for clip, changed in ((outside, 0), (inside, 1)):
        rest = without(rows, clip)
        after = set(rest["clip"].iloc[asked_of(rest, 1)])
        assert len(before - after) == changed
        assert len(after - before) == changed


def test_what_was_asked_is_asked_again_only_where_the_sample_changed(few, store, made):
    rows = table(1000)
    first = ask_all(rows, "source", SETTINGS)
    draw = Draw(SETTINGS.replicates, SETTINGS.seed)
    anew = [row for each in questions_of(rows, "source", SETTINGS) for row in ask_view(each, draw).to_pylist()]
    assert sorted(anew, key=lambda row: (row["view"], row["name"])) == [vars(each) for each in first]
    sample = set(rows["clip"].iloc[asked_of(rows, 1)])
    outside = next(clip for clip in rows["clip"] if clip not in sample)
    assert ask_all(without(rows, outside), "source", SETTINGS) == first
    assert made == [2, 0]
    ask_all(without(rows, min(sample)), "source", SETTINGS)
    assert made == [2, 0, 2]
    assert ask_all(rows, "source", SETTINGS) == first
    assert made == [2, 0, 2, 0]


def test_a_sample_finds_the_shortcut_that_all_clips_have(few, store):
    outcomes = {(each.view, each.name): each for each in ask_all(table(4000), "source", SETTINGS)}
    assert outcomes["files", "DC offset"].auc > 0.65
    assert outcomes["clips", "DC offset"].auc < 0.65
