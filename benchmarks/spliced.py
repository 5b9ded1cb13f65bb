"""How well the parts of a spliced recording are found: ``python benchmarks/spliced.py VOICES [--model M] [--grid]``.

VOICES is a corpus folder with clips.csv. Human and ai clips of one source, of one speaker where there are enough, are
joined to recordings with known parts; beside them stand recordings that are human or ai throughout. Sources that the
detector was trained on are counted apart. ``--grid`` tries window lengths, hops and costs of a change.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bonafide.audio.conditioning import check, level, quantize, resample, trim
from bonafide.audio.decoding import UnusableError, decode
from bonafide.detection import verdicts, window_scores
from bonafide.detection.detector import Detector
from bonafide.detection.results import Result
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.measures import eer

RATE = 16000
FRAME = 0.1  # seconds
OVERLAP = 0.5  # of the union of two parts, from which one is the other, found
PLANS = ("ha", "ah", "hah", "aha", "hha", "aah", "h", "a")  # "hh" is a longer part
PART_CLIPS = 2
CHOSEN = (window_scores.WINDOW_SECONDS, window_scores.HOP_SECONDS, verdicts.SWITCH_COST)


@dataclass(frozen=True)
class Spliced:
    """A recording with what is where: (start, stop, is ai) of each part."""

    samples: np.ndarray
    parts: list[tuple[float, float, bool]]


def pools(voices: Path) -> dict[str, dict[str, list[Path]]]:
    """Return the clips of each source, by label, of sources that have enough of both."""
    by_source: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    with (voices / "clips.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_source[row["source"]][row["label"]].append(voices / row["path"])
            if row["speaker"]:
                by_source[f"{row['source']}: {row['speaker']}"][row["label"]].append(voices / row["path"])
    enough = {name: by for name, by in by_source.items() if min(len(by["human"]), len(by["ai"])) >= 2 * PART_CLIPS}
    speakers = {name.partition(":")[0] for name in enough if ":" in name}
    return {name: by for name, by in enough.items() if ":" in name or name not in speakers}


def clip(path: Path) -> np.ndarray | None:
    """Return a clip at one rate and level, or None where it is of no use."""
    try:
        recording = decode(path, max_seconds=60)
        check(recording.samples)
        samples = trim(resample(recording.samples, recording.rate, RATE), RATE, trim_db=40)
        return quantize(level(samples - samples.mean(), -26)) if samples.size > RATE else None
    except UnusableError:
        return None


def splice(by: dict[str, list[Path]], plan: str, rng: np.random.Generator) -> Spliced | None:
    """Join clips of one pool as `plan` says: h for human, a for ai; a plan of one letter is a recording throughout."""
    longer = plan * 3 if len(plan) == 1 else plan
    pieces, parts, at = [], [], 0.0
    for letter in longer:
        chosen = rng.permutation(np.array(by["human" if letter == "h" else "ai"], object))[:PART_CLIPS]
        for samples in filter(lambda each: each is not None, map(clip, chosen)):
            pieces.append(samples)
            stop = at + samples.size / RATE
            parts.append((at, stop, letter == "a"))
            at = stop
    return (
        Spliced(np.concatenate(pieces), parts)
        if pieces and {x for *_, x in parts} == {x == "a" for x in plan}
        else None
    )


def truth(spliced: Spliced) -> np.ndarray:
    """Return whether each frame is ai, shape (n,)."""
    middles = np.arange(0, spliced.parts[-1][1], FRAME) + FRAME / 2
    return np.array([next((ai for start, stop, ai in spliced.parts if middle < stop), False) for middle in middles])


def frame_llr(result: Result, frames: int) -> np.ndarray:
    """Return the llr of the window whose middle is nearest to each frame, shape (frames,)."""
    middles = np.array([(window.start + window.stop) / 2 for window in result.windows])
    nearest = np.abs((np.arange(frames) + 0.5)[:, None] * FRAME - middles).argmin(axis=1)
    return np.array([window.llr for window in result.windows])[nearest]


def stretches(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of True as (first frame, frame after the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def matches(parts: list[tuple[int, int]], real: list[tuple[int, int]]) -> int:
    """Return how many real parts a found one covers by `OVERLAP` of their union."""

    def alike(a: tuple[int, int], b: tuple[int, int]) -> float:
        both = max(0, min(a[1], b[1]) - max(a[0], b[0]))
        return both / (a[1] - a[0] + b[1] - b[0] - both)

    return sum(any(alike(part, each) >= OVERLAP for each in parts) for part in real)


def measure(results: list[Result], recordings: list[Spliced], cut: verdicts.Cut) -> dict[str, float]:
    """Return frame EER, segment F1 of the ai parts, and how often recordings are called mixed."""
    scores, labels = [], []
    hit = real_parts = found_parts = 0
    mixed: dict[bool, list[bool]] = {True: [], False: []}
    for spliced, result in zip(recordings, results, strict=True):
        really = truth(spliced)
        is_spliced = bool(really.any() and not really.all())
        # Again from the windows, as they do not depend on the cut and the cost of a change.
        own_parts = verdicts.parts_of(result.windows, window_scores.HOP_SECONDS, cut)
        mixed[is_spliced].append(verdicts.verdict_of(result.llr or 0.0, own_parts, cut)[0] == "mixed")
        if not is_spliced or not result.windows:
            continue
        scores.append(frame_llr(result, really.size))
        labels.append(~really)
        called = np.zeros(really.size, bool)
        for segment in verdicts.segments_of(own_parts, cut):
            if segment.verdict == "ai":
                called[round(segment.start / FRAME) : round(segment.stop / FRAME)] = True
        parts, real = stretches(called), stretches(really)
        hit, real_parts, found_parts = hit + matches(parts, real), real_parts + len(real), found_parts + len(parts)
    llr, human = np.concatenate(scores), np.concatenate(labels)
    return {
        "frame EER": eer(llr, human),
        "frames right at 0": float((is_ai(llr, 0.0) != human).mean()),
        "segment F1": 2 * hit / max(1, real_parts + found_parts),
        "spliced called mixed": float(np.mean(mixed[True])),
        "whole called mixed": float(np.mean(mixed[False])),
    }


def main() -> None:
    """Build the recordings and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--grid", action="store_true")
    parser.add_argument("--most", type=int, default=160, help="recordings of each side")
    options = parser.parse_args()
    own = Detector(options.model)
    trained_on = set(own.facts.card.get("sources", ()))
    rng = np.random.default_rng(1)
    sides: dict[str, list[Spliced]] = {"sources of training": [], "other sources": []}
    by_pool = pools(options.voices)
    for plan_round in range(20):
        for number, name in enumerate(sorted(by_pool)):
            side = sides["sources of training" if name.partition(":")[0] in trained_on else "other sources"]
            plan = PLANS[(plan_round + number) % len(PLANS)]
            if len(side) < options.most and (made := splice(by_pool[name], plan, rng)) is not None:
                side.append(made)
    lengths = ((2.5, 0.5), (3.0, 0.5), (3.0, 1.0), (4.0, 1.0)) if options.grid else (CHOSEN[:2],)
    costs = (0.5, 1.0, 1.5, 2.0, 3.0) if options.grid else (CHOSEN[2],)
    for (window, hop), (side, recordings) in itertools.product(lengths, sides.items()):
        if not recordings:
            continue
        window_scores.WINDOW_SECONDS, window_scores.HOP_SECONDS = window, hop
        results = [own.predict(spliced.samples, rate=RATE) for spliced in recordings]
        for cost, threshold in itertools.product(costs, ("balanced", "0.5")):
            verdicts.SWITCH_COST = cost
            cut = verdicts.cut_of(own.facts.thresholds, own.facts.cannot_tell, threshold)
            figures = measure(results, recordings, cut)
            print(
                f"{side} ({len(recordings)}), window {window:g} s, hop {hop:g} s, cost {cost:g}, threshold {threshold}"
            )
            print("    " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
