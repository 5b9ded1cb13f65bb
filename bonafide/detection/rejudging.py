"""What the scores of a recording say under another threshold: nothing is heard again."""

from dataclasses import replace

from bonafide.detection.results import Result
from bonafide.detection.verdicts import Cut, of_channels, result_of
from bonafide.detection.window_scores import HOP_SECONDS


def rejudged(result: Result, cut: Cut) -> Result:
    """Return the result that the detector would have given with `cut`."""
    if result.llr is None:
        return result
    if result.channels:
        alone = [
            Result(one.verdict, one.reason, one.llr, one.p_ai, result.seconds, one.speech_seconds, one.windows, ())
            for one in result.channels
        ]
        each = [(one.number, rejudged(its, cut)) for one, its in zip(result.channels, alone, strict=True)]
        return replace(of_channels(each), note=result.note)
    lengths = {"seconds": result.seconds, "speech_seconds": result.speech_seconds}
    return replace(result_of(result.llr, result.windows, cut, hop=HOP_SECONDS, **lengths), note=result.note)
