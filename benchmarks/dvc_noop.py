"""What it costs to ask for a run when nothing changed: ``python benchmarks/dvc_noop.py [ROUNDS]``.

Times `dvc repro` in this project, which must have been run, beside a project of as many stages that read and write one
small file each: what is above that is the price of this pipeline's own deps and outs. Both take turns, so that another
load on the machine meets both alike. Read the ratio; the seconds are of this machine at this moment.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import yaml

ROOT = Path(__file__).parents[1]
ALWAYS = "watch"
DVC = [sys.executable, "-m", "dvc"]


def main(rounds: int) -> None:
    """Print the median seconds of both and their ratio over `rounds`."""
    output = _repro(ROOT, "--dry")
    if _ran(output):
        sys.exit("this project is not up to date: dvc repro first")
    stages = output.count("skipping")
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        _make_empty(empty, stages)
        times = [(_seconds(ROOT), _seconds(empty)) for _ in range(rounds)]
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    ratio = median(first / second for first, second in times)
    print(f"{stages} stages, nothing to do: {ours:.2f} s; {stages} empty stages: {theirs:.2f} s; ratio {ratio:.2f}")


def _make_empty(folder: Path, stages: int) -> None:
    """Make a chain of `stages` that copy a file, and run it."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run([*DVC, "init", "--quiet"], cwd=folder, check=True)
    (folder / "0.txt").write_text("0\n")
    pipeline = {
        f"stage{number}": {
            "cmd": f"cp {number}.txt {number + 1}.txt",
            "deps": [f"{number}.txt"],
            "outs": [f"{number + 1}.txt"],
        }
        for number in range(stages)
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": pipeline}))
    _repro(folder)


def _seconds(folder: Path) -> float:
    started = time.perf_counter()
    if _ran(_repro(folder)):
        sys.exit(f"a stage of {folder} ran, so this was no measurement")
    return time.perf_counter() - started


def _ran(output: str) -> bool:
    """Return whether a stage ran, but for the one that looks each time, which is part of what `dvc repro` costs."""
    return output.count("Running stage") > output.count(f"Running stage '{ALWAYS}'")


def _repro(folder: Path, *options: str) -> str:
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run([*DVC, "repro", *options], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"dvc repro failed in {folder}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
