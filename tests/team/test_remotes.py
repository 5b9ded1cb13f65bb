"""A team's storage on real servers: set up, pushed to, cloned, pulled from; the pipeline then runs nothing."""

import shutil
from pathlib import Path

import pytest

from .conftest import add_clip, of, size_of
from .servers import http

ROOT = Path(__file__).parents[2]
SLOW = pytest.mark.slow


@of("s3", slow=("folder", "ssh", "seaweedfs"))
def test_a_clone_pulls_and_has_nothing_to_run_and_one_clip_is_one_part_there(ann, ben, server):
    config = (ann.root / ".dvc" / "config").read_text()
    assert not any(value in config for value in server.environment.values()) and "keyfile" not in config

    assert ben.run("bonafide", "remote", "pull").stdout.endswith("4 parts newly known\n")
    assert ben.repro("prepare") == []
    assert ben.git("status", "--porcelain", "--", "dvc.lock", "my-corpus.dvc").stdout == ""
    assert (ben.root / "data" / "clips" / "part-0000.parquet").read_bytes() == (
        ann.root / "data" / "clips" / "part-0000.parquet"
    ).read_bytes()

    add_clip(ben.root / "my-corpus", "new")
    said = ben.run("bonafide", "corpus", "track", "my-corpus").stdout
    assert "1 new, 1 changed, 0 removed" in said  # the clip and the table
    said = ben.dvc("repro", "prepare")
    assert "2 of 3 parts were known" in said.stdout + said.stderr


@SLOW
@of("folder")
def test_a_web_server_over_the_folder_is_enough_to_read(ben, server):
    with http(server.folder) as web:
        ben.run("bonafide", "remote", "set", web.url, "--name", "web")
        assert ben.run("bonafide", "remote", "pull").stdout.endswith("4 parts newly known\n")
        assert ben.repro("prepare") == []


@SLOW
@of("folder")
def test_what_is_not_pushed_is_shown_and_what_changed_alone_is_pushed(ann, first, server):
    first_status = first.copy(ann.root.parent / "other")
    first_status.run("bonafide", "remote", "set", server.folder.parent / "empty")
    assert "my-corpus" in first_status.run("bonafide", "remote", "status").stdout
    said = ann.run("bonafide", "remote", "status").stdout
    assert "0 files of this state not pushed" in said and "0 parts not shared" in said
    whole = size_of(server.folder)
    new = add_clip(ann.root / "my-corpus", "new")
    ann.run("bonafide", "corpus", "track", "my-corpus")
    ann.repro("prepare")
    said = ann.run("bonafide", "remote", "status").stdout
    assert new.name in said and "2 parts not shared" in said  # the clips, and what is known of the new file
    ann.run("bonafide", "remote", "push")
    part = max(path.stat().st_size for path in (ann.root / "data" / "clips").iterdir())
    assert size_of(server.folder) - whole < part + new.stat().st_size + 100_000 < whole


@SLOW
@of("folder")
def test_a_clip_comes_and_goes_from_a_clone_that_has_not_pulled_the_others(ann, ben):
    source = next((ann.root / "my-corpus" / "human").rglob("*.flac"))
    new = ben.root / "my-corpus" / "human" / "ben" / "new.flac"
    new.parent.mkdir(parents=True)
    shutil.copy(source, new)
    new.write_bytes(new.read_bytes() + b"\0")
    total = sum(path.is_file() for path in (ann.root / "my-corpus").rglob("*"))
    said = ben.run("bonafide", "corpus", "track", "my-corpus").stdout
    assert f"my-corpus: {total + 1} files, 1 new, 0 changed, 0 removed\n{total} of them are not on this machine" in said
    ben.commit("a clip")
    ben.run("bonafide", "remote", "push")
    ann.git("pull", "--quiet", ben.root, "main")
    ann.run("bonafide", "remote", "pull")
    there = ann.root / "my-corpus" / "human" / "ben" / "new.flac"
    assert there.read_bytes() == new.read_bytes()
    there.unlink()
    assert "0 new, 0 changed, 1 removed" in ann.run("bonafide", "corpus", "track", "my-corpus").stdout


@of("s3", "ssh")
def test_the_wrong_key_ends_in_a_sentence_and_changes_nothing_and_the_right_one_lets_in(bare, server, tmp_path):
    before = (bare.root / ".dvc" / "config").read_text()
    wrong = tmp_path / "wrong"
    bare.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", wrong)
    bare.environment |= server.environment | {"AWS_SECRET_ACCESS_KEY": "of-somebody-else"}
    options = [*server.options[:-1], wrong] if "--keyfile" in server.options else server.options
    said = bare.run("bonafide", "remote", "set", server.url, *options, code=1).stderr
    assert said.startswith(f"bonafide: {server.url} cannot be used: ")
    assert said.count("\n") == 1 and "of-somebody-else" not in said
    assert (bare.root / ".dvc" / "config").read_text() == before
    assert not (bare.root / ".dvc" / "config.local").exists()

    bare.environment |= server.environment
    keep = [] if "--keyfile" in server.options else ["--keep-keys"]
    assert "is new" in bare.run("bonafide", "remote", "set", server.url, *server.options, *keep).stdout
    shared, own = ((bare.root / ".dvc" / name).read_text() for name in ("config", "config.local"))
    yours = [server.options[-1]] if "--keyfile" in server.options else list(server.environment.values())
    assert server.url in shared and all(value in own and value not in shared for value in yours)
    assert (bare.root / ".dvc" / "config.local").stat().st_mode & 0o077 == 0
    assert ".dvc/config.local" not in bare.git("status", "--porcelain", "--untracked-files=all").stdout


@SLOW
def test_an_experiment_commits_no_recording_of_a_corpus_that_git_would_take(first, tmp_path):
    ann = first.copy(tmp_path / "ann")
    (ann.root / "my-corpus").rename(ann.root / "other")
    ann.set("corpus", root="other")
    said = ann.dvc("exp", "run", "prepare", code=255)
    assert "bonafide corpus track other" in said.stdout + said.stderr
    assert "refs/exps/" not in ann.git("for-each-ref", "--format=%(refname)").stdout.replace("refs/exps/exec", "")


@SLOW
@of("folder")
def test_two_who_have_added_clips_to_one_corpus_merge_by_the_documented_steps(ann, ben):
    ben.run("bonafide", "remote", "pull")
    for who, name, kind in ((ann, "of-ann", "human"), (ben, "of-ben", "ai")):
        add_clip(who.root / "my-corpus", name, kind)
        who.run("bonafide", "corpus", "track", "my-corpus")
        who.repro("prepare")
        who.commit(name)
        who.run("bonafide", "remote", "push")
    ann.git("fetch", "--quiet", ben.root, "main:ben")
    ann.git("merge", "ben", code=1)
    text = (ROOT / "docs" / "team.md").read_text().partition("lines of `clips.csv`:\n\n```sh\n")[2].partition("```")[0]
    assert "merge-file" in text
    ann.run("bash", "-euc", text.replace("dvc repro", "dvc repro prepare"))
    lines = (ann.root / "my-corpus" / "clips.csv").read_text()
    assert all(lines.count(f"/{name}.flac") == 1 for name in ("of-ann", "of-ben")) and "<<<<" not in lines
    ann.git("add", "--all")
    ann.git("commit", "--quiet", "--no-edit")
    assert ann.repro("prepare") == [] and ann.git("status", "--porcelain").stdout == ""
