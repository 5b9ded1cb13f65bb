"""The detector starts without what training needs, and Keras is imported by training and export alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bonafide.pipeline.code_version import closure

ROOT = Path(__file__).parents[2]
HEAVY = {"tensorflow", "keras", "librosa", "numba", "pandas", "pyarrow", "sklearn", "scipy", "dvc", "pydantic", "torch"}
KERAS = {"keras", "tensorflow", "tf2onnx"}


@pytest.mark.parametrize("module", ["detection.detector", "explain.page", "web.settings", "cli"])
def test_what_users_run_loads_nothing_heavy(module):
    code = f"import sys, bonafide.{module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert {"bonafide", "numpy"} <= loaded or module in ("cli", "web.settings")
    assert not HEAVY & loaded


def imported(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("stage", sorted((ROOT / "stages").glob("*.py")), ids=lambda path: path.stem)
def test_only_training_and_export_import_keras(stage):
    users = [path.name for path in closure(stage) | {stage} if KERAS & imported(path)]
    assert bool(users) == (stage.stem in ("train", "export")), users


def test_keras_is_imported_in_one_place_that_keeps_its_libraries_quiet():
    package = ROOT / "bonafide"
    users = {
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if {"keras", "tf2onnx"} & imported(path)
    }
    assert users == {"training/backend.py"}


def test_nothing_on_the_detectors_path_names_anything_heavy():
    path = ROOT / "bonafide" / "detection" / "detector.py"
    heavy = HEAVY - {"scipy"}  # its transform, which is imported where the first sound is heard
    assert {
        module.name: heavy & imported(module) for module in closure(path) | {path} if heavy & imported(module)
    } == {}
