"""The workflow files that users copy: valid by the schemas of GitHub and GitLab; their commands do what they say."""

import re
import subprocess
import sys

import pytest
import yaml

from .conftest import ROOT, Project

FOLDER = ROOT / "docs" / "ci"
SCHEMAS = {"github": ("vendor.github-workflows",), "gitlab": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci")}
STYLE = (
    "{extends: default, rules: {line-length: {max: 130}, document-start: disable, truthy: {check-keys: false},"
    " comments: {min-spaces-from-content: 1}}}"
)


def document(name):
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def scripts(name):
    """Return the shell scripts of a workflow, in order."""
    job = (document(name).get("jobs") or document(name))["reproduce"]
    return job["script"] if name == "gitlab" else [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_workflow_is_what_its_host_takes(name):
    pytest.importorskip("check_jsonschema", reason="needs check-jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *SCHEMAS[name], FOLDER / f"{name}.yml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_schemas_are_no_rubber_stamp(tmp_path):
    pytest.importorskip("check_jsonschema", reason="needs check-jsonschema")
    (tmp_path / "odd.yml").write_text((FOLDER / "github.yml").read_text().replace("runs-on:", "run-on:"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *SCHEMAS["github"], tmp_path / "odd.yml"]
    assert subprocess.run(command, capture_output=True).returncode == 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_workflow_is_yaml_without_traps(name):
    pytest.importorskip("yamllint", reason="needs yamllint")
    command = [sys.executable, "-m", "yamllint", "--strict", "--config-data", STYLE, FOLDER / f"{name}.yml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SCHEMAS)
def test_its_scripts_are_bash_and_its_dvc_commands_are_dvc_s(name):
    parser = pytest.importorskip("dvc.cli.parser").get_main_parser()
    lines = "\n".join(scripts(name))
    subprocess.run(["bash", "-n"], input=lines, text=True, check=True)
    commands = re.findall(r"^ *dvc (.+)$", lines, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        parser.parse_args([word.strip('"') for word in command.split()])


def test_both_run_the_same_of_dvc():
    dvc = {name: re.findall(r"^ *(dvc .+)$", "\n".join(scripts(name)), re.MULTILINE) for name in SCHEMAS}
    assert dvc["github"] == dvc["gitlab"]


def of_dvc(name):
    """Return the scripts without what needs their host: installing, fetching, posting."""
    return [script for script in scripts(name) if "dvc " in script and "pip install" not in script] + [
        script for script in scripts(name) if script.startswith("git diff")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
def test_in_a_clone_without_data_it_compares_the_branch_and_runs_nothing(slower, tmp_path, name):
    team = slower.copy(tmp_path / "team")
    team.dvc("remote", "add", "--default", "team", str(tmp_path / "remote"))
    team.commit("a remote")
    team.dvc("push")
    team.git("clone", "--quiet", "--branch", "slower", team.root, tmp_path / "clone")
    clone = Project(tmp_path / "clone", tmp_path / "site", **team.environment)
    clone.environment |= {"PYTHONPATH": str(clone.root), "BASE": "origin/main", "CI_JOB_URL": "https://ci/1"}
    clone.environment |= {f"GITHUB_{name}": name for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")}
    done = clone.run("bash", "-euo", "pipefail", "-c", "\n".join(of_dvc(name)))
    assert set(re.findall(r"Running stage '(\w+)'", done.stdout)) <= {"watch"}
    comment = (clone.root / "comment.md").read_text()
    assert re.search(r"\| metrics/metrics.json +\| eer ", comment), comment
    assert "train.statistics.centres" in comment
    assert (clone.root / "dvc_plots" / "index.html").stat().st_size > 10_000
    assert "<html" in (clone.root / "report" / "index.html").read_text()[:200]
