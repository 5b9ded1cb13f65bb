"""Reads one section of params.yaml into its typed settings; an unknown or mistyped key is an error that names it.

Each settings class is a frozen dataclass that stands beside the code it steers, so that a new setting of one
stage leaves the modules of the others, and so their results, alone.
"""

import json
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml

from bonafide.errors import UserError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C takes a tenth of the time

Settings = TypeVar("Settings")


def read_section(path: Path, section: str, kind: type[Settings]) -> Settings:
    """Return section `section` of the params file `path` as an instance of the dataclass `kind`.

    Raises
    ------
    UserError
        When the file or the section is missing, or when a key is unknown, missing or of the wrong type or
        range. The message names every such key.
    """
    return parse(_section(path, section), f"{path}: {section}", kind)


def read_key(path: Path, section: str, key: str, kind: Any) -> Any:  # noqa: ANN401 - a type and a value of it
    """Return the value of `key` in section `section`, which belongs to another stage, as the type `kind`."""
    own = {name: value for name, value in (_section(path, section) or {}).items() if name == key}
    return getattr(parse(own, f"{path}: {section}", make_dataclass(section, [(key, kind)])), key)


def _section(path: Path, section: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    sections = _load(path)
    if section not in sections:
        raise UserError(f"{path} has no section '{section}': copy it from the project's own params.yaml")
    return sections[section]


def parse(values: Any, where: str, kind: type[Settings]) -> Settings:  # noqa: ANN401 - whatever YAML holds
    """Return `values`, a mapping from YAML or JSON, as an instance of the dataclass `kind`; see `read_section`."""
    as_json = json.dumps(values if values is not None else {}, default=str)  # strict: 2 is a float too, "2" is not
    try:
        checked = pydantic.TypeAdapter(kind).validate_json(as_json, strict=True, extra="forbid")
    except pydantic.ValidationError as error:
        raise UserError("; ".join(_sentence(where, detail) for detail in error.errors())) from None
    return checked


def _load(path: Path) -> dict[str, Any]:
    try:
        sections = yaml.load(path.read_text(encoding="utf-8"), _LOADER)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: run in the project's top folder") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(sections, dict):
        raise UserError(f"{path} must hold sections such as 'corpus:' and 'train:'")
    return sections


def _sentence(where: str, detail: Any) -> str:  # noqa: ANN401 - pydantic's own record
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{where}.{key} is not a known setting"
    if detail["type"] == "missing":
        return f"{where}.{key} is missing"
    if detail["type"] == "value_error":  # a dataclass's own word on how its settings fit together
        return f"{'.'.join(filter(None, (where, key)))}: {detail['ctx']['error']}"
    return f"{where}.{key}: {detail['msg'][0].lower()}{detail['msg'][1:]}, not {detail['input']!r}"
