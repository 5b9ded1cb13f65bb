"""A stage as DVC runs it: its outs are deleted before."""

import subprocess
import sys

import pytest

from bonafide.errors import UserError
from bonafide.pipeline.stage import run


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository, in which the test runs, that tracks a table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "table.csv").write_text("tracked\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "add", "metrics"], check=True)
    return tmp_path


@pytest.mark.parametrize("error", [UserError("no"), KeyboardInterrupt(), ZeroDivisionError()])
def test_what_git_tracks_is_put_back_where_a_stage_fails(repository, monkeypatch, error):
    table = repository / "metrics" / "table.csv"
    table.unlink()

    def stage(out, folder, other):
        raise error

    monkeypatch.setattr(sys, "argv", ["stage", "metrics/table.csv", "metrics", "data/never.parquet"])
    with pytest.raises((SystemExit, ZeroDivisionError)):
        run(stage)
    assert table.read_text() == "tracked\n"


def test_what_a_failing_stage_has_written_stays(repository, monkeypatch):
    def stage(out):
        out.write_text("written\n")
        raise UserError("no")

    monkeypatch.setattr(sys, "argv", ["stage", "metrics/table.csv"])
    with pytest.raises(SystemExit):
        run(stage)
    assert (repository / "metrics" / "table.csv").read_text() == "written\n"


def test_without_git_the_error_is_the_stage_s_own(tmp_path, monkeypatch):
    def stage(out):
        raise UserError("no")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["stage", "table.csv"])
    with pytest.raises(SystemExit) as ended:
        run(stage)
    assert ended.value.code == 1
