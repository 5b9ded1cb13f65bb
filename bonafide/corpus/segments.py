"""Synthetic stretches of a recording that is human elsewhere: partly synthetic audio.

A clip that has some is labelled ai. One that has none is from end to end what its label says. In the catalog they are
seconds of the file, in prepared parts seconds of the conditioned clip, whose edges are trimmed.
"""

import re
from collections.abc import Iterable, Sequence

from bonafide.audio.recording import UnusableError

SLACK = 0.02  # seconds: no label is more exact, so this much may stick out of a file, and less is no piece that is left
SEGMENT = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")

Segment = dict[str, float]  # with its `start` and `end` in seconds
Segments = list[Segment]  # by time, none within another


def segments_in(text: str) -> Segments:
    """Return the segments that `text` names, as clips.csv has them.

    Raises
    ------
    ValueError
        With a reason for people, where it is no list of them, or one ends before it starts or begins in another.

    Examples
    --------
    >>> segments_in("3.10-3.52 1.25-2.40")
    [{'start': 1.25, 'end': 2.4}, {'start': 3.1, 'end': 3.52}]
    """
    pieces = [SEGMENT.fullmatch(word) for word in text.split()]
    if not all(pieces):
        raise ValueError(f"segments must be seconds such as '1.25-2.40 3.10-3.52', not '{text}'")
    return ordered((float(piece[1]), float(piece[2])) for piece in pieces if piece)


def ordered(stretches: Iterable[tuple[float, float]]) -> Segments:
    """Return (start, end) in seconds as segments, by time; raises `ValueError` as `segments_in` does."""
    segments: Segments = []
    for start, end in sorted(stretches):
        if not start < end:
            raise ValueError(f"segments: {_decimal(start)}-{_decimal(end)} does not start before it ends")
        if segments and start < segments[-1]["end"]:
            raise ValueError(f"segments: {_decimal(start)}-{_decimal(end)} overlaps the one before it")
        segments.append({"start": start, "end": end})
    return segments


def as_text(segments: Sequence[Segment]) -> str:
    """Return `segments` as clips.csv has them.

    Examples
    --------
    >>> as_text([{"start": 1.25, "end": 2.4}])
    '1.25-2.4'
    """
    return " ".join(f"{_decimal(segment['start'])}-{_decimal(segment['end'])}" for segment in segments)


def _decimal(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def within_file(segments: Sequence[Segment], seconds: float) -> Segments:
    """Return `segments` of a file that lasts `seconds`, at most so far.

    Raises
    ------
    UnusableError
        When one ends more than `SLACK` after the file.
    """
    for segment in segments:
        if segment["end"] > seconds + SLACK:
            raise UnusableError(f"segment {as_text([segment])} ends after the file, which lasts {seconds:.2f} s")
    return [{"start": each["start"], "end": min(each["end"], seconds)} for each in segments if each["start"] < seconds]


def moved(segments: Sequence[Segment], start: float, seconds: float) -> Segments:
    """Return `segments` in the time of a clip that begins at `start` of the file and lasts `seconds`.

    Of a piece that the clip's edges leave less than `SLACK` of, nothing is left.

    Examples
    --------
    >>> moved([{"start": 0.5, "end": 1.5}, {"start": 4.0, "end": 9.0}], start=1.0, seconds=5.0)
    [{'start': 0.0, 'end': 0.5}, {'start': 3.0, 'end': 5.0}]
    """
    cut = [(max(0.0, each["start"] - start), min(seconds, each["end"] - start), each) for each in segments]
    return [
        {"start": round(first, 6), "end": round(last, 6)}
        for first, last, each in cut
        if last - first >= min(SLACK, each["end"] - each["start"]) - 1e-9
    ]
