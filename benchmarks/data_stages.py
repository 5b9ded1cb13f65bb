"""Stages prepare and features beside the bare cost of their work: ``python benchmarks/data_stages.py CORPUS``.

CORPUS is a folder as reader `folder` has it. Bare means what no pipeline could do without: to read, decode and resample
each file and to pass once over it with each transform that the settings name; nothing is checked or written. The
processor's time on one thread counts, in turn. Then both stages' work is done by one process and by two. The exit code
is 1 where the stages take more than 1.5 times the bare cost, or two processes are less than 1.7 times as quick.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import scipy.fft
import soundfile
from side_by_side import in_turn, machine, ratio, verdict
from threadpoolctl import threadpool_limits

from bonafide.audio.conditioning import AudioSettings, resample
from bonafide.audio.framing import frames_of
from bonafide.audio.spectrogram import each_of
from bonafide.clips.features import FeatureSettings, feature_part, feature_tasks, read_features
from bonafide.clips.preparation import prepare_part, prepare_tasks
from bonafide.corpus.catalog import examine
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.rows import Rows
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table

PARAMS = Path(__file__).resolve().parents[1] / "params.yaml"
MOST_BESIDE_BARE, LEAST_BY_TWO = 1.5, 1.7
PARTS = 16  # for the two processes


def main() -> int:
    """Print both comparisons and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--clips", type=int, default=64, help="beside the bare cost")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--many", type=int, default=640, help="clips for one and two processes")
    options = parser.parse_args()
    audio = read_section(PARAMS, "audio", AudioSettings)
    settings = read_features(PARAMS)
    many = catalogued(options.corpus, options.many, audio)
    few = many[:: max(1, len(many) // options.clips)]
    print(f"{machine()}; {len(few)} clips of {np.mean([row['seconds'] for row in few]):.2f} s in the mean\n")
    with tempfile.TemporaryDirectory() as folder:
        with threadpool_limits(1):
            kept = beside_bare(options.corpus, few, Path(folder), audio, settings, options.rounds)
        kept_two = by_two(options.corpus, many, Path(folder), audio, settings)
    return int(not (kept and kept_two))


def catalogued(corpus: Path, count: int, audio: AudioSettings) -> Rows:
    """Return the catalog's rows of `count` clips from all over the corpus."""
    rows = read_folder(corpus)
    examined = (examine(corpus, row, audio) for row in rows[:: max(1, len(rows) // count)])
    return [row for row in examined if "reason" not in row]


def beside_bare(
    corpus: Path, rows: Rows, folder: Path, audio: AudioSettings, settings: FeatureSettings, rounds: int
) -> bool:
    """Print what each stage takes for a clip, and both beside the bare cost; return whether the bound is kept."""
    paths = [corpus / row["path"] for row in rows]
    clips, features = folder / "clips.parquet", folder / "features.parquet"
    ways: dict[str, Callable[[], object]] = {
        "prepare": lambda: write_table(prepare_part((str(corpus), rows), audio), clips),
        "features": lambda: write_table(feature_part([str(clips)], settings), features),
        "bare": lambda: [bare(path, settings) for path in paths],
    }
    times = in_turn(ways, rounds)
    times["together"] = [sum(both) for both in zip(times["prepare"], times["features"], strict=True)]
    for name, seconds in times.items():
        print(
            f"{name:9} {1000 * median(seconds) / len(rows):6.2f} ms a clip, {ratio(seconds, times['bare'])} times bare"
        )
    megabytes = [path.stat().st_size / 1e6 for path in (clips, features)]
    print(f"on disk: clips {megabytes[0] / len(rows):.3f} MB each, features {megabytes[1] / len(rows):.3f} MB each")
    return verdict("both beside bare", ratio(times["together"], times["bare"]).median, MOST_BESIDE_BARE)


def bare(path: Path, settings: FeatureSettings) -> list[np.ndarray]:
    """Read, decode and resample a file, and return its spectra, as each transform has them."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = resample(np.ascontiguousarray(samples[:, 0]), rate, settings.rate)
    sizes = {(one.n_fft, one.hop_length) for one in each_of(settings.spectrogram, settings.rate)}
    return [scipy.fft.rfft(frames_of(mono, *size)) for size in sizes]


def by_two(corpus: Path, rows: Rows, folder: Path, audio: AudioSettings, settings: FeatureSettings) -> bool:
    """Print how much quicker two processes do the stages' work than one; return whether the bound is kept."""
    seconds: dict[str, list[float]] = {"1": [], "2": []}
    for number in range(3):
        for workers in seconds:
            os.environ |= {"BONAFIDE_WORKERS": workers, "BONAFIDE_STORE": str(folder / f"store-{number}-{workers}")}
            started = time.perf_counter()
            home = folder / f"{number}-{workers}"
            build(prepare_part, audio, prepare_tasks(rows, corpus, PARTS), home / "clips", what="preparing")
            tasks = feature_tasks(home / "clips", home / "none")
            build(feature_part, settings, tasks, home / "features", what="computing features of")
            seconds[workers].append(time.perf_counter() - started)
    print(f"\n{len(rows)} clips, with the start of the processes; load of the machine {os.getloadavg()[0]:.1f}")
    for workers, each in seconds.items():
        print(f"{workers} process(es): {median(each):.1f} s, {len(rows) / median(each):.0f} clips a second")
    return verdict("two beside one", ratio(seconds["1"], seconds["2"]).median, LEAST_BY_TWO, least=True)


if __name__ == "__main__":
    sys.exit(main())
