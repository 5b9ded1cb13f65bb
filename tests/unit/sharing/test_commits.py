"""Neither a recording nor a credential goes into git unseen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bonafide.errors import UserError
from bonafide.sharing.commits import faults, refuse_recordings
from bonafide.sharing.hooks import install

STAGE = Path(__file__).parents[3] / "stages" / "watch.py"
SECRET = "not-a-real-secret-0123"
PRIVATE = "-----BEGIN OPENSSH " + "PRIVATE KEY-----"  # apart, so that this file holds none


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "t")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "t@example.org")
    git("init", "--quiet")
    (tmp_path / ".dvc").mkdir()
    return tmp_path


def put(root, path, text="x"):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_a_corpus_that_git_would_take_is_refused_and_one_that_it_ignores_is_not(repository):
    put(repository, "my-corpus/human/a/b.WAV")
    with pytest.raises(UserError, match="git would take 1 recording of my-corpus, my-corpus/human/a/b"):
        refuse_recordings(Path("my-corpus"))
    git("add", ".")
    with pytest.raises(UserError, match="git has 1 recording of my-corpus"):
        refuse_recordings(Path("my-corpus"))
    git("rm", "-r", "--quiet", "--cached", "my-corpus")
    put(repository, ".gitignore", "/my-corpus\n")
    refuse_recordings(Path("my-corpus"))


def test_a_corpus_outside_any_repository_is_not_gits_business(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "a.wav")
    refuse_recordings(tmp_path)


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("notes/call.mp3", "x", "git has 1 recording: notes/call.mp3"),
        (".dvc/config.local", "[core]\n", "git has .dvc/config.local"),
        (".dvc/config", f"['remote \"s\"']\n    secret_access_key = {SECRET}\n", "has a value of secret_access_key"),
        (".dvc/config", "['remote \"s\"']\n    url = ssh://ann:word@host/x\n", "a URL with a password in it"),
        ("key", f"{PRIVATE}\n", "key holds what looks like a private key"),
        ("run.sh", "export AWS_ACCESS_KEY_ID=AKIA" + "ABCDEFGHIJKLMNOP\n", "run.sh holds what looks like"),
        ("run.sh", f"export X={SECRET}\n", "run.sh holds one of your credentials"),
    ],
)
def test_what_must_not_be_committed_is_named_once_it_is_staged(repository, monkeypatch, path, text, said):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    put(repository, path, text)
    assert not list(faults())
    git("add", "--force", path)
    assert any(said in fault for fault in faults()), list(faults())
    assert SECRET not in "".join(faults())


def test_a_secret_of_dvcs_local_config_is_found_elsewhere_and_a_short_one_is_not(repository, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    put(repository, ".dvc/config.local", f"['remote \"s\"']\n    secret_access_key = {SECRET}\n    password = x\n")
    put(repository, "x.py", "x = 1\n")
    git("add", "x.py")
    assert not list(faults())
    put(repository, "x.py", f"x = '{SECRET}'\n")
    git("add", "x.py")
    assert [*faults()] == ["x.py holds one of your credentials, and git has that file"]


def test_the_hook_stops_a_commit_of_a_recording_and_spares_one_of_text(repository):
    hook = install(Path(sys.executable).with_name("bonafide"))
    put(repository, "a.txt")
    git("add", ".")
    assert git("commit", "-qm", "text").returncode == 0
    put(repository, "a.wav")
    git("add", ".")
    stopped = git("commit", "-qm", "sound")
    assert stopped.returncode == 1 and "git has 1 recording: a.wav" in stopped.stderr
    install(Path(sys.executable).with_name("bonafide"))  # twice is as once
    hook.write_text("#!/bin/sh\nmake lint\n")
    with pytest.raises(UserError, match="is there already: add the line"):
        install(Path(sys.executable).with_name("bonafide"))


def test_the_first_stage_stops_at_a_corpus_that_git_would_take(repository):
    put(repository, "my-corpus/human/a/b.wav")
    command = [sys.executable, STAGE, "my-corpus", ".dvcignore", "unwatched.csv"]
    environment = {**os.environ, "PYTHONPATH": str(STAGE.parents[1])}
    stopped = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("watch: git would take 1 recording of my-corpus")
    assert not (repository / "unwatched.csv").exists()
    put(repository, ".gitignore", "/my-corpus\n")
    assert subprocess.run(command, check=False, env=environment).returncode == 0
