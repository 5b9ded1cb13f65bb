"""Two versions of the detector are compared with `dvc metrics diff`, with the data or without."""

import json

from .conftest import Project


def assert_differs(said):
    metrics = json.loads(said).get("metrics/metrics.json")
    assert metrics, f"no change of metrics/metrics.json in {said}"
    assert all({"old", "new"} <= change.keys() for change in metrics.values())


def test_a_branch_shows_what_it_changes(slower):
    assert_differs(slower.dvc("metrics", "diff", "main", "--json").stdout)
    assert "metrics/metrics.json" in slower.dvc("metrics", "diff", "main", "--md").stdout


def test_the_headline_fits_a_terminal(reproduced):
    lines = reproduced.dvc("metrics", "show").stdout.splitlines()
    assert lines[0].split() == ["Path", *json.loads((reproduced.root / "metrics" / "metrics.json").read_text())]
    assert max(map(len, lines)) <= 120


def test_a_clone_without_data_shows_it_too(slower, tmp_path):
    slower.git("clone", "--quiet", "--branch", "slower", slower.root, tmp_path / "clone")
    clone = Project(tmp_path / "clone", tmp_path / "site")
    clone.git("branch", "main", "origin/main")
    assert not (clone.root / "models" / "bonafide.onnx").exists()
    assert not (clone.root / "data" / "clips").exists()
    assert_differs(clone.dvc("metrics", "diff", "main", "--json").stdout)
    assert "train.statistics.strength" in clone.dvc("params", "diff", "main").stdout
