"""How well synthetic stretches of partly synthetic clips are found: segment EERs at several resolutions.

As in Zhang, Wang, Cooper, Evans & Yamagishi 2023, "The PartialSpoof Database and Countermeasures for the Detection of
Short Fake Speech Segments Embedded in an Utterance": every clip is cut into segments of one length, a segment is spoof
where any of it is, and the EER is that of all segments of all bona fide and all partly spoofed clips.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bonafide.audio.conditioning import from_flac
from bonafide.audio.spectrogram import log_spectrogram, repeat_to
from bonafide.corpus.segments import Segment
from bonafide.evaluation.scored_clips import cached_scorer
from bonafide.pipeline.executors import run_all
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import rows_of
from bonafide.progress import track
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Scorer
from bonafide.scoring.measures import eer
from bonafide.scoring.windows import Span, edges_of

RESOLUTIONS = (20, 40, 80, 160, 320, 640)  # milliseconds
CELL = RESOLUTIONS[0] / 1000  # seconds; of it all coarser segments are made
LEAST = 0.0005  # seconds of a segment that make it spoof: less is rounding of the labels
WINDOW_SECONDS, HOP_SECONDS = 1.0, 0.2  # of spliced clips half a second is as good, two are worse, four a guess


class SegmentScores(NamedTuple):
    """What the detector says of each `CELL` of a clip, and what is so, both of shape (n,)."""

    llr: np.ndarray  # nats, higher is more human
    human: np.ndarray
    partly: bool  # whether the clip is partly synthetic


def segment_measures(model: Path, clips: Path, rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return, for each resolution such as ``"20 ms"``, the segment EERs of the test clips in `rows`.

    ``eer`` is that of the paper, over human and partly synthetic clips; ``eer_partly`` that of the latter alone, where
    it is of no help to tell a clip that holds synthetic sound from one that does not. ``segments_human`` and
    ``segments_ai`` count. Clips that are ai throughout are left out, as all of a network's answers for a clip go up and
    down together: they would say again what the EER of whole clips says.

    Parameters
    ----------
    model : Path
        The exported detector.
    clips : Path
        Folder of the parts that hold the conditioned audio, and segments in its time.
    rows : pd.DataFrame
        Of the split table, with ``clip`` and ``label``.

    Returns
    -------
    dict
        Empty where no clip is partly synthetic.
    """
    labels = dict(zip(rows["clip"], rows["label"], strict=True))
    paths = list(part_files(clips).values())
    if not any(row["segments"] for row in rows_of(paths, labels, ["segments"])):
        return {}
    scored: list[SegmentScores] = []
    for part in track(run_all(partial(_score_part, str(model), labels), paths), total=len(paths), what="segments"):
        scored += part
    return {f"{length} ms": _measures(scored, length // RESOLUTIONS[0]) for length in RESOLUTIONS}


def segment_llr(scorer: Scorer, samples: np.ndarray) -> np.ndarray:
    """Return the llr of each `CELL` of conditioned `samples`, shape (n,): that of the window that speaks for it."""
    facts = scorer.facts
    step = facts.spectrogram.hop_length / facts.audio.rate
    spectrogram = log_spectrogram(samples, facts.audio.rate, facts.spectrogram)
    size, hop = min(scorer.crop_frames, round(WINDOW_SECONDS / step)), max(1, round(HOP_SECONDS / step))
    last = max(0, len(spectrogram) - size)
    starts = np.unique(np.append(np.arange(0, last, hop), last))
    windows = np.stack([repeat_to(spectrogram[start : start + size], scorer.crop_frames) for start in starts])
    llr = np.asarray(calibrate(scorer.logits(windows), facts.calibration))
    spans = [(float(start * step), float((start + size) * step)) for start in starts]
    speaks = _speaker(spans, hop * step, _cells(samples.size / facts.audio.rate))
    return np.asarray(llr[speaks])


def in_cells(segments: Iterable[Segment], cells: int) -> np.ndarray:
    """Return whether any of each `CELL` lies in `segments`, shape (cells,).

    Examples
    --------
    >>> in_cells([{"start": 0.03, "end": 0.06}], cells=4)
    array([False,  True,  True, False])
    """
    starts = CELL * np.arange(cells)
    inside = np.zeros(cells, bool)
    for each in segments:
        inside |= np.minimum(starts + CELL, each["end"]) - np.maximum(starts, each["start"]) > LEAST
    return inside


def coarser(scores: SegmentScores, cells: int) -> SegmentScores:
    """Return `scores` in segments of so many cells: their mean llr, and spoof where any is; a rest is a segment."""
    starts = np.arange(0, scores.llr.size, cells)
    sizes = np.diff(np.append(starts, scores.llr.size))
    mean = np.add.reduceat(scores.llr, starts) / sizes
    return SegmentScores(mean, np.logical_and.reduceat(scores.human, starts), scores.partly)


def _measures(scored: Sequence[SegmentScores], cells: int) -> dict[str, float]:
    segments = [coarser(each, cells) for each in scored]
    llr = np.concatenate([each.llr for each in segments])
    human = np.concatenate([each.human for each in segments])
    partly = np.concatenate([np.full(each.llr.size, each.partly) for each in segments])
    values = {"segments_ai": float(np.sum(~human)), "segments_human": float(np.sum(human))}
    for name, chosen in (("eer", np.full(llr.size, True)), ("eer_partly", partly)):
        if human[chosen].any() and not human[chosen].all():
            values[name] = eer(llr[chosen], human[chosen])
    return dict(sorted(values.items()))


def _score_part(model: str, labels: dict[str, str], path: Path) -> list[SegmentScores]:
    scorer = cached_scorer(model)
    return [
        _scores(scorer, row)
        for row in rows_of([path], labels, ["segments", "audio"])
        if row["segments"] or labels[row["clip"]] == "human"
    ]


def _scores(scorer: Scorer, row: dict[str, Any]) -> SegmentScores:
    llr = segment_llr(scorer, from_flac(row["audio"]["bytes"]))
    return SegmentScores(llr.astype(np.float32), ~in_cells(row["segments"], llr.size), bool(row["segments"]))


def _cells(seconds: float) -> int:
    return max(1, int(np.ceil(seconds / CELL - 1e-6)))


def _speaker(windows: Sequence[Span], hop: float, cells: int) -> np.ndarray:
    """Return the number of the window that speaks for the middle of each cell, shape (cells,)."""
    stops = np.array([stop for _, stop in edges_of(windows, hop)])
    middles = CELL * (np.arange(cells) + 0.5)
    return np.minimum(np.searchsorted(stops, middles, side="right"), len(stops) - 1)
