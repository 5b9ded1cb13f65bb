"""A team's storage on real servers: set up, pushed to, cloned, pulled from; the pipeline then runs nothing."""

import shutil

import pytest

from .conftest import of


@pytest.fixture(scope="session")
def first(fresh):
    """The project of who begins: a corpus of their own under DVC, its clips prepared; copy it, never change it."""
    project = fresh("first", BONAFIDE_WORKERS="2")
    shutil.move(project.root / "data" / "raw", project.root / "my-corpus")
    said = project.run("bonafide", "corpus", "track", "my-corpus", "--use").stdout
    assert "next: git add my-corpus.dvc .gitignore params.yaml" in said
    assert project.repro("prepare") == ["catalog", "prepare"]
    project.commit("my corpus")
    return project


@of("folder", "s3", "ssh")
def test_a_clone_pulls_and_has_nothing_to_run(first, person, server, tmp_path):
    ann = first.copy(tmp_path / "ann", **server.environment)
    said = ann.run("bonafide", "remote", "set", server.url, *server.options).stdout
    assert "is new" in said
    ann.commit("a remote")
    assert "0 parts newly shared" not in ann.run("bonafide", "remote", "push").stdout
    ben = person("ben", ann.root, **server.environment)
    ben.run("bonafide", "remote", "set", server.url, *server.options)
    said = ben.run("bonafide", "remote", "pull")
    print(said.stdout, said.stderr)
    assert ben.repro("prepare") == []
    assert ben.git("status", "--porcelain").stdout == ""
