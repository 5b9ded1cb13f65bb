"""A protocol's way to the split at the size of ASVspoof 5: ``python benchmarks/catalog_at_size.py [rows]``.

A made-up protocol and as many empty files as it has lines (600,000, or the number that is given), whose facts the
memo knows, as on a second run: nothing is decoded. Prints, of each step in a process of its own, its seconds and the
most memory that it ever took. Protocol and split together must take at most 3 minutes, and no step more than 1 GB: the
exit code is 1 where they do.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus.catalog import CorpusSettings
from bonafide.corpus.corpora import read_corpora
from bonafide.corpus.measuring import Facts, stamp
from bonafide.corpus.memo import Memo
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CATALOG, MEMO, SPLIT

ROOT = Path(__file__).resolve().parents[1]
ROWS, MOST_SECONDS, MOST_GIGABYTES = 600_000, 180, 1.0
PARTS = (
    ("T", "train", 0.3, range(8)),
    ("D", "dev.track_1", 0.2, range(8, 16)),
    ("E", "eval.track_1", 0.5, range(16, 32)),
)
SPEAKERS = 200  # of each part
FOLDERS = {"T": "flac_T", "D": "flac_D", "E": "flac_E_eval"}
PARAMS = Path("params.yaml")
STEPS: dict[str, list[object]] = {
    "protocol": [Path(__file__).resolve(), "protocol"],
    "catalog": [ROOT / "stages" / "catalog.py", PARAMS, CATALOG, "rejects.csv"],
    "split": [ROOT / "stages" / "split.py", PARAMS, CATALOG, SPLIT],
}


def make(folder: Path, rows: int) -> None:
    """Write the protocols and the files into `folder`, and what the memo knows of them."""
    rng = random.Random(1)
    for letter, name, share, attacks in PARTS:
        place = folder / "data" / "raw" / FOLDERS[letter]
        place.mkdir(parents=True)
        with (place.parent / f"ASVspoof5.{name}.tsv").open("w", encoding="utf-8") as protocol:
            for number in range(round(rows * share)):
                clip, speaker = f"{letter}_{number:010d}", rng.randrange(SPEAKERS)
                attack = "bonafide" if rng.random() < 0.2 else f"A{rng.choice(attacks) + 1:02d}"
                key = "bonafide" if attack == "bonafide" else "spoof"
                gender = "FM"[speaker % 2]
                protocol.write(f"{letter}_{speaker:04d} {clip} {gender} - - - AC3 {attack} {key} -\n")
                (place / f"{clip}.flac").touch()
                os.utime(place / f"{clip}.flac", (1, 1))
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["corpus"] = {"root": "data/raw", "readers": [{"reader": "asvspoof5", "path": "."}]}
    params["split"] |= {"group": "speaker", "on_overlap": "keep"}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    os.chdir(folder)
    root = Path("data/raw")
    memo = Memo(MEMO, root, read_section(PARAMS, "audio", AudioSettings))
    paths = (path for path in root.rglob("*.flac"))
    memo.put(
        (path, stamp(root, path), Facts("", f"{number:064x}", rng.uniform(1, 20), -26.0, 16000, "FLAC/PCM_16"))
        for number, path in enumerate(each.relative_to(root).as_posix() for each in paths)
    )


def protocol() -> None:
    """Read the protocols and look which of their files are there."""
    corpus = read_section(PARAMS, "corpus", CorpusSettings)
    print(f"{len(read_corpora(Path(corpus.root), corpus.readers))} rows")


def main() -> int:
    """Run all steps, print a line for each, and return the exit code."""
    if sys.argv[1:] == ["protocol"]:
        protocol()
        return 0
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), rows)
        print(f"{rows:<11}  seconds      CPU     GB", flush=True)
        took = {step: measured(step, command) for step, command in STEPS.items()}
    together = took["protocol"][0] + took["split"][0]
    print(f"protocol and split: {together:.1f} s")
    return int(together > MOST_SECONDS or max(peak for _, peak in took.values()) > MOST_GIGABYTES)


def measured(step: str, command: list[object]) -> tuple[float, float]:
    """Return the seconds and the gigabytes that `command` takes in a process of its own, and print them."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, *map(str, command)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{step} failed")
    seconds, peak = time.monotonic() - started, usage.ru_maxrss / 1e6
    print(f"{step:<11} {seconds:8.1f} {usage.ru_utime + usage.ru_stime:8.1f} {peak:6.3f}", flush=True)
    return seconds, peak


if __name__ == "__main__":
    sys.exit(main())
