"""A detector of another repository by its tag, for the command, the choice and Python; the repository is on disk."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import onnx
import pytest
import yaml

from bonafide import Detector
from bonafide.detection import registry
from bonafide.detection.choice import choice_of, packaged_model
from bonafide.errors import UserError

from .conftest import ROOT, Project

COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()"]


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """A team's repository with this pipeline's artifacts and two versions of its detector, in a remote of its own."""
    pytest.importorskip("dvc")
    home = tmp_path_factory.mktemp("team")
    project = Project(home / "voices", tmp_path_factory.mktemp("dvc"))
    (project.root / "models").mkdir(parents=True)
    known = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    project.git("init", "--quiet", "--initial-branch", "main")
    project.dvc("init", "--quiet")
    project.dvc("remote", "add", "--default", "team", str(home / "remote"))
    stage = {"export": {"cmd": "true", "outs": ["models/bonafide.onnx"]}}
    (project.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": stage, "artifacts": known["artifacts"]}))
    for version in ("v1.0.0", "v2.0.0"):
        model = onnx.load_from_string(packaged_model())
        model.doc_string = version
        (project.root / "models" / "bonafide.onnx").write_bytes(model.SerializeToString())
        project.dvc("commit", "--force")
        project.commit(version)
        project.git("tag", "--annotate", "--message", version, f"detector@{version}")  # GTO reads no other tags
    project.git("tag", "newest")
    project.dvc("push", "--all-tags")
    return project


@pytest.fixture
def user(tmp_path, monkeypatch, voices):
    """A user with an empty home, who has chosen nothing."""
    monkeypatch.delenv("BONAFIDE_MODEL", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_NO_ANALYTICS"):
        monkeypatch.setenv(name, voices.environment[name])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def version_of(detector):
    return onnx.load(detector.model).doc_string


def test_a_tag_of_another_repository_names_its_detector_and_once_fetched_it_needs_no_repository(voices, user):
    away = voices.copy(user / "voices")
    first = Detector("voices@detector@v1.0.0")
    assert version_of(first) == "v1.0.0"
    assert version_of(Detector(f"{away.root}@newest")) == "v2.0.0"
    assert first.name.startswith(str(user / "XDG_CACHE_HOME" / "bonafide" / "detectors" / "voices@detector@v1.0.0-"))
    away.root.rename(user / "moved")
    (user / "voices").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    info = [*COMMAND, "info", "voices@detector@v1.0.0", "--json"]
    said = subprocess.run(info, env=environment, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)
    used = subprocess.run([*COMMAND, "use", "voices@newest"], env=environment, capture_output=True, text=True)
    assert "answers from now on" in used.stdout, used.stderr
    assert Detector().sha256 == Detector("voices@newest").sha256 != first.sha256


@pytest.mark.slow
def test_the_tags_and_artifacts_are_those_that_gto_and_dvc_read(voices, user):
    gto = pytest.importorskip("gto.api")
    versions = [row["version"] for row in gto.show(str(voices.root), name="detector")]
    assert versions == ["v2.0.0", "v1.0.0"]
    voices.dvc("artifacts", "get", voices.root, "detector", "--rev", "v1.0.0", "--out", user / "got.onnx")
    assert onnx.load(user / "got.onnx").doc_string == "v1.0.0"


@pytest.mark.parametrize(
    ("model", "reason"),
    [("{voices}@v9", r"@v9 cannot be fetched: .*v9"), ("{voices}-none@v1.0.0", r"-none@v1\.0\.0 cannot be fetched: ")],
)
def test_what_cannot_be_fetched_is_one_sentence_and_leaves_nothing(voices, user, model, reason):
    with pytest.raises(UserError, match=reason) as refused:
        Detector(model.format(voices=voices.root))
    assert "\n" not in str(refused.value)
    assert not [path for path in (user / "XDG_CACHE_HOME").rglob("*") if path.is_file()]


def test_without_dvc_it_says_what_to_install(user, monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "dvc" else importlib.util.find_spec(name))
    with pytest.raises(UserError, match=r"v@v1 is fetched by DVC, which is not installed: pip install dvc"):
        Detector("https://example.org/team/v@v1")


@pytest.mark.parametrize(
    ("text", "repository", "tag"),
    [
        ("https://host/team/voices@v1", "https://host/team/voices", "v1"),
        ("https://host/team/voices@detector@v1.0.0", "https://host/team/voices", "detector@v1.0.0"),
        ("git@host:team/voices.git@v1.0.0", "git@host:team/voices.git", "v1.0.0"),
        ("git@host:team/voices.git@detector@v1", "git@host:team/voices.git", "detector@v1"),
        ("../voices@release/3", "../voices", "release/3"),
    ],
)
def test_the_tag_is_told_from_the_repository(text, repository, tag):
    written = registry.WRITTEN.fullmatch(text)
    assert (written["repository"], written["tag"]) == (repository, tag)


@pytest.mark.parametrize("text", ["models/bonafide.onnx", "git@host:team/voices.git", "--upload-pack=x@v1"])
def test_what_names_no_tag_is_a_path(text):
    assert registry.located(text).as_posix() == text


def test_a_file_with_such_a_name_is_that_file(user):
    shutil.copy(ROOT / "bonafide" / "weights" / "default.onnx", "voices@v1")
    assert choice_of("voices@v1").name == "voices@v1"
