"""The paths that commands know are those of dvc.yaml, and stand in one module."""

import ast
from pathlib import Path

import pytest
import yaml

from bonafide.pipeline import paths

ROOT = Path(__file__).parents[3]
HOME = Path(paths.__file__)
USERS = [
    path for folder in ("bonafide", "stages", "benchmarks") for path in (ROOT / folder).rglob("*.py") if path != HOME
]


@pytest.mark.parametrize(
    ("path", "stage"),
    [(paths.CATALOG, "catalog"), (paths.SPLIT, "split"), (paths.CLIPS, "prepare"), (paths.FEATURES, "features")],
)
def test_what_commands_read_is_what_dvc_yaml_has_a_stage_write(path, stage):
    outs = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]["outs"]
    assert path.as_posix() in outs


@pytest.mark.parametrize("module", USERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_other_module_names_them(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    ours = {value.as_posix() for value in vars(paths).values() if isinstance(value, Path)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [text for text in texts if text in ours or text.startswith(f"{paths.KEPT}/")]
