"""What lines, rooms, noise and cuts do to the detector: the test clips through one condition after another."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt

from bonafide.audio.conditioning import AudioSettings, condition, from_flac, resample
from bonafide.audio.recording import Recording, UnusableError
from bonafide.clips.codecs import through_ffmpeg, through_telephone
from bonafide.clips.delivery import DELIVERIES, Delivery, through_delivery
from bonafide.clips.effects import band, clipped, pink_noise, reverberant, room_tail
from bonafide.corpus.rows import LABELS
from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.scored_clips import arrays, cached_scorer, clusters
from bonafide.pipeline.executors import run_all
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import rows_of
from bonafide.progress import track
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Scorer
from bonafide.scoring.measures import decisions, eer

Change = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]  # (samples (n,), rate in Hz, random) -> samples

REVERB_SECONDS = 0.5  # RT60 of a furnished room
REVERB_ENERGY = 0.49  # of its tail beside the direct sound: -3 dB
CLIPPED_SHARE = 0.05  # of the samples


@dataclass(frozen=True)
class RobustnessSettings:
    """How much the sweep looks at; section `robustness` of params.yaml."""

    clips: Annotated[int, Gt(0)]
    replicates: Annotated[int, Gt(0)]
    seed: Annotated[int, Ge(0)]


def conditions() -> dict[str, tuple[str, Change]]:
    """Return the changes by name, each with the group it is drawn in; ``clean`` comes first."""
    mp3 = partial(through_ffmpeg, codec="libmp3lame", container="mp3")
    return {
        "clean": ("clean", lambda x, rate, rng: x),
        "MP3 64 kbit/s": ("codec", lambda x, rate, rng: mp3(x, rate, kbps=64)),
        "MP3 32 kbit/s": ("codec", lambda x, rate, rng: mp3(x, rate, kbps=32)),
        "Opus 16 kbit/s": (
            "codec",
            lambda x, rate, rng: through_ffmpeg(x, rate, codec="libopus", container="ogg", kbps=16),
        ),
        **{name: ("codec", partial(_delivered, delivery=delivery)) for name, delivery in DELIVERIES.items()},
        "G.711 A-law": ("codec", lambda x, rate, rng: through_telephone(x, rate, subtype="ALAW")),
        "G.711 µ-law": ("codec", lambda x, rate, rng: through_telephone(x, rate, subtype="ULAW")),
        "GSM": ("codec", lambda x, rate, rng: through_telephone(x, rate, subtype="GSM610")),
        "telephone band 300-3400 Hz": ("band", lambda x, rate, rng: band(x, rate, low=300, high=3400)),
        "4 kHz low-pass": ("band", lambda x, rate, rng: band(x, rate, high=4000)),
        "noise 20 dB": ("noise and room", lambda x, rate, rng: pink_noise(x, 20, rng)),
        "noise 10 dB": ("noise and room", lambda x, rate, rng: pink_noise(x, 10, rng)),
        "noise 0 dB": ("noise and room", lambda x, rate, rng: pink_noise(x, 0, rng)),
        "room, RT60 0.5 s": ("noise and room", _room),
        "clipping": ("level", lambda x, rate, rng: clipped(x, CLIPPED_SHARE)),
        "speed +5 %": ("speed", lambda x, rate, rng: resample(x, round(rate * 1.05), rate)),
        "speed -5 %": ("speed", lambda x, rate, rng: resample(x, round(rate * 0.95), rate)),
        **{f"first {s} s": ("length", partial(_first_seconds, seconds=s)) for s in (0.5, 1, 2, 4)},
        "edges trimmed 0.1 s": ("edges", lambda x, rate, rng: x[rate // 10 : -rate // 10] if x.size > rate else x),
        "edges padded with silence": ("edges", lambda x, rate, rng: np.pad(x, rate // 2)),
    }


def sample_clips(rows: pd.DataFrame, settings: RobustnessSettings) -> pd.DataFrame:
    """Return at most `settings.clips` test clips of each label, drawn by the seed."""
    drawn = [
        inside.sample(min(len(inside), settings.clips), random_state=settings.seed)
        for inside in (rows[rows["label"] == label].sort_values("clip") for label in LABELS)
    ]
    return pd.concat(drawn)


def sweep(model: Path, clips: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the llr of each of `rows` in each condition: columns ``clip``, ``condition``, ``llr``.

    A clip of which too little is left in a condition, as the file would be refused, has an llr of NaN.
    """
    return _swept(model, clips, dict.fromkeys(rows["clip"], tuple(conditions())))


def sweep_codecs(model: Path, clips: Path, rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the llr of each of `rows` through one codec, as `sweep` does; `codec_of` draws it."""
    return _swept(model, clips, {clip: (codec_of(clip, seed),) for clip in rows["clip"]})


def codec_of(clip: str, seed: int) -> str:
    """Return the codec of the sweep that `seed` draws for a clip, whatever other clips there are."""
    codecs = [name for name, (group, _) in conditions().items() if group == "codec"]
    return codecs[zlib.crc32(f"{seed} {clip}".encode()) % len(codecs)]


def _swept(model: Path, clips: Path, conditions_of: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the llr of each clip in each of its conditions: columns ``clip``, ``condition``, ``llr``."""
    paths = list(part_files(clips).values())
    swept = run_all(partial(_sweep_part, str(model), conditions_of), paths)
    parts = list(track(swept, total=len(paths), what="robustness: parts"))
    return pd.DataFrame([row for part in parts for row in part], columns=["clip", "condition", "llr"])


def table(scored: pd.DataFrame, rows: pd.DataFrame, threshold: float, settings: RobustnessSettings) -> pd.DataFrame:
    """Return a row for each condition: EER, false-positive and false-negative rate with 95 % intervals.

    ``shift_human`` and ``shift_ai`` are what it adds to the llr of the same clips as they were, in the mean of a class.
    """
    joined = scored.merge(rows[["clip", "label", "speaker", "generator"]], on="clip").sort_values("clip")
    joined["clean"] = joined["clip"].map(joined[joined["condition"] == "clean"].set_index("clip")["llr"])
    lines = []
    for name, (group, _) in conditions().items():
        inside = joined[joined["condition"] == name]
        usable = inside.dropna(subset="llr")
        counts = {"clips": len(usable), "refused": len(inside) - len(usable)}
        lines.append({"condition": name, "group": group, **counts, **_measured(usable, threshold, settings)})
        lines[-1] |= shifts_of(usable)
    return pd.DataFrame(lines)


def shifts_of(scored: pd.DataFrame) -> dict[str, float]:
    """Return the mean of ``llr`` less ``clean`` of each class that `scored` has, by column of the table."""
    added = (scored["llr"] - scored["clean"]).groupby(scored["label"]).mean()
    return {f"shift_{label}": float(mean) for label, mean in added.items()}


def _measured(usable: pd.DataFrame, threshold: float, settings: RobustnessSettings) -> dict[str, float]:
    if usable["label"].nunique() < 2:
        return {}
    llr, human = arrays(usable)
    rates = decisions(llr, human, threshold)
    values = {"eer": eer(llr, human), "fpr": rates["fpr"], "fnr": rates["fnr"]}
    draws = Draws(clusters(usable), human, replicates=settings.replicates, seed=settings.seed)
    intervals = draws.intervals(llr, thresholds={"balanced": threshold}, metrics=list(values))
    ends = {f"{name}_{end}": intervals[name][i] for name in values for i, end in enumerate(("low", "high"))}
    return values | ends


def _sweep_part(model: str, conditions_of: Mapping[str, Sequence[str]], path: Path) -> list[tuple[str, str, float]]:
    scorer, changes = cached_scorer(model), conditions()
    return [
        (row["clip"], name, _llr(scorer, from_flac(row["audio"]["bytes"]), row["clip"], name, changes[name][1]))
        for row in rows_of([path], frozenset(conditions_of), ["audio"])
        for name in conditions_of[row["clip"]]
    ]


def _llr(scorer: Scorer, samples: np.ndarray, clip: str, name: str, change: Change) -> float:
    """Score a changed clip as if it had come as a file: conditioned again."""
    audio: AudioSettings = scorer.facts.audio
    rng = np.random.default_rng(zlib.crc32(f"{clip} {name}".encode()))
    try:
        changed = condition(Recording(change(samples, audio.rate, rng), audio.rate, ""), audio)
    except UnusableError:
        return float("nan")
    return float(calibrate(scorer.logit(changed), scorer.facts.calibration))


def _first_seconds(samples: np.ndarray, rate: int, rng: np.random.Generator, *, seconds: float) -> np.ndarray:
    return samples[: round(seconds * rate)]


def _delivered(samples: np.ndarray, rate: int, rng: np.random.Generator, *, delivery: Delivery) -> np.ndarray:
    return through_delivery(samples, rate, delivery)


def _room(samples: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    return reverberant(samples, room_tail(REVERB_SECONDS, rate, rng), REVERB_ENERGY)
