"""From scores to verdicts: where a call is withheld, which stretches differ, when a recording is mixed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bonafide.detection.results import Channel, Result, Segment, SegmentVerdict, Verdict, Window
from bonafide.errors import UserError
from bonafide.scoring.calibration import p_ai
from bonafide.scoring.operating_points import cannot_tell_band
from bonafide.scoring.windows import edges_of
from bonafide.text import clock

# What a change between human and ai must gain, in nats of summed window llr, to be believed: from
# benchmarks/spliced.py, where unspliced recordings should not be called mixed.
SWITCH_COST = 1.5
MIN_PART_SECONDS = 2.0  # of a part that makes a recording mixed
# Nats between the means of two parts of one recording from which they are of two kinds, though each alone lies in the
# band: microphone and line are the same in both, so their difference says more than where they lie. From
# benchmarks/spliced.py with networks of folds, on sources that these had not heard.
CONTRAST = 2.0
NAMED = 3  # parts whose times a reason tells; the segments have all


@dataclass(frozen=True)
class Cut:
    """Where the llr makes a verdict: ai below `low`, human from `high` on, no call between; `middle` parts the two."""

    low: float
    middle: float
    high: float


def cut_of(thresholds: Mapping[str, float], threshold: str | float) -> Cut:
    """Return the cut that `threshold` names.

    Parameters
    ----------
    thresholds : mapping
        The detector's own, llrs in nats.
    threshold : str or float
        ``"balanced"``: as many errors of one kind as of the other, and no call in the band that the detector knows
        as uncertain. ``"decisive"``, ``"precision"`` and ``"recall"`` decide every recording: at most 10 % or 1 %
        of human ones called ai on dev, or at most 5 % of ai ones missed. A number between 0 and 1: called ai from
        this probability of ai on.
    """
    if threshold == "balanced":
        low, high = cannot_tell_band(thresholds)
        return Cut(low, min(max(float(thresholds["balanced"]), low), high), high)
    if isinstance(threshold, str) and threshold in thresholds:
        value = float(thresholds[threshold])
    else:
        value = _llr_of(threshold, thresholds)
    return Cut(value, value, value)


def _llr_of(threshold: str | float, names: Iterable[str]) -> float:
    try:
        probability = float(threshold)
    except ValueError:
        probability = -1.0
    if not 0 < probability < 1:
        choices = f"{', '.join(names)} or a probability between 0 and 1"
        raise UserError(f"the threshold of this detector must be {choices}, not '{threshold}'")
    return float(np.log1p(-probability) - np.log(probability))


def call(llr: float, cut: Cut) -> SegmentVerdict:
    """Return what an llr says."""
    if llr < cut.low:
        return "ai"
    return "human" if llr >= cut.high else "cannot tell"


def result_of(
    llr: float, windows: Sequence[Window], cut: Cut, *, hop: float, seconds: float, speech_seconds: float
) -> Result:
    """Return what the scores of a recording say of it.

    Parameters
    ----------
    llr : float
        Of the whole recording, in nats.
    windows : sequence of Window
        In time order, one or more.
    cut : Cut
        Where an llr makes a verdict.
    hop : float
        Seconds from one window's start to the next.
    seconds, speech_seconds : float
        Length of the recording, and of the speech in it.
    """
    segments = segments_of(windows, hop, cut)
    verdict, reason = verdict_of(llr, segments, cut)
    if len(windows) == 1:  # one window is the recording, and its score
        segments = (Segment(windows[0].start, windows[0].stop, call(llr, cut)),)
    speech_seconds = min(speech_seconds, seconds)
    return Result(
        verdict, reason, llr, float(p_ai(llr)), round(seconds, 3), round(speech_seconds, 3), tuple(windows), segments
    )


def verdict_of(llr: float, segments: Sequence[Segment], cut: Cut) -> tuple[Verdict, str]:
    """Return the verdict on a whole recording and its reason, empty where it needs none."""
    parts: dict[str, list[Segment]] = {"human": [], "ai": []}
    for segment in segments:
        if segment.verdict in parts and segment.stop - segment.start >= MIN_PART_SECONDS:
            parts[segment.verdict].append(segment)
    if parts["human"] and parts["ai"]:
        times = ", ".join(f"{clock(part.start)}-{clock(part.stop)}" for part in parts["ai"][:NAMED])
        more = f" and {len(parts['ai']) - NAMED} more" if len(parts["ai"]) > NAMED else ""
        return "mixed", f"AI-generated at {times}{more}, human elsewhere"
    verdict = call(llr, cut)
    if verdict == "cannot tell":
        ends = f"{float(p_ai(cut.high)):.2f} to {float(p_ai(cut.low)):.2f}"
        return verdict, f"between the thresholds: a probability of AI from {ends} decides nothing"
    return verdict, ""


def of_channels(results: Sequence[tuple[int, Result]]) -> Result:
    """Return what the results of channels with different voices, each with its number from 1 on, say together."""
    channels = tuple(
        Channel(number, one.verdict, one.reason, one.llr, one.p_ai, one.speech_seconds, one.windows, one.segments)
        for number, one in results
    )
    verdicts = {one.verdict for one in channels} - {"cannot tell"}
    verdict: Verdict = "cannot tell" if not verdicts else verdicts.pop() if len(verdicts) == 1 else "mixed"
    scores = [one.llr for one in channels if one.llr is not None]
    llr = float(np.mean(scores)) if scores else None
    telling = min(channels, key=lambda one: math.inf if one.llr is None else one.llr)
    return Result(
        verdict,
        "; ".join(f"channel {one.number}: {one.verdict}" + f" ({one.reason})" * bool(one.reason) for one in channels),
        llr,
        None if llr is None else float(p_ai(llr)),
        max(one.seconds for _, one in results),
        max(one.speech_seconds for one in channels),
        telling.windows,
        telling.segments,
        channels=channels,
    )


def segments_of(windows: Sequence[Window], hop: float, cut: Cut) -> tuple[Segment, ...]:
    """Merge neighbouring windows, at most `hop` seconds apart, into segments of one verdict.

    The likeliest sequence of two states, human and ai (Viterbi's), where each change costs `SWITCH_COST`: one odd
    window among many is no segment. A segment whose mean lies in the band says "cannot tell", unless another one of
    the other state lies `CONTRAST` away.
    """
    if not windows:
        return ()
    llr = np.array([window.llr for window in windows])
    is_ai = _states(llr - cut.middle)
    edges = edges_of([(window.start, window.stop) for window in windows], hop)
    changes = np.flatnonzero(is_ai[1:] != is_ai[:-1]) + 1
    gaps = [i for i in range(1, len(windows)) if edges[i][0] > edges[i - 1][1] + 1e-6]
    starts = sorted({0, *changes.tolist(), *gaps})
    parts = [
        _Part(edges[first][0], edges[after - 1][1], float(llr[first:after].mean()), bool(is_ai[first]))
        for first, after in zip(starts, [*starts[1:], len(windows)], strict=True)
    ]
    return tuple(_merged([Segment(part.start, part.stop, _call_beside(part, parts, cut)) for part in parts]))


@dataclass(frozen=True)
class _Part:
    start: float
    stop: float
    llr: float
    is_ai: bool


def _call_beside(part: _Part, parts: Sequence[_Part], cut: Cut) -> SegmentVerdict:
    """Return what `part` says by itself, or else beside the other `parts` of its recording."""
    alone = call(part.llr, cut)
    if alone != "cannot tell" or part.stop - part.start < MIN_PART_SECONDS:
        return alone
    others = [one.llr for one in parts if one.is_ai != part.is_ai and one.stop - one.start >= MIN_PART_SECONDS]
    if not others or max(abs(part.llr - other) for other in others) < CONTRAST:
        return alone
    return "ai" if part.is_ai else "human"


def _states(evidence: np.ndarray) -> np.ndarray:
    """Return whether each window is ai, shape (n,), from its evidence for human, shape (n,), in nats."""
    gain = np.stack([evidence / 2, -evidence / 2], axis=1)  # of human, of ai
    came = np.zeros((len(gain), 2), np.int8)
    best = gain[0]
    for i in range(1, len(gain)):
        stay, change = best, best[::-1] - SWITCH_COST
        came[i] = np.where(change > stay, [1, 0], [0, 1])
        best = np.maximum(stay, change) + gain[i]
    state = int(best[1] > best[0])
    path = np.zeros(len(gain), bool)
    for i in range(len(gain) - 1, -1, -1):
        path[i] = state
        state = came[i][state]
    return path


def _merged(segments: list[Segment]) -> list[Segment]:
    merged: list[Segment] = []
    for segment in segments:
        last = merged[-1] if merged else None
        if last is not None and last.verdict == segment.verdict and segment.start <= last.stop + 1e-6:
            merged[-1] = Segment(last.start, segment.stop, last.verdict)
        else:
            merged.append(segment)
    return merged
