"""From scores to verdicts: where a call is withheld, which stretches differ, when a recording is mixed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bonafide.detection.results import Channel, Result, Segment, SegmentVerdict, Verdict, Window
from bonafide.errors import UserError
from bonafide.scoring.calibration import p_ai
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
NAMED = 3  # parts of a kind whose times a reason tells; the segments have all


@dataclass(frozen=True)
class Cut:
    """Where the llr makes a verdict: ai below `low`, human from `high` on, no call between; `middle` parts the two."""

    low: float
    middle: float
    high: float


def cut_of(thresholds: Mapping[str, float], band: tuple[float, float], threshold: str | float) -> Cut:
    """Return the cut that `threshold` names.

    Parameters
    ----------
    thresholds : mapping
        The detector's own, llrs in nats.
    band : tuple of float
        The detector's own, in which it cannot tell: llrs in nats.
    threshold : str or float
        ``"balanced"``: as many errors of one kind as of the other, and no call in the band, in which it would be
        wrong too often. ``"decisive"``, ``"precision"`` and ``"recall"`` decide every recording: at most 10 % or 1 %
        of human ones called ai on dev, or at most 5 % of ai ones missed. A number between 0 and 1: called ai from
        this probability of ai on.
    """
    if threshold == "balanced":
        low, high = band
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
    parts = parts_of(windows, hop, cut)
    verdict, reason = verdict_of(llr, parts, cut)
    segments = segments_of(parts, cut)
    if len(windows) == 1:  # one window is the recording, and its score
        segments = (Segment(windows[0].start, windows[0].stop, call(llr, cut)),)
    speech_seconds = min(speech_seconds, seconds)
    return Result(
        verdict, reason, llr, float(p_ai(llr)), round(seconds, 3), round(speech_seconds, 3), tuple(windows), segments
    )


@dataclass(frozen=True)
class Part:
    """Neighbouring windows of one state: from `start` to `stop` in seconds, with their mean `llr` in nats.

    The state `is_ai` is the likelier of two. `unlike` says that a part of the other state lies `CONTRAST` away or more:
    then the recording is mixed, though what this part is may be open.
    """

    start: float
    stop: float
    llr: float
    is_ai: bool
    unlike: bool = False

    @property
    def is_long(self) -> bool:
        """Whether it is long enough to make a recording mixed."""
        return self.stop - self.start >= MIN_PART_SECONDS

    def verdict(self, cut: Cut) -> SegmentVerdict:
        """Return what its windows say; ai, too, where they are in doubt by themselves but unlike the rest.

        Beside the rest there is no doubt that the recording is mixed, and then this is the part that is ai. That the
        other part is human does not follow: it is what its own windows say.
        """
        alone = call(self.llr, cut)
        return "ai" if alone == "cannot tell" and self.is_ai and self.unlike else alone


def verdict_of(llr: float, parts: Sequence[Part], cut: Cut) -> tuple[Verdict, str]:
    """Return the verdict on a whole recording and its reason, empty where it needs none."""
    long = [part for part in parts if part.is_long]
    ai = [part for part in long if part.verdict(cut) == "ai"]
    human = [part for part in long if part.verdict(cut) == "human"]
    if ai and (human or any(part.unlike for part in long if not part.is_ai)):
        rest = f"human at {_times(human)}" if human else "unlike the rest, of which it cannot tell"
        return "mixed", f"AI-generated at {_times(ai)}, {rest}"
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


def _times(parts: Sequence[Part]) -> str:
    more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return ", ".join(f"{clock(part.start)}-{clock(part.stop)}" for part in parts[:NAMED]) + more


def parts_of(windows: Sequence[Window], hop: float, cut: Cut) -> tuple[Part, ...]:
    """Merge neighbouring windows, at most `hop` seconds apart, into parts of one state.

    The likeliest sequence of two states, human and ai (Viterbi's), where each change costs `SWITCH_COST`: one odd
    window among many is no part.
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
        Part(edges[first][0], edges[after - 1][1], float(llr[first:after].mean()), bool(is_ai[first]))
        for first, after in zip(starts, [*starts[1:], len(windows)], strict=True)
    ]
    return tuple(replace(part, unlike=_is_unlike(part, parts)) for part in parts)


def _is_unlike(part: Part, parts: Sequence[Part]) -> bool:
    others = [other.llr for other in parts if other.is_ai != part.is_ai and other.is_long]
    return part.is_long and any(abs(part.llr - other) >= CONTRAST for other in others)


def segments_of(parts: Sequence[Part], cut: Cut) -> tuple[Segment, ...]:
    """Return what the parts say, neighbours of one verdict merged."""
    segments: list[Segment] = []
    for part in parts:
        segment, last = Segment(part.start, part.stop, part.verdict(cut)), segments[-1] if segments else None
        if last is not None and last.verdict == segment.verdict and segment.start <= last.stop + 1e-6:
            segments[-1] = Segment(last.start, segment.stop, last.verdict)
        else:
            segments.append(segment)
    return tuple(segments)


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
