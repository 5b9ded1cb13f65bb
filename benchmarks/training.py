"""The step rate of training from parts beside that from memory: ``python benchmarks/training.py CORPUS``.

CORPUS is a folder as reader `folder` has it; features are made of some of its clips. Both train the same network of
params.yaml on the same batches in the same order, augmentation included, in turn: once the spectrograms come from the
parts, once they lie in memory already. The clock's time counts, as a thread reads ahead. The exit code is 1 where parts
give less than 95 % of the rate from memory.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
from data_stages import catalogued
from side_by_side import in_turn, machine, ratio, verdict

from bonafide.audio.conditioning import AudioSettings
from bonafide.clips.features import feature_part, feature_tasks, read_features
from bonafide.clips.preparation import prepare_part, prepare_tasks
from bonafide.corpus.companions import CompanionSettings
from bonafide.corpus.rows import Rows
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.params import read_section
from bonafide.training import data
from bonafide.training.ahead import ahead
from bonafide.training.backend import make_deterministic
from bonafide.training.data import Clips
from bonafide.training.draws import balanced_draws
from bonafide.training.fit import training_clips
from bonafide.training.networks import cnn
from bonafide.training.networks.registry import TrainSettings

PARAMS = Path(__file__).resolve().parents[1] / "params.yaml"
LEAST, PARTS = 0.95, 4


def main() -> int:
    """Print both rates and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--clips", type=int, default=640)
    parser.add_argument("--steps", type=int, default=12, help="of a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    audio = read_section(PARAMS, "audio", AudioSettings)
    with tempfile.TemporaryDirectory() as folder:
        rows = catalogued(options.corpus, options.clips, audio)
        clips = trained(options.corpus, rows, Path(folder), audio)
        print(f"{machine()}; {len(rows)} clips, load of the machine {os.getloadavg()[0]:.1f}\n", flush=True)
        return int(not compared(clips, options.steps, options.rounds))


def trained(corpus: Path, rows: Rows, home: Path, audio: AudioSettings) -> Clips:
    """Return `rows` as training clips with their features below `home`."""
    os.environ["BONAFIDE_STORE"] = str(home / "store")
    of_features = read_features(PARAMS)
    build(prepare_part, audio, prepare_tasks(rows, corpus, PARTS), home / "clips", what="preparing")
    tasks = feature_tasks(home / "clips", home / "none")
    build(feature_part, of_features, tasks, home / "features", what="computing features of")
    settings = read_section(PARAMS, "train", TrainSettings)
    sides = [{**row, "split": "train"} for row in rows]
    return training_clips(
        sides, home / "features", settings, of_features.spectrogram, audio.rate, CompanionSettings(())
    )


def compared(clips: Clips, steps: int, rounds: int) -> bool:
    """Print the step rates of both and return whether the bound is kept."""
    settings = read_section(PARAMS, "train", TrainSettings)
    make_deterministic(settings.seed)
    network = cnn._compiled(clips, settings.own, None)
    draws = balanced_draws(clips.train, clips.sources, settings.own.epoch_crops, copies=0, copy_share=0.0)
    from_parts = data._read_group
    from_memory = cache(lambda path, group, columns: from_parts(path, group, list(columns)))

    def epoch(read: Callable[..., object]) -> Callable[[], None]:
        def some_steps() -> None:
            data._read_group = read
            rng = np.random.default_rng(settings.seed)
            batches = cnn._batches(clips, draws, settings.own, network.input_shape[-1], rng)
            for crops, is_ai in islice(ahead(batches, cnn.BATCHES_AHEAD), steps):
                network.train_on_batch(crops, is_ai)

        return some_steps

    ways = {
        "parts": epoch(from_parts),
        "memory": epoch(lambda path, group, columns: from_memory(path, group, tuple(columns))),
    }
    times = in_turn(ways, rounds, time.perf_counter)
    for name, seconds in times.items():
        print(f"from {name:6} {steps / median(seconds):6.2f} steps a second of {settings.own.batch_size} crops")
    each = ratio(times["memory"], times["parts"])
    print(f"rate from parts beside memory: {each}")
    return verdict("parts beside memory", each.median, LEAST, least=True)


if __name__ == "__main__":
    sys.exit(main())
