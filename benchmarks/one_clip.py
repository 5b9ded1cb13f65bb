"""What is run again where one clip changes: ``python benchmarks/one_clip.py CORPUS``.

Makes a project with the data stages of dvc.yaml on a copy of the folder CORPUS, runs them, and then has `dvc repro`
bring them up to date after each of a few changes, on this machine, with what it kept. The times are the clock's, with
all that DVC itself does; those of processors say more where other work is done beside. The exit code is 1 where one
clip takes more than a tenth of the cold run, or where what is put back does not end in the old hashes.
"""

import argparse
import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import soundfile
import yaml
from projects import ROOT
from side_by_side import machine

from bonafide.files import write_text
from bonafide.pipeline.editing import with_texts
from bonafide.pipeline.paths import KEPT, PARTS

STAGES = ("audit", "features")  # and all that these need: the data stages
MOST = 0.1  # of the cold time
CORPUS = "data/raw"
SETTING = "features.n_bands"


class Run(NamedTuple):
    """What it took to bring the data stages up to date: seconds by the clock and of processors, and stages that ran."""

    seconds: float
    cpu: float
    stages: int


@dataclass(frozen=True)
class Project:
    """A git and DVC repository in the folder `root`."""

    root: Path

    def call(self, *command: str) -> str:
        """Run `command` there and return what it printed.

        Raises
        ------
        SystemExit
            When it does not end well.
        """
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root),
            "BONAFIDE_STORE": str(self.root / PARTS),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.root / KEPT / "dvc"),
        }
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def repro(self) -> Run:
        """Bring the data stages up to date."""
        started, before = time.perf_counter(), _children()
        output = self.call(sys.executable, "-m", "dvc", "repro", *STAGES)
        count = output.count("Running stage") - output.count("Running stage 'watch'")
        return Run(time.perf_counter() - started, _children() - before, count)

    def hashes(self) -> dict[str, str]:
        """Return the hash of each out of the data stages."""
        lock = yaml.safe_load((self.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
        return {out["path"]: out["md5"] for stage in lock.values() for out in stage["outs"]}

    def set(self, settings: dict[str, str]) -> None:
        """Write `settings`, YAML texts by dotted key, into its params.yaml."""
        params = self.root / "params.yaml"
        write_text(params, with_texts(params.read_text(encoding="utf-8"), settings, str(params)))


def main() -> int:
    """Print a line for each change and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--copies", type=int, default=1, help="of each training clip; the default settings make 3")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder) / "project", options.corpus, options.copies)
        corpus = project.root / CORPUS
        lines = (corpus / "clips.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        last = next(csv.DictReader([lines[0], lines[-1]]))["path"]
        one = next(csv.DictReader([lines[0], lines[len(lines) // 2]]))["path"]
        clip = Clip(corpus, lines, last)
        clip.delete()
        print(f"{machine()}; {len(lines) - 2} clips, {options.copies} copies of each that trains\n", flush=True)
        cold = project.repro()
        old = project.hashes()
        print(f"{'cold':34} {cold.seconds:7.1f} s, {cold.cpu:7.1f} s of processors, {cold.stages} stages", flush=True)
        changed = corpus / one
        before = changed.read_bytes()
        bands = yaml.safe_load((project.root / "params.yaml").read_text(encoding="utf-8"))["features"]["n_bands"]
        steps: list[tuple[str, Callable[[], object], bool, bool]] = [
            ("nothing changed", lambda: None, True, True),
            ("one clip added", clip.add, True, False),
            ("deleted again", clip.delete, True, True),
            ("one clip changed", lambda: halve(changed), True, False),
            ("changed back", lambda: changed.write_bytes(before), True, True),
            (f"one setting changed, {SETTING}", lambda: project.set({SETTING: str(bands - 1)}), False, False),
            ("set back", lambda: project.set({SETTING: str(bands)}), True, True),
        ]
        kept = [step(project, cold, old, *each) for each in steps]
    return int(not all(kept))


def step(
    project: Project,
    cold: Run,
    old: dict[str, str],
    name: str,
    change: Callable[[], object],
    bounded: bool,
    as_before: bool,
) -> bool:
    """Make a change, print what it takes to bring all up to date, and return whether its bounds are kept."""
    change()
    run = project.repro()
    same = project.hashes() == old
    kept = (run.seconds <= MOST * cold.seconds or not bounded) and (same or not as_before)
    shares = f"{run.seconds / cold.seconds:.1%} of cold, {run.cpu / cold.cpu:.1%} of its processors' time"
    hashes = "the old hashes" if same else "other hashes"
    print(
        f"{name:34} {run.seconds:7.1f} s, {run.cpu:7.1f} s of processors, {run.stages} stages: {shares}, {hashes}"
        f"{'' if kept else ': MISSED'}"
    )
    sys.stdout.flush()
    return kept


@dataclass(frozen=True)
class Clip:
    """The clip that comes and goes: its file, and its line in clips.csv, the last one."""

    corpus: Path
    lines: list[str]
    path: str

    def delete(self) -> None:
        """Take it away, and keep it beside the corpus."""
        (self.corpus / self.path).rename(self._away)
        (self.corpus / "clips.csv").write_text("".join(self.lines[:-1]), encoding="utf-8")

    def add(self) -> None:
        """Bring it back."""
        self._away.rename(self.corpus / self.path)
        (self.corpus / "clips.csv").write_text("".join(self.lines), encoding="utf-8")

    @property
    def _away(self) -> Path:
        return self.corpus.parent / f"away{Path(self.path).suffix}"


def _children() -> float:
    """Return the seconds of processors that all commands have taken which this process ran."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def halve(path: Path) -> None:
    """Leave the first half of a recording."""
    samples, rate = soundfile.read(path, dtype="int16")
    soundfile.write(path, samples[: len(samples) // 2], rate)


def made(root: Path, corpus: Path, copies: int) -> Project:
    """Return a project of this one's committed files and a copy of the corpus, that has never been run."""
    shutil.copytree(corpus, root / CORPUS)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in filter(None, listed.split("\0")):
        if path.startswith(("bonafide/", "stages/", ".")) or path in ("dvc.yaml", "params.yaml"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, root / path)
    project = Project(root)
    # Adapting to speakers that the packaged network has heard would leave nobody to test, and so no data stages.
    project.set({"corpus.root": CORPUS, "start.weights": "none", "augment.copies": str(copies)})
    project.call("git", "init", "--quiet")
    return project


if __name__ == "__main__":
    sys.exit(main())
