"""What the detector says of a recording: typed, immutable and ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bonafide.text import printable

Verdict = Literal["human", "ai", "mixed", "cannot tell"]
SegmentVerdict = Literal["human", "ai", "cannot tell"]

# What a verdict reads as in sentences and headings; in machine output and tables it goes by its own name.
TITLES: Mapping[Verdict, str] = {
    "human": "A human voice",
    "ai": "An AI voice",
    "mixed": "Partly an AI voice",
    "cannot tell": "Cannot tell",
}
# How sure a verdict is, from which probability of it on.
SURE = ((0.99, "very sure"), (0.9, "sure"), (0.7, "fairly sure"), (0.0, "hardly sure"))


@dataclass(frozen=True)
class Window:
    """
    One stretch of speech that was scored on its own.

    Attributes
    ----------
    start, stop
        Seconds in the file.
    llr
        Log likelihood ratio (natural logarithm): higher is more human.
    p_ai
        Calibrated probability that the stretch is AI-generated, in [0, 1].
    """

    start: float
    stop: float
    llr: float
    p_ai: float


@dataclass(frozen=True)
class Segment:
    """Neighbouring windows of one verdict, merged; `start` and `stop` are seconds in the file."""

    start: float
    stop: float
    verdict: SegmentVerdict


@dataclass(frozen=True)
class Channel:
    """
    What the detector says of one channel of several that carry different voices.

    Attributes
    ----------
    number
        From 1 on.
    verdict, reason, llr, p_ai, speech_seconds, windows, segments
        As `Result` has them.
    """

    number: int
    verdict: Verdict
    reason: str
    llr: float | None
    p_ai: float | None
    speech_seconds: float
    windows: tuple[Window, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Result:
    """
    What the detector says of one recording.

    Attributes
    ----------
    verdict
        "mixed": parts are AI-generated and parts are unlike these, of which `segments` say whether they are human;
        "cannot tell": `reason` says why.
    reason
        Empty, or one sentence.
    llr
        Log likelihood ratio of the whole recording (higher is more human); None where nothing could be scored.
    p_ai
        Calibrated probability of AI-generated speech; None where `llr` is.
    seconds, speech_seconds
        Length of the recording and of what was scored in it.
    windows, segments
        In time order; empty where nothing could be scored.
    note
        What else is to be known of the recording, such as that it is damaged somewhere; empty, or one sentence.
    channels
        One for each voice, where channels carry different ones; else empty. The recording's own scores are then
        the means of theirs, its windows and segments those of the channel that spoke most for ai.
    """

    verdict: Verdict
    reason: str
    llr: float | None
    p_ai: float | None
    seconds: float
    speech_seconds: float
    windows: tuple[Window, ...]
    segments: tuple[Segment, ...]
    note: str = ""
    channels: tuple[Channel, ...] = ()

    @classmethod
    def refused(cls, reason: str, *, seconds: float = 0.0, speech_seconds: float = 0.0) -> Result:
        """Return the result of a recording that cannot be judged."""
        return cls("cannot tell", reason, None, None, round(seconds, 3), round(speech_seconds, 3), (), ())

    @classmethod
    def missing(cls, path: Path) -> Result:
        """Return the result of a file that is not there, for a batch that goes on."""
        return cls.refused(f"there is no file {printable(path)}")


def confidence(result: Result) -> str:
    """Return how sure the verdict is, in words; empty where it is "mixed" or "cannot tell".

    Examples
    --------
    >>> confidence(Result("ai", "", -3.0, 0.953, 4.0, 3.5, (), ()))
    'sure'
    """
    if result.p_ai is None or result.verdict not in ("human", "ai"):
        return ""
    probability = result.p_ai if result.verdict == "ai" else 1 - result.p_ai
    return next(words for least, words in SURE if probability >= least)


def as_json(result: Result) -> dict[str, Any]:
    """Return `result` with its `confidence` as nested dicts and lists that `json.dumps` takes."""
    return {"verdict": result.verdict, "confidence": confidence(result), **_with_lists(asdict(result))}


def _with_lists(document: Any) -> Any:  # noqa: ANN401 - whatever a dataclass holds
    if isinstance(document, dict):
        return {name: _with_lists(value) for name, value in document.items()}
    return [_with_lists(each) for each in document] if isinstance(document, tuple) else document
