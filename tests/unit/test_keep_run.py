"""After `make demo` a clone is clean, and the branch that was cloned as it was."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITTEN = (".dvcignore", "data/dvc.lock", "dvc.lock", "metrics/metrics.json", "report/model_card.md")


class Clone:
    """A small repository with what a run writes, of a user whom git does not know."""

    def __init__(self, root):
        self.root = root
        (root / "tools").mkdir(parents=True)
        shutil.copy2(ROOT / "tools" / "keep-run", root / "tools")
        self.write("as released", *WRITTEN, "params.yaml")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message", "released")
        self.released = self.git("rev-parse", "main")

    def write(self, text, *names):
        for name in names:
            path = self.root / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def run(self, *command):
        left_out = ("GIT_", "EMAIL")
        own = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        own |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(command, cwd=self.root, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def git(self, *arguments):
        return self.run("git", *arguments)

    def keep(self):
        return self.run("tools/keep-run")

    def state(self):
        """Return what is not committed, and the branch."""
        return self.git("status", "--porcelain"), self.git("branch", "--show-current")


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path / "clone")


def test_what_a_run_wrote_is_committed_on_a_branch_of_its_own(clone):
    clone.write("on this machine", *WRITTEN, "metrics/more.csv")
    said = clone.keep()
    changed, branch = clone.state()
    assert (changed, branch.startswith("run-")) == ("", True)
    assert f"branch {branch}: `dvc metrics diff main`" in said
    assert clone.git("rev-parse", "main") == clone.git("rev-parse", "HEAD^") == clone.released
    assert set(clone.git("diff", "--name-only", "main").splitlines()) == {*WRITTEN, "metrics/more.csv"}


def test_a_second_run_stays_on_that_branch(clone):
    clone.write("first", *WRITTEN)
    clone.keep()
    branch = clone.state()[1]
    clone.write("second", "dvc.lock")
    clone.keep()
    assert clone.state() == ("", branch)


def test_a_run_that_wrote_the_same_bytes_is_not_kept(clone):
    clone.write("as released", *WRITTEN)
    assert (clone.keep(), clone.state()) == ("", ("", "main"))


@pytest.mark.parametrize("name", ["params.yaml", "notes.txt"])
def test_who_is_at_work_is_not_disturbed(clone, name):
    clone.write("mine", name, "dvc.lock")
    before = clone.state()
    assert (clone.keep(), clone.state()) == ("", before)
    assert clone.git("rev-parse", "HEAD") == clone.released
