"""How long a run takes with each preset: ``python benchmarks/run_times.py CORPUS [PRESET ...] [--epochs N]``.

Runs every stage of dvc.yaml on the folder CORPUS, in an empty project for each preset, with nothing kept from before,
and prints a Markdown table of the seconds. ``default`` is params.yaml as it is; without a PRESET it and all presets of
a network are timed. A network that trains for more epochs than N is timed for one and for N of them, and the table has
the time of all that follows from these two, marked by a ~. Give it a machine of its own: `BONAFIDE_WORKERS` sets how
many processes work at a time.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import yaml
from projects import ROOT, commands, make_project, run

from bonafide.files import write_text
from bonafide.pipeline.editing import with_texts
from bonafide.pipeline.presets import presets
from bonafide.text import clock

DEFAULT = "default"
NETWORK = {"train.model", "train.cnn.architecture"}  # one of these is in a preset of a network


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("preset", nargs="*")
    parser.add_argument("--epochs", type=int, metavar="N", help="2 or more; all of them without it")
    options = parser.parse_args()
    if options.epochs is not None and options.epochs < 2:
        parser.error("--epochs is 2 or more: the time of one more epoch takes two trainings")
    of_networks = (each.name for each in presets(ROOT / "presets") if NETWORK & set(each.texts))
    names = options.preset or [DEFAULT, *of_networks]
    columns, reckoned = {}, set()
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder)
            make_project(project, options.corpus, "" if name == DEFAULT else name)
            some = options.epochs if options.epochs and options.epochs < epochs_of(project) else None
            if some:
                reckoned.add(name)
            columns[name] = timed(project, name, some)
            about = about_of(project)
    print(
        f"{about}; {os.cpu_count()} cores of {platform.machine()}, {os.environ.get('BONAFIDE_WORKERS', 'all')} in use\n"
    )
    print(f"| stage | {' | '.join(names)} |\n|---|{'---:|' * len(names)}")
    for stage in columns[names[0]]:
        signs = ["~" if stage == "train" and name in reckoned else "" for name in names]
        print(row(stage, signs, [columns[name][stage] for name in names]))
    signs = ["~" if name in reckoned else "" for name in names]
    print(row("together", signs, [sum(columns[name].values()) for name in names]))


def timed(project: Path, name: str, some: int | None) -> dict[str, float]:
    """Return the seconds of each stage in the new `project`, those of training reckoned from one and `some` epochs."""
    seconds, whole = {}, epochs_of(project)
    for stage, command in commands(project).items():
        print(f"{name}: {stage}", file=sys.stderr, flush=True)
        if stage == "train" and some:
            shortest, longer = (trained(project, command, epochs) for epochs in (1, some))
            seconds[stage] = shortest + (whole - 1) * (longer - shortest) / (some - 1)
        else:
            seconds[stage] = run(command, project).seconds
    return seconds


def trained(project: Path, command: Sequence[str], epochs: int) -> float:
    """Return the seconds of a training of so many epochs."""
    params = project / "params.yaml"
    model = yaml.safe_load(params.read_text(encoding="utf-8"))["train"]["model"]
    texts = {f"train.{model}.epochs": str(epochs)}
    write_text(params, with_texts(params.read_text(encoding="utf-8"), texts, str(params)))
    return run(command, project).seconds


def epochs_of(project: Path) -> int:
    """Return for how many epochs the network of `project` trains; 1 where it has none."""
    train = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))["train"]
    return int(train[train["model"]].get("epochs", 1))


def about_of(project: Path) -> str:
    """Say how much sound was in it."""
    clips = pq.read_table(project / "data" / "catalog.parquet", columns=["seconds"])["seconds"].to_pylist()
    return f"{len(clips)} clips, {sum(clips) / 60:.0f} minutes"


def row(name: str, signs: Sequence[str], seconds: Sequence[float]) -> str:
    """Return a line of the table."""
    cells = [f"{sign}{clock(each)}" for sign, each in zip(signs, seconds, strict=True)]
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
