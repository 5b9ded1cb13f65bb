"""The metadata of a detector's file, read as what it is: written by somebody else.

Strict like `bonafide.pipeline.params`, without pydantic, which the light install does not have. Every refusal is a
`ValueError` whose message says what is wrong and quotes nothing that is long or does not print.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Lt

from bonafide.errors import UserError
from bonafide.scoring.operating_points import NAMES
from bonafide.text import printable

MOST_CHARACTERS = 1 << 20  # of the whole; the packaged detector's has some 10,000
MOST_QUOTED = 40
MOST_LISTED = 8
MOST_NUMBER = 1e9
# Of what makes memory and time: no detector of ours comes near.
MOST = {
    "rate": 192_000,  # hertz
    "n_fft": 1 << 16,
    "linear_n_ffts": 1 << 13,
    "phase_n_fft": 1 << 13,
    "linear_steps": 1 << 10,
    "hop_length": 1 << 16,
    "n_bands": 1 << 13,
    "max_seconds": 600.0,
    "read_seconds": 86_400.0,
}
MOST_CELLS = 1 << 28  # frames of the longest clip times the size of the transform
Settings = TypeVar("Settings")


def parsed(text: str) -> dict[str, Any]:
    """Return the JSON object `text`; its numbers are finite."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"its metadata has more than {MOST_CHARACTERS} characters")
    document = json.loads(text, parse_constant=_not_finite)
    if not isinstance(document, dict):
        raise ValueError("its metadata is no mapping")
    _check_finite(document)
    return document


def section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the mapping `name` of `document`."""
    if not isinstance(document.get(name), dict):
        raise ValueError(f"its metadata has no {name}")
    return dict(document[name])


def settings(kind: type[Settings], values: Mapping[str, Any], where: str) -> Settings:
    """Return `values` as an instance of the dataclass `kind`: known names, their types, their ranges."""
    hints = get_type_hints(kind, include_extras=True)
    optional = {field.name for field in fields(kind) if field.default is not MISSING}  # type: ignore[arg-type]
    for name in hints.keys() - values.keys() - optional:
        raise ValueError(f"{where}.{name} is missing")
    for name in values.keys() - hints.keys():
        raise ValueError(f"{where}.{quoted(name)} is unknown")
    return kind(**{name: _checked(hints[name], value, f"{where}.{name}") for name, value in values.items()})


def thresholds(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the named thresholds, llrs in nats."""
    for name in values.keys() - set(NAMES):
        raise ValueError(f"the threshold {quoted(name)} is unknown")
    return {name: float(_checked(float, value, f"the threshold {name}")) for name, value in values.items()}


def band(ends: object) -> tuple[float, float] | None:
    """Return the llrs between which the detector cannot tell, lowest first; None of a file that names none."""
    if ends is None:
        return None
    if not isinstance(ends, list) or len(ends) != 2:
        raise ValueError(f"cannot_tell: two numbers were expected, not {quoted(ends)}")
    low, high = (float(_checked(float, end, "cannot_tell")) for end in ends)
    if low > high:
        raise ValueError(f"cannot_tell: {quoted(ends)} ends before it begins")
    return low, high


def check_complete(names: Mapping[str, float]) -> None:
    """Refuse the thresholds of a file that people are to use where one that makes verdicts is missing."""
    missing = [name for name in ("balanced", "precision", "recall") if name not in names]
    if missing:
        raise UserError(f"the detector has no threshold {missing[0]!r}: it was exported for a test, not for use")


def check_sizes(rate: int, max_seconds: float, n_fft: int, hop_length: int, f_max: float) -> None:
    """Refuse settings under which one clip would take more memory than any machine has for it."""
    if rate * max_seconds / hop_length * n_fft > MOST_CELLS:
        raise ValueError("a spectrogram by its settings would take more memory than there is")
    if f_max > rate / 2:
        raise ValueError(f"spectrogram.f_max: {f_max:g} Hz lie above half of the rate, {rate} Hz")


def quoted(value: object) -> str:
    """Return `value` for a message: short, and nothing that a terminal would act on."""
    text = printable(repr(value))
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}..."


def _checked(hint: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - a type, and what JSON holds
    """Return `value` where it is of the type `hint`: int, float, a Literal, one with its range, or a tuple of one."""
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or len(value) > MOST_LISTED:
            raise ValueError(f"{where}: a list of {MOST_LISTED} numbers at most was expected, not {quoted(value)}")
        return tuple(_checked(get_args(hint)[0], each, where) for each in value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{where}: {quoted(value)} is unknown")
        return value
    kind = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    ranges = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Ge | Gt | Lt)]
    wanted = (int, float) if kind is float else (int,)
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise ValueError(f"{where}: a number was expected, not {quoted(value)}")
    most = MOST.get(where.rpartition(".")[2], MOST_NUMBER)
    if abs(value) > most or not all(_lies_in(value, each) for each in ranges):
        raise ValueError(f"{where}: {quoted(value)} is out of range")
    return value


def _lies_in(value: float, limit: Ge | Gt | Lt) -> bool:
    if isinstance(limit, Ge):
        return bool(value >= limit.ge)  # type: ignore[operator]
    return bool(value > limit.gt) if isinstance(limit, Gt) else bool(value < limit.lt)  # type: ignore[operator]


def _check_finite(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):  # 1e999 reads as infinity
        _not_finite(str(value))
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_finite(each)


def _not_finite(text: str) -> float:
    raise ValueError(f"its metadata holds {text}, which is no number")
