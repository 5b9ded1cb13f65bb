"""What the detector says of a recording: typed, immutable and ready for JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bonafide.text import printable

Verdict = Literal["human", "ai", "mixed", "cannot tell"]
SegmentVerdict = Literal["human", "ai", "cannot tell"]


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
        Calibrated probability that the stretch is machine-generated, in [0, 1].
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
class Result:
    """
    What the detector says of one recording.

    Attributes
    ----------
    verdict
        "mixed": parts are human and parts are machine-generated; "cannot tell": `reason` says why.
    reason
        Empty, or one sentence.
    llr
        Log likelihood ratio of the whole recording (higher is more human); None where nothing could be scored.
    p_ai
        Calibrated probability of machine-generated speech; None where `llr` is.
    seconds, speech_seconds
        Length of the recording and of what was scored in it.
    windows, segments
        In time order; empty where nothing could be scored.
    """

    verdict: Verdict
    reason: str
    llr: float | None
    p_ai: float | None
    seconds: float
    speech_seconds: float
    windows: tuple[Window, ...]
    segments: tuple[Segment, ...]

    @classmethod
    def refused(cls, reason: str, *, seconds: float = 0.0, speech_seconds: float = 0.0) -> Result:
        """Return the result of a recording that cannot be judged."""
        return cls("cannot tell", reason, None, None, round(seconds, 3), round(speech_seconds, 3), (), ())

    @classmethod
    def missing(cls, path: Path) -> Result:
        """Return the result of a file that is not there, for a batch that goes on."""
        return cls.refused(f"there is no file {printable(path)}")


def as_json(result: Result) -> dict[str, Any]:
    """Give `result` as nested dicts and lists that `json.dumps` takes."""
    document = asdict(result)
    return {**document, "windows": list(document["windows"]), "segments": list(document["segments"])}
