"""What the commands do where only the light install is there: they work, or say in a sentence what to install."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import soundfile

from bonafide.cli import COMMANDS, EXTRAS, app_of
from bonafide.commands import corpus
from bonafide.errors import how_to_install

ROOT = Path(__file__).parents[2]
# What only the extras install, by the names that code imports it under.
HIDDEN = (
    "audiomentations", "av", "datasets", "distributed", "dvc", "espeakng_loader", "fastapi", "G722", "hibari",
    "jinja2", "keras", "keras_tuner", "librosa", "multipart", "onnx", "optuna", "pandas", "piper",
    "prometheus_client", "py_nanotts", "pyarrow", "pyworld", "ruamel", "sklearn",
    "tensorflow", "tf2onnx", "threadpoolctl", "uvicorn", "wsproto", "yaml",
)  # fmt: skip
LIGHT = f"""
import sys
from importlib.machinery import PathFinder

found = PathFinder.find_spec

def find_spec(name, *arguments):
    return None if name.partition(".")[0] in {HIDDEN} else found(name, *arguments)

PathFinder.find_spec = find_spec
from bonafide.cli import main
main()
"""


def light(*arguments, cwd, **variables):
    """Run a command as the light install does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": "", **variables}  # no flite, no arecord
    line = [sys.executable, "-c", LIGHT, *map(str, arguments)]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        *((name, (name,)) for name in ("check", "folds", "preset", "release", "search")),
        ("serve", ("serve", "--port", "0")),
        ("corpus check", ("corpus", "check", ".")),
        ("corpus stats", ("corpus", "stats", ".")),
        ("corpus sample", ("corpus", "sample", "out", "--clips", "2")),
        ("corpus export", ("corpus", "export", "out", "--as", "hf")),
        ("corpus track", ("corpus", "track", ".")),
        ("remote", ("remote", "status")),
        ("detect", ("detect", "a.wav", "--out", "t.csv")),
    ],
)
def test_what_needs_an_extra_names_it_in_one_sentence(tmp_path, command, arguments):
    done = light(*arguments, cwd=tmp_path, BONAFIDE_EXECUTOR="dask://127.0.0.1:8786")
    assert done.returncode == 1
    assert done.stderr.startswith(f"bonafide: '{command}' needs ")
    assert done.stderr.endswith(f": {how_to_install(EXTRAS[command])}\n")
    assert done.stderr.count("\n") == 1


def test_what_needs_no_extra_works_without_any(tmp_path, voice):
    for name in ("one", "two"):
        (tmp_path / name / "human").mkdir(parents=True)
        soundfile.write(tmp_path / name / "human" / "a.wav", voice[:32000], 16000)
    joined = light("join", "one", "two", "--out", "both", cwd=tmp_path)
    assert (joined.returncode, joined.stdout) == (0, "both: 2 clips of 2 corpora\n"), joined.stderr
    recording = tmp_path / "one" / "human" / "a.wav"
    collected = light("collect", "own", recording, "--speaker", "x", "--language", "en", "--consent", cwd=tmp_path)
    assert collected.returncode == 0, collected.stderr
    for arguments in (("detect", recording), ("explain", recording, "-o", "page.html"), ("info",)):
        done = light(*arguments, cwd=tmp_path)
        assert done.returncode in (0, 1), done.stderr
        assert "Error" not in done.stderr


def test_generate_needs_nothing_but_an_engine(tmp_path):
    pytest.importorskip("espeakng_loader")
    (tmp_path / "t.txt").write_text("Good morning to all of you.\n")
    done = light("generate", "t.txt", "out", "--engines", "espeak", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("out: 2 clips made")


def test_the_extras_exist_and_every_command_is_tried_here():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"])
    assert {extra for names in EXTRAS.values() for extra in names.split(",")} <= extras
    app = app_of()
    commands = {command.callback.__name__ for command in app.registered_commands}
    commands |= {f"corpus {command.callback.__name__}" for command in corpus.app.registered_commands}
    commands |= {group.name for group in app.registered_groups} - {"corpus"}
    assert commands == {
        *EXTRAS,
        "corpus fetch",
        "collect",
        "explain",
        "formats",
        "generate",
        "info",
        "join",
        "use",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_asked_for_comes_alone(name):
    app = app_of(name)
    commands = [command.callback.__name__ for command in app.registered_commands]
    assert [*commands, *(group.name for group in app.registered_groups)] == [name]


def test_a_command_that_is_not_there_is_told_from_those_that_are():
    done = subprocess.run([sys.executable, "-c", LIGHT, "detct", "x.wav"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "detect" in done.stderr
