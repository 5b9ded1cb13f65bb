"""No text has anyone install `bonafide` from the public index: it is another project's name there."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bonafide
from bonafide.errors import how_to_install

ROOT = Path(__file__).parents[2]
PACKAGE = Path(bonafide.__file__).parent
TEXTS = {".cfg", ".csv", ".html", ".ipynb", ".js", ".json", ".md", ".py", ".service", ".toml", ".txt", ".yaml", ".yml"}
FOLDERS = ("", ".ci", "benchmarks", "bonafide", "corpora", "docs", "notebooks", "presets", "report", "searches",
           "stages", "tests", "tools")  # fmt: skip
# The name by itself, with or without extras; not a wheel's file, a path, or a name with where to get it from behind it.
BY_NAME = re.compile(
    r"pip3?\s+install\b[^`;&|#\n]*?(?<![\w./:@-])bonafide(?:[-_]voice)?(?:\[[^]]*\])?(?![\w.*/[-]|\s*@)", re.IGNORECASE
)


def texts():
    for folder in FOLDERS:
        for path in (ROOT / folder).glob("**/*" if folder else "*"):
            if path.is_file() and (path.suffix in TEXTS or not path.suffix) and path != Path(__file__):
                yield path


def told(text):
    """Return what a text tells to install by name."""
    return [match.group() for match in BY_NAME.finditer(text)]


@pytest.mark.parametrize(
    "words", ["bonafide", "'bonafide[media]'", "bonafide-voice", "-U bonafide", '"bonafide_voice[a,b]"']
)
def test_a_text_that_installs_by_name_is_seen(words):
    assert told(f"so run `pip install {words}`, then go on")


@pytest.mark.parametrize(
    "words",
    [".", "'.[service]'", "bonafide_voice-0.1.0-py3-none-any.whl", "--no-deps bonafide_voice-*.whl",
     "'bonafide-voice[media] @ git+https://a.org/b.git'", "git+https://a.org/bonafide.git", "/src/bonafide/",
     ".` as Bonafide's README says `"],
)  # fmt: skip
def test_a_text_that_installs_from_the_repository_is_not(words):
    assert not told(f"so run `pip install {words}`, then go on")


def test_no_text_tells_to_install_by_name():
    paths = [path for path in texts() if path.name != "README.md"]
    assert len(paths) > 300
    assert {path: told(path.read_text(encoding="utf-8", errors="replace")) for path in paths} == {p: [] for p in paths}


def test_the_readme_tells_nobody_to_install_by_name():
    assert told((ROOT / "README.md").read_text(encoding="utf-8")) == []


def test_what_is_built_has_the_projects_own_name_and_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["version"]) == ("bonafide-voice", bonafide.__version__)
    assert project["scripts"] == {"bonafide": "bonafide.cli:main"}


def test_a_hint_keeps_an_installation_that_uses_the_repositorys_own_files(tmp_path):
    assert how_to_install("service") == "in a checkout of Bonafide, pip install -e '.[service]'"
    shutil.copytree(PACKAGE, tmp_path / "bonafide", ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    code = "from bonafide.errors import how_to_install; print(how_to_install('service'))"
    away = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=away)
    assert done.stdout == "in a checkout of Bonafide, pip install '.[service]'\n", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("extra", ["s3", "ssh", "gs", "azure"])
def test_an_extra_of_a_remote_resolves_and_all_that_it_brings_is_pinned(extra, tmp_path):
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--report", tmp_path / "report.json", "-c", ROOT / "constraints.txt", *wanted[extra]]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and re.search(r"Retrying \(|[Cc]onnection", done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    chosen = [each["metadata"] for each in json.loads((tmp_path / "report.json").read_text())["install"]]
    pinned = {normal(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {normal(f"{each['name']}=={each['version']}") for each in chosen} <= pinned


def normal(pin):
    """Return a requirement with its name as the index compares names."""
    name, version = pin.split("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version
