"""Which channels of a recording are judged, and how their results become one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, cast, get_args

from bonafide.audio.channels import CANCEL, DIFFER, Levels
from bonafide.detection.results import Result
from bonafide.detection.verdicts import of_channels
from bonafide.errors import UserError

Channels = Literal["each", "mix"]


def check_channels(channels: object) -> Channels:
    """Return `channels`; `UserError` where it is not what `Channels` are."""
    for choice in get_args(Channels):
        if channels == choice:
            return cast(Channels, choice)
    raise UserError(f"channels are 'each' or 'mix', not {channels!r}")


def heard_channels(judge: Callable[[int | None], Result], levels: Levels, channels: Channels) -> Result:
    """Return what `judge` says of the channels of a recording.

    Parameters
    ----------
    judge : callable
        Given a channel, counted from 0, or None for the mean of all, it returns the result.
    levels : Levels
        Complete once `judge` was asked for the mean.
    channels : {"each", "mix"}
        Where they carry different voices.
    """
    mean = judge(None)
    if (loudest := levels.cancelled()) is not None:
        return noted(judge(loudest), CANCEL.format(loudest + 1))
    voices = levels.voices()
    if not voices:
        return mean
    if channels == "mix":
        return noted(mean, DIFFER)
    return noted(of_channels([(channel + 1, judge(channel)) for channel in voices]), *filter(None, [mean.note]))


def noted(result: Result, *notes: str) -> Result:
    """Return `result` with `notes` after its own."""
    return replace(result, note="; ".join(filter(None, (result.note, *notes)))) if notes else result
