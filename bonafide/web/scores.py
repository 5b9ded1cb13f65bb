"""A result that a client sends back, to be judged under another threshold."""

import math
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bonafide.detection.rejudging import rejudged
from bonafide.detection.results import Channel, Result, Window, as_json
from bonafide.detection.verdicts import Cut
from bonafide.web.uploads import BadUpload

NO_RESULT = "send a result as /v1/detect gave it, without its evidence"
RESULT = TypeAdapter(Result)


def answer(content: bytes, cut: Cut, most_windows: float) -> dict[str, Any]:
    """Return the result in `content`, JSON, as it would have been with `cut`; raises `BadUpload` for anything else."""
    try:
        result = RESULT.validate_json(content)
    except ValidationError:
        raise BadUpload(422, NO_RESULT) from None
    _check(result, most_windows)
    return as_json(rejudged(result, cut))


def _check(result: Result, most_windows: float) -> None:
    voices: list[Result | Channel] = [result, *result.channels]
    for one in voices:
        if len(one.windows) > most_windows + 1 or (one.llr is not None and not one.windows):
            raise BadUpload(422, NO_RESULT)
        numbers = [one.llr or 0.0, one.speech_seconds, *_numbers(one.windows)]
        if not all(map(math.isfinite, numbers)):
            raise BadUpload(422, NO_RESULT)
    if not math.isfinite(result.seconds):
        raise BadUpload(422, NO_RESULT)


def _numbers(windows: Iterable[Window]) -> Iterable[float]:
    for window in windows:
        yield from (window.start, window.stop, window.llr)
