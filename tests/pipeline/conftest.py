"""Copies of the project with the small corpus and small settings, in which the real DVC runs the real stages.

A run takes a minute, most of it imports of TensorFlow. So one project is run for all tests, in whichever process they
run, and each gets a copy.
"""

import fcntl
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RESULTS = ("dvc.lock", "metrics/")  # of the project's own last run
KERNELS = {  # kernel machines are fitted in a second; test_default.py runs the default network
    "start": {"weights": "none"},
    "features": {
        "n_fft": 512,
        "n_bands": 255,
        "scale": "linear",
        "linear_n_ffts": [],
        "linear_steps": [],
        "phase_n_fft": 0,
    },
    "train": {"model": "statistics"},
}
SMALL = {
    "corpus": {"root": "data/raw"},
    "prepare": {"parts": 3},
    "augment": {"copies": 1, "chains": [[{"Line": {"p": 1.0}}]]},
    "start": KERNELS["start"],
    "features": KERNELS["features"],
    "train": {**KERNELS["train"], "cnn": {"architecture": "small", "epochs": 2, "batch_size": 8}},
    "evaluate": {"replicates": 20},
    "robustness": {"clips": 4, "replicates": 20},
    "audit": {"replicates": 20},
}
RAN = re.compile(r"^Running stage '(?:[^']*:)?([^':]+)'", re.MULTILINE)


class Project:
    """A git and DVC repository in the folder `root` and the commands that are run in it."""

    def __init__(self, root, site_cache, **environment):
        self.root = root
        self.site_cache = site_cache
        self.environment = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("DVC_", "GIT_", "BONAFIDE_", "TF_"))
            },
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(root),  # so that the copy's modules count, not those that are installed
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(site_cache),
            "DVC_GLOBAL_CONFIG_DIR": str(site_cache),
            "DVC_SYSTEM_CONFIG_DIR": str(site_cache),
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            # So that two projects of the same files have the same commit, which the report names.
            **{f"GIT_{who}_DATE": "1767268800 +0000" for who in ("AUTHOR", "COMMITTER")},  # as DVC reads them, too
            "BONAFIDE_MODEL": "packaged",  # whatever the user who runs the tests has chosen
            **environment,
        }

    def run(self, *command, code=0):
        done = subprocess.run(
            [str(part) for part in command], cwd=self.root, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == code, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *command):
        """Start `command` as a shell starts a job: in a process group of its own, which gets the signals."""
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Tests that run in the background of a script inherit that Ctrl-C is ignored.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def git(self, *arguments, **options):
        return self.run("git", *arguments, **options)

    def dvc(self, *arguments, **options):
        return self.run(sys.executable, "-m", "dvc", *arguments, **options)

    def repro(self, *targets):
        """Return the names of the stages that `dvc repro` ran, but for the one that looks each time."""
        return [name for name in RAN.findall(self.dvc("repro", *targets).stdout) if name != "watch"]

    def stage_command(self, name):
        """Return what DVC runs for stage `name`."""
        return [sys.executable, *self.stages()[name]["cmd"].split()[1:]]

    def stages(self):
        """Return those of dvc.yaml that run where something has changed, by name."""
        stages = yaml.safe_load((self.root / "dvc.yaml").read_text())["stages"]
        return {name: stage for name, stage in stages.items() if not stage.get("always_changed")}

    def lock(self):
        return yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]

    def outs(self):
        """Return the hash of every out."""
        return {out["path"]: out["md5"] for stage in self.lock().values() for out in stage["outs"]}

    def set(self, section, **values):
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params[section] = merged(params[section], values)
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def at(self, target, **environment):
        """Return the project that a copy in the folder `target` is."""
        return Project(target, self.site_cache, **environment)

    def copy(self, target, **environment):
        shutil.copytree(self.root, target, symlinks=True)
        return self.at(target, **environment)


def merged(section, values):
    """Return `section` with other `values`, those of its sections merged likewise."""
    both = section.keys() & values.keys()
    inner = {key: merged(section[key], values[key]) for key in both if isinstance(section[key], dict)}
    return section | values | inner


def downstream(stages, name):
    """Return `name` and the stages that need what it makes, directly or through others."""
    found = {name}
    while True:
        made = {out for stage in found for out in out_paths(stages[stage])}
        more = {other for other, stage in stages.items() if made & set(stage["deps"])} | found
        if more == found:
            return found
        found = more


def out_paths(stage):
    return [out if isinstance(out, str) else next(iter(out)) for out in stage["outs"]]


@pytest.fixture(scope="session")
def laid_out(small_corpus):
    """Return a function that lays the project out where it is to be, committed and never run."""
    if importlib.util.find_spec("dvc") is None:
        pytest.skip("needs DVC: pip install -e '.[pipeline]'")

    def lay_out(project):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for path in filter(None, listed.stdout.split("\0")):
            if not path.startswith(RESULTS) and (ROOT / path).exists():
                (project.root / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, project.root / path)
        shutil.copytree(small_corpus, project.root / "data" / "raw")
        known = yaml.safe_load((project.root / "params.yaml").read_text())
        for section in SMALL.keys() & known.keys():
            project.set(section, **SMALL[section])
        project.git("init", "--quiet", "--initial-branch", "main")
        if not (project.root / ".dvc").is_dir():
            project.dvc("init", "--quiet")
        project.commit("the project")
        return project

    return lay_out


@pytest.fixture(scope="session")
def fresh(tmp_path_factory, laid_out):
    """Return a function that makes the project in a new folder."""
    site_cache = tmp_path_factory.mktemp("dvc")

    def make(name, **environment):
        return laid_out(Project(tmp_path_factory.mktemp("projects") / name, site_cache, **environment))

    return make


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """The folder that all processes of a test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def once(folder, name, make):
    """Return what `make` returns, as JSON has it, called by the first process that needs it in the shared `folder`."""
    kept = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed or the process has ended
        if not kept.exists():
            kept.write_text(json.dumps(make()))
    return json.loads(kept.read_text())


@pytest.fixture(scope="session")
def reproduced(laid_out, shared_folder):
    """The project after one run with two workers, committed on main; copy it, never change it."""
    project = Project(shared_folder / "reproduced", shared_folder / "dvc", BONAFIDE_WORKERS="2")

    def run():
        stages = laid_out(project).repro()
        project.commit("first run")
        return stages

    project.first_run = once(shared_folder, "reproduced", run)
    return project


@pytest.fixture(scope="session")
def slower(reproduced, shared_folder):
    """A copy of the project with a blunter kernel, run and committed on the branch `slower`; never change it."""
    project = reproduced.at(shared_folder / "slower")

    def run():
        reproduced.copy(project.root)
        project.git("checkout", "--quiet", "-b", "slower")
        blunt = {"centres": 4, "width": 0.1, "strength": 0.001, "copy_weight": 0.4, "experts": [[1]], "components": 9}
        project.set("train", statistics=blunt)
        stages = project.repro()
        project.commit("a blunter kernel")
        return stages

    project.second_run = once(shared_folder, "slower", run)
    return project


@pytest.fixture
def project(reproduced, tmp_path):
    """A copy of the project as it is after its first run."""
    return reproduced.copy(tmp_path / "project")
