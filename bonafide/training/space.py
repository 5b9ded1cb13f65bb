"""What a search may vary: keys below section `train`, each with the values or the numbers that may be tried."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonafide.errors import UserError
from bonafide.pipeline.editing import read_settings, with_values
from bonafide.pipeline.params import parse
from bonafide.training.networks.registry import TrainSettings

SECTION = "train"
FIXED = ("train.model", "train.crop_seconds")  # what crops a trial sees; they are cut once for all trials
SCALARS = (bool, int, float, str)  # what can be chosen from
DIGITS = 4  # of a value that is tried: more say nothing, and the params file is for people


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`: evenly, or evenly in their logarithm; whole numbers alone if so wished."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The values next to the ends, as they would be tried."""
        return (round(self.low), round(self.high)) if self.whole else (short(self.low), short(self.high))


Space = dict[str, Span | list[Any]]


def read_space(path: Path, sections: Mapping[str, Any]) -> Space:
    """Return what the YAML file `path` lets vary of the params `sections`.

    Raises
    ------
    UserError
        For a key that is unknown, not below `train`, or not of the chosen network, an empty list, a span that is
        none, or a value that the stage would refuse.
    """
    return {key: _range(path, key, values, sections) for key, values in read_settings(path).items()}


def short(value: Any) -> Any:  # noqa: ANN401 - whatever a setting may be
    """Return `value` as it is tried: a number with few digits."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _range(path: Path, key: str, values: Any, sections: Mapping[str, Any]) -> Span | list[Any]:  # noqa: ANN401 - YAML
    today = _today(path, key, sections)
    if isinstance(values, Mapping) and not isinstance(today, Mapping):
        allowed: Span | list[Any] = _span(path, key, values)
    elif isinstance(values, list) and values and all(type(one) is type(values[0]) in SCALARS for one in values):
        allowed = values
    else:
        raise UserError(f"{path}: {key} must be a list of values of one kind, or have low and high")
    for value in allowed if isinstance(allowed, list) else allowed.ends:
        parse(with_values(sections, {key: value})[SECTION], f"{path}: {SECTION}", TrainSettings)
    return allowed


def _today(path: Path, key: str, sections: Mapping[str, Any]) -> Any:  # noqa: ANN401 - YAML
    """Return the value of `key` in `sections`; raise `UserError` where it is not one to search for."""
    if not key.startswith(f"{SECTION}."):
        raise UserError(f"{path}: {key} is not below '{SECTION}': for others change params.yaml and run `dvc repro`")
    if key in FIXED:
        raise UserError(f"{path}: {key} is the same in all trials: set it in params.yaml")
    value: Any = sections
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise UserError(f"{path}: {key} is not a known setting")
        value = value[part]
    settings = parse(sections[SECTION], SECTION, TrainSettings)
    if any(key.startswith(f"{section}.") for section in settings.unused):
        raise UserError(f"{path}: {key} is not used by the network {settings.model}: see train.model in params.yaml")
    return value


def _span(path: Path, key: str, values: Any) -> Span:  # noqa: ANN401 - YAML
    span = parse(values, f"{path}: {key}", Span)
    if not span.low < span.high < math.inf or (span.log and span.low <= 0):
        raise UserError(f"{path}: {key}: low must be less than high, and more than 0 where log is true")
    if span.whole and not (span.low.is_integer() and span.high.is_integer()):
        raise UserError(f"{path}: {key}: low and high must be whole numbers where whole is true")
    return span
