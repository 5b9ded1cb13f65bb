"""How long a run takes with each preset: ``python benchmarks/run_times.py CORPUS [PRESET ...]``.

Runs every stage of dvc.yaml on the folder CORPUS, in an empty project for each preset, with nothing kept from before,
and prints a Markdown table of the seconds. ``default`` is params.yaml as it is; without a PRESET it and all presets of
a network are timed. Give it a machine of its own: `BONAFIDE_WORKERS` sets how many processes work at a time.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from bonafide.files import write_text
from bonafide.pipeline.editing import with_texts
from bonafide.pipeline.presets import apply, presets
from bonafide.text import clock

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = "default"
REFERENCE = re.compile(r"\$\{([\w.]+)\}")  # of a stage's command to params.yaml


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
    for each in ("stages", "bonafide"):
        (project / each).symlink_to(ROOT / each)
    params = project / "params.yaml"
    params.write_bytes((ROOT / "params.yaml").read_bytes())
    if name != DEFAULT:
        apply(name, ROOT / "presets", params)
    write_text(params, with_texts(params.read_text(), {"corpus.root": f"'{corpus.resolve()}'"}, str(params)))
    sections = yaml.safe_load(params.read_text())
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BONAFIDE_STORE": str(project / "parts")}
    seconds = {}
    for stage, facts in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        script, *arguments = (filled(word.strip("'"), sections) for word in facts["cmd"].split()[1:])
        started = time.perf_counter()
        print(f"{name}: {stage}", file=sys.stderr, flush=True)
        subprocess.run(
            [sys.executable, script, *arguments], cwd=project, env=environment, check=True, stdout=sys.stderr
        )
        seconds[stage] = time.perf_counter() - started
    return seconds


def filled(word: str, sections: dict) -> str:
    """Return a word of a stage's command with what it takes from params.yaml."""

    def value(match: re.Match[str]) -> str:
        found = sections
        for key in match[1].split("."):
            found = found[key]
        return str(found)

    return REFERENCE.sub(value, word)


def about_of(project: Path) -> str:
    """Say how much sound was in it."""
    clips = pq.read_table(project / "data" / "catalog.parquet", columns=["seconds"])["seconds"].to_pylist()
    return f"{len(clips)} clips, {sum(clips) / 60:.0f} minutes"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
