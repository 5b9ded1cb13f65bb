"""How long a run takes with each preset: ``python benchmarks/run_times.py CORPUS [PRESET ...]``.

Runs every stage of dvc.yaml on the folder CORPUS, in an empty project for each preset, with nothing kept from before,
and prints a Markdown table of the seconds. ``default`` is params.yaml as it is; without a PRESET it and all presets of
a network are timed. Give it a machine of its own: `BONAFIDE_WORKERS` sets how many processes work at a time.
"""

import os
import platform
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from projects import ROOT, commands, make_project, run

from bonafide.pipeline.presets import presets
from bonafide.text import clock

DEFAULT = "default"


def main(corpus: Path, names: list[str]) -> None:
    """Print the table."""
    names = names or [DEFAULT, *(each.name for each in presets(ROOT / "presets") if "train.model" in each.texts)]
    columns = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            columns[name] = timed(Path(folder), corpus, name)
            about = about_of(Path(folder))
    print(
        f"{about}; {os.cpu_count()} cores of {platform.machine()}, {os.environ.get('BONAFIDE_WORKERS', 'all')} in use\n"
    )
    print(f"| stage | {' | '.join(names)} |\n|---|{'---:|' * len(names)}")
    for stage in columns[names[0]]:
        print(f"| {stage} | {' | '.join(clock(columns[name][stage]) for name in names)} |")
    print(f"| together | {' | '.join(clock(sum(columns[name].values())) for name in names)} |")


def timed(project: Path, corpus: Path, name: str) -> dict[str, float]:
    """Return the seconds of each stage in the empty folder `project`."""
    make_project(project, corpus, "" if name == DEFAULT else name)
    seconds = {}
    for stage, command in commands(project).items():
        print(f"{name}: {stage}", file=sys.stderr, flush=True)
        seconds[stage] = run(command, project).seconds
    return seconds


def about_of(project: Path) -> str:
    """Say how much sound was in it."""
    clips = pq.read_table(project / "data" / "catalog.parquet", columns=["seconds"])["seconds"].to_pylist()
    return f"{len(clips)} clips, {sum(clips) / 60:.0f} minutes"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
