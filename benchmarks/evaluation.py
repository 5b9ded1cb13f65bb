"""Time and memory of what stage evaluate makes of scores: ``python benchmarks/evaluation.py [clips replicates]``.

Made-up scores, no detector: columns and numbers of speakers, sources and generators as a large corpus has them.
Prints one line for the metrics, the intervals and the slices, and one for all of it. 1,000,000 clips and 200
replicates must take at most 60 s and 2 GB.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bonafide.evaluation.curves import points_of
from bonafide.evaluation.metrics import EvaluateSettings, intervals_of, metrics_of
from bonafide.evaluation.scored_clips import arrays
from bonafide.evaluation.slices import slices_of
from bonafide.pipeline.params import read_section
from bonafide.scoring.thresholds import cannot_tell_band, thresholds

PARAMS = Path(__file__).parents[1] / "params.yaml"
SPEAKERS, GENERATORS, SOURCES = 1000, 50, 20
MOST_SECONDS, MOST_GIGABYTES, PROMISED = 60, 2, 1_000_000


def made_up(clips: int) -> pd.DataFrame:
    """Return `clips` scored test clips with every column that the slices look at."""
    rng = np.random.default_rng(0)
    human = rng.random(clips) < 0.5
    speaker, generator = rng.integers(SPEAKERS, size=clips), rng.integers(GENERATORS, size=clips)
    effect = np.where(human, rng.normal(size=SPEAKERS)[speaker], rng.normal(size=GENERATORS)[generator])

    def names(prefix: str, numbers: np.ndarray) -> np.ndarray:
        return np.array([f"{prefix}{number}" for number in range(numbers.max() + 1)], dtype=object)[numbers]

    def drawn(*values: str) -> np.ndarray:
        return np.array(values, dtype=object)[rng.integers(len(values), size=clips)]

    return pd.DataFrame(
        {
            "label": np.where(human, "human", "ai").astype(object),
            "speaker": names("speaker-", speaker),
            "generator": np.where(human, "", names("hifigan-", generator)),
            "source": np.where(human, names("corpus-", speaker % SOURCES), names("engine-", generator)),
            "language": drawn("cs", "de", "en", "es", "fr", "it", "nl", "ru"),
            "gender": np.where(speaker % 5 == 0, "", np.where(speaker % 2, "female", "male")),
            "native_format": drawn("FLAC/PCM_16", "MP3/MPEG_LAYER_III", "OGG/VORBIS", "WAV/PCM_16"),
            **{f"{name}_seen": rng.random(clips) < 0.1 for name in ("speaker", "source", "generator")},
            "seconds": rng.uniform(0.3, 8.0, clips),
            "level_dbfs": rng.normal(-26, 5, clips),
            "snr_db": rng.normal(35, 12, clips),
            "pitch_hz": np.where(rng.random(clips) < 0.05, np.nan, rng.normal(165, 45, clips)),
            "llr": rng.normal(np.where(human, 2.0, -2.0) + effect, 2.0),
        }
    )


def steps(scores: pd.DataFrame, settings: EvaluateSettings) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what stage evaluate does after scoring, by name."""
    chosen = thresholds(*arrays(scores))
    yield "metrics", lambda: metrics_of(scores, chosen, cannot_tell_band(*arrays(scores)))
    yield "intervals", lambda: intervals_of(scores, chosen, settings)
    yield "slices", lambda: slices_of(scores, chosen["balanced"], settings)
    yield "points of plots", lambda: points_of(scores, chosen["balanced"], settings)


def main(clips: int = PROMISED, replicates: int = 200) -> int:
    """Run every step once; the exit code is 1 where the promise is broken."""
    scores = made_up(clips)
    settings = replace(read_section(PARAMS, "evaluate", EvaluateSettings), replicates=replicates)
    whole = 0.0
    for name, step in steps(scores, settings):
        start = time.perf_counter()
        result = step()
        taken = time.perf_counter() - start
        whole += taken
        print(f"  {name}{f' ({len(result)})' if name == 'slices' else ''}: {taken:.1f} s", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # kB on Linux
    print(f"{clips:,} clips, {replicates} replicates: {whole:.1f} s, peak {peak:.2f} GB with the table itself")
    return int(clips <= PROMISED and replicates <= 200 and (whole > MOST_SECONDS or peak > MOST_GIGABYTES))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
