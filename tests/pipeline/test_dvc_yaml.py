"""dvc.yaml and the code say the same: modules, parameters, paths, what git keeps and what DVC keeps."""

import ast
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bonafide.clips.features import read_features

from .conftest import out_paths

ROOT = Path(__file__).parents[2]
PIPELINES = ("dvc.yaml", "data/dvc.yaml")
STAGES = {
    name: stage for file in PIPELINES for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items()
}
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
WAITED_FOR = {  # and not read
    "train": {"data/audit.passed"},  # a corpus that fails the audit trains nothing
    "catalog": {"metrics/unwatched.csv"},  # what DVC does not see of the corpus has changed
    "audit": {"metrics/unwatched.csv"},
}
KEPT_FOR_DVC = {".dvcignore"}
READS = re.compile(r'read_(?:section|key)\(\s*params,\s*"(\w+)"|(?:read_(start)|(start)_heard)\(params\)')
LISTS = re.compile(
    r"^SECTIONS = \((.*?)\)$", re.MULTILINE | re.DOTALL
)  # sections that a stage reads one after the other


def source_of(stage):
    return (ROOT / "stages" / f"{stage}.py").read_text()


def data_deps(stage):
    # The report's templates are part of its code.
    return [
        dep for dep in stage["deps"] if not dep.startswith("bonafide/") and not dep.endswith(".py") and "${" not in dep
    ]


def reads_first(stage):
    """Return the first argument: the parameters, or, where none is listed, the one that stands in the command."""
    return ["params.yaml"] if "params" in stage else ["'${corpus.root}'"]


def cached(stage):
    return {out for out in out_paths(stage) if out in stage["outs"]}


def test_each_stage_has_a_file_of_its_name_and_each_file_a_stage():
    assert {path.stem for path in (ROOT / "stages").glob("*.py")} == STAGES.keys()
    for name, stage in STAGES.items():
        assert stage["cmd"].split()[:3] == ["python", f"stages/{name}.py", *reads_first(stage)]


def test_the_modules_among_the_deps_are_those_that_the_stages_import():
    checked = subprocess.run(
        [sys.executable, ROOT / "tools" / "update-deps", "--check"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def test_a_module_that_is_missing_among_the_deps_is_put_there(tmp_path):
    for name in ("dvc.yaml", "data/dvc.yaml", "stages", "bonafide", "tools"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    text = (tmp_path / "dvc.yaml").read_text()
    (tmp_path / "dvc.yaml").write_text(text.replace("      - bonafide/audio/spectrogram.py\n", "", 1))
    tool = [sys.executable, tmp_path / "tools" / "update-deps"]
    assert subprocess.run([*tool, "--check"], capture_output=True).returncode == 1
    assert subprocess.run(tool, capture_output=True).returncode == 0
    assert (tmp_path / "dvc.yaml").read_text() == text


@pytest.mark.parametrize("name", STAGES)
def test_the_params_of_a_stage_are_the_sections_that_it_reads(name):
    listed = [param.partition(".")[0] for param in STAGES[name].get("params", [])]
    source = source_of(name)
    source += inspect.getsource(read_features) if "read_features(params)" in source else ""
    read = {"".join(names) for names in READS.findall(source)} | {
        *re.findall(r'"(\w+)"', "".join(LISTS.findall(source)))
    }
    assert set(listed) == read


def test_each_section_of_the_params_belongs_to_a_stage():
    assert PARAMS.keys() == {param.partition(".")[0] for stage in STAGES.values() for param in stage.get("params", [])}


@pytest.mark.parametrize("name", STAGES)
def test_the_command_names_all_that_the_stage_reads_and_writes(name):
    stage = STAGES[name]
    given = stage["cmd"].split()[2:]
    read = set(data_deps(stage)) - WAITED_FOR.get(name, set())
    assert set(given) - KEPT_FOR_DVC == {*reads_first(stage), *read, *out_paths(stage)}
    public = [
        node
        for node in ast.parse(source_of(name)).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert [function.name for function in public] == [name]
    assert len(public[0].args.args) == len(given)


@pytest.mark.parametrize("name", STAGES)
def test_paths_stand_in_dvc_yaml_alone(name):
    tree = ast.parse(source_of(name))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    }
    tops = tuple({f"{path.partition('/')[0]}/" for stage in STAGES.values() for path in out_paths(stage)})
    assert [text for text in texts if text not in docs and text.startswith(tops)] == []


def test_git_keeps_what_dvc_does_not():
    for stage in STAGES.values():
        for out in out_paths(stage):
            ignored = subprocess.run(["git", "check-ignore", "--quiet", f"{out}/x"], cwd=ROOT).returncode == 0
            exact = subprocess.run(["git", "check-ignore", "--quiet", out], cwd=ROOT).returncode == 0
            assert (ignored or exact) == (out in cached(stage)), out


def test_what_trains_is_in_the_run_cache():
    """DVC keeps no run of a stage with an out that persists: only those that are quick, or run each time, have one."""
    persisting = {
        name
        for name, stage in STAGES.items()
        if any(out[path].get("persist") for out in stage["outs"] if isinstance(out, dict) for path in out)
    }
    assert persisting == {"watch", "catalog"}


def test_metrics_and_plots_are_small_files_that_git_keeps():
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    kept_by_dvc = {out for stage in STAGES.values() for out in cached(stage)}
    made = [out for stage in STAGES.values() for out in out_paths(stage)]
    shown = [*pipeline["metrics"], *(file for plot in pipeline["plots"] for one in plot.values() for file in one["y"])]
    for file in shown:
        assert any(file == out or file.startswith(f"{out}/") for out in made), file
        assert not any(file == out or file.startswith(f"{out}/") for out in kept_by_dvc), file
    assert {artifact["path"] for artifact in pipeline["artifacts"].values()} <= set(made)
