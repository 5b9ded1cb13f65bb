"""What every stage costs a clip as a corpus grows: ``python benchmarks/at_size.py CORPUS``.

CORPUS is a folder as reader `folder` has it, of whose clips a few are tiled: each tile plays them a little quicker or
slower, so that no two are the same sound. All stages run at each size, with the network trained from scratch for one
epoch and one copy of each training clip; a part holds as many clips at each size. The cost a clip is that of the clips
by which the size before was smaller, as processor time: the start of a stage is in none. The exit code is 1 where the
largest process of a stage takes more than 1.2 times the memory at the largest size that it takes at the smallest, or
where a clip costs more than 1.1 times what it cost a size before; stages whose cost is too small to tell are let off.
"""

import argparse
import csv
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import soundfile
import soxr
from projects import Cost, commands, make_project, run
from side_by_side import machine

from bonafide.audio.decoding import UnusableError, decode
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.rows import Rows

SECONDS = 2.0  # of a clip at most, so that the disk stays small
STEP = 0.01  # of the speed, from one tile to the next
MOST_MEMORY, MOST_COST = 1.2, 1.1
TELLING = 4.0  # seconds of processor time: what grows by less may have grown by chance
MANY = 10_000_000  # clips, for the extrapolation
COLUMNS = ("path", "label", "speaker", "generator", "source", "language", "gender", "license")
SETTINGS = {
    "augment.copies": "1",
    "train.cnn.epochs": "1",
    "robustness.clips": "20",
    "robustness.replicates": "20",
    "audit.on_duplicates": "warn",
}


def main() -> int:
    """Print a table of all stages and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--times", type=int, nargs=3, default=[1, 10, 30])
    parser.add_argument("--until", default="report", help="the last stage that is run, in the order of dvc.yaml")
    options = parser.parse_args()
    os.environ.setdefault("BONAFIDE_WORKERS", "1")  # or more would start where there are more parts
    costs: list[dict[str, Cost]] = []
    counts: list[int] = []
    with tempfile.TemporaryDirectory() as home:
        tiled, rows = Path(home) / "corpus", read_folder(options.corpus)
        chosen = rows[:: max(1, len(rows) // options.clips)][: options.clips]
        done = 0
        for times in options.times:
            for number in range(done, times):
                tile(options.corpus, chosen, tiled, number)
            done = times
            counts.append(len(read_folder(tiled)))
            costs.append(cost_of(Path(home) / "project", tiled, times, options.until))
    print(f"{machine()}; {', '.join(map(str, counts))} clips of {SECONDS:g} s at most\n")
    return table(counts, costs)


def tile(corpus: Path, rows: Rows, out: Path, number: int) -> None:
    """Write tile `number` of the clips of `rows` below the folder `out`, each at a speed of its own."""
    speed = 1 + STEP * ((number + 1) // 2) * (-1 if number % 2 else 1)
    lines: list[dict[str, Any]] = []
    for row in rows:
        try:
            sound = decode(corpus / row["path"], max_seconds=SECONDS)
        except UnusableError:
            continue
        path = f"{row['label']}/{number:03}/{Path(row['path']).stem}.flac"
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        samples = sound.samples if speed == 1 else soxr.resample(sound.samples, sound.rate * speed, sound.rate)
        soundfile.write(out / path, samples, sound.rate, subtype="PCM_16")
        lines.append({**row, "path": path})
    table = out / "clips.csv"
    new = not table.exists()
    with table.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        if new:
            writer.writeheader()
        writer.writerows(lines)


def cost_of(project: Path, corpus: Path, parts: int, until: str) -> dict[str, Cost]:
    """Return what each stage costs in an empty project, up to the stage `until`."""
    project.mkdir()
    make_project(project, corpus, "scratch", {**SETTINGS, "prepare.parts": str(parts)})
    costs = {}
    for stage, command in commands(project).items():
        print(f"{parts} part(s): {stage}", file=sys.stderr, flush=True)
        costs[stage] = run(command, project)
        if stage == until:
            break
    shutil.rmtree(project)
    return costs


def table(counts: list[int], costs: list[dict[str, Cost]]) -> int:
    """Print what each stage takes at each size and what follows from it, and return the exit code."""
    missed = []
    print(
        f"{'':10} {'CPU seconds':>26}  {'ms a clip':>15}  {'':5}  {'GB of memory':>20}  {'':5}  {MANY / 1e6:g} million"
    )
    for stage in costs[0]:
        cpu, peak = [each[stage].cpu for each in costs], [each[stage].peak for each in costs]
        small, large = ((cpu[i + 1] - cpu[i]) / (counts[i + 1] - counts[i]) for i in (0, 1))
        telling = max(cpu[1] - cpu[0], cpu[2] - cpu[1]) > TELLING and small > 0
        growth = f"{large / small:5.2f}" if telling else "    -"
        hours = (cpu[2] + (MANY - counts[2]) * max(0.0, large)) / 3600
        print(
            f"{stage:10} " + " ".join(f"{each:8.1f}" for each in cpu) + f"  {1000 * small:7.2f} {1000 * large:7.2f}"
            f"  {growth}  " + " ".join(f"{each:6.3f}" for each in peak) + f"  {peak[2] / peak[0]:5.2f}  {hours:8.0f} h",
            flush=True,
        )
        missed += [f"{stage}: memory {peak[2] / peak[0]:.2f}"] if peak[2] > MOST_MEMORY * peak[0] else []
        missed += [f"{stage}: cost a clip {large / small:.2f}"] if telling and large > MOST_COST * small else []
    print(
        f"\nat most {MOST_MEMORY:g} times the memory, {MOST_COST:g} times the cost a clip:", "; ".join(missed) or "kept"
    )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
