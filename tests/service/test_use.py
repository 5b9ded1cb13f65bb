"""Which detector answers: --model, else BONAFIDE_MODEL, else `bonafide use`, else the packaged one; for all doors."""

import csv
import hashlib
import json
import os
import subprocess
import sys

import onnx
import pytest
from serving import Service

from bonafide import Detector
from bonafide.detection.choice import packaged_model

COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user who has chosen nothing, with two detectors that are told apart by what their files hold."""
    monkeypatch.delenv("BONAFIDE_MODEL")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "models").mkdir()
    for name in ("mine", "other"):
        model = onnx.load_from_string(packaged_model())
        model.doc_string = name
        (tmp_path / "models" / f"{name}.onnx").write_bytes(model.SerializeToString())
    return tmp_path


def bonafide(*arguments, cwd, **env):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True
    )


def answering(clip, home, *options, **env):
    """Return what a line of JSON says has answered."""
    done = bonafide("detect", clip, "--json", *options, cwd=home, **env)
    assert done.stderr == ""
    row = json.loads(done.stdout)
    return row["model"], row["model_sha256"]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_what_is_named_wins_over_the_environment_and_that_over_what_was_chosen(home, clips, monkeypatch):
    mine, other = (str(home / "models" / f"{name}.onnx") for name in ("mine", "other"))
    assert Detector().name == "packaged"
    chosen = bonafide("use", "models/mine.onnx", cwd=home)
    assert chosen.stdout.endswith("answers from now on\n"), chosen.stderr
    assert answering(clips[0], home / "models") == (mine, Detector(mine).sha256)  # wherever one stands
    assert Detector().name == mine
    monkeypatch.setenv("BONAFIDE_MODEL", other)
    assert answering(clips[0], home) == (other, Detector(other).sha256)
    assert Detector().name == other
    assert answering(clips[0], home, "--model", "models/mine.onnx") == ("models/mine.onnx", Detector(mine).sha256)
    assert (Detector(mine).name, Detector("packaged").name) == (mine, "packaged")
    monkeypatch.setenv("BONAFIDE_MODEL", "packaged")
    assert (Detector().name, Detector().sha256) == ("packaged", sha256(packaged_model()))


def test_use_says_what_is_used_and_goes_back(home):
    assert bonafide("use", cwd=home).stdout.startswith("the packaged detector (SHA-256 ")
    bonafide("use", "models/mine.onnx", cwd=home)
    assert bonafide("use", cwd=home).stdout.endswith("answers, chosen by `bonafide use`\n")
    elsewhere = bonafide("use", "--packaged", cwd=home, BONAFIDE_MODEL="models/gone.onnx")
    assert (elsewhere.returncode, elsewhere.stderr) == (0, "not here: BONAFIDE_MODEL is set, and wins\n")
    assert bonafide("use", cwd=home).stdout.startswith("the packaged detector (SHA-256 ")


def test_what_is_no_detector_is_not_kept(home):
    (home / "notes.onnx").write_text("no detector")
    for name in ("notes.onnx", "missing.onnx"):
        done = bonafide("use", name, cwd=home)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert name in done.stderr
    assert bonafide("use", cwd=home).stdout.startswith("the packaged detector")


def test_processes_ask_the_detector_that_was_chosen(home, clips):
    bonafide("use", "models/mine.onnx", cwd=home)
    rows = bonafide("detect", *clips[:2], "--jobs", 2, "--csv", cwd=home).stdout.splitlines()
    assert len(rows) == 3
    assert [row["model"] for row in csv.DictReader(rows)] == [f"{home}/models/mine.onnx"] * 2


@pytest.mark.parametrize("arguments", [("detect", "a.wav"), ("serve", "--port", "0")])
def test_a_detector_that_was_chosen_and_is_gone_is_one_sentence_with_its_remedy(home, arguments):
    mine = home / "models" / "mine.onnx"
    bonafide("use", mine, cwd=home)
    mine.unlink()
    done = bonafide(*arguments, cwd=home)
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"bonafide: the model {mine} cannot be read: No such file or directory; `bonafide use`"
    )
    assert done.stderr.endswith("`bonafide use --packaged` goes back\n")
    named = bonafide(*arguments, cwd=home, BONAFIDE_MODEL="nowhere.onnx")
    assert "nowhere.onnx cannot be read: No such file or directory; BONAFIDE_MODEL chose" in named.stderr
    assert named.stderr.endswith("or unset it\n")


def test_a_user_without_a_home_gets_the_packaged_one(home, clips, monkeypatch):
    (home / "config").write_text("no folder")
    assert answering(clips[0], home)[0] == "packaged"
    done = bonafide("use", "models/mine.onnx", cwd=home)
    assert done.returncode == 1
    assert f"set BONAFIDE_MODEL={home}/models/mine.onnx instead" in done.stderr


def test_the_table_says_what_answered(home, clips):
    bonafide("use", "models/mine.onnx", cwd=home)
    assert bonafide("detect", clips[0], cwd=home).stderr == f"answered by {home}/models/mine.onnx\n"


def test_the_service_says_what_answers_and_not_where_it_lies(home):
    mine = home / "models" / "mine.onnx"
    bonafide("use", mine, cwd=home)
    with Service("--workers", 1) as service:
        told = service.get("/v1/model")[2]
        (listening,) = [json.loads(line) for line in service.lines if '"listening"' in line]
    assert listening["model"] == "mine.onnx"
    assert (told["name"], told["sha256"]) == ("mine.onnx", sha256(mine.read_bytes()))
    assert str(home) not in json.dumps(told)
    with Service("--workers", 1, BONAFIDE_MODEL="packaged") as service:
        assert service.get("/v1/model")[2]["name"] == "packaged"
