"""Changes settings in the text of a params file, which keeps its comments and its layout.

ruamel.yaml, which DVC edits by, would not do here: it loses blank lines, moves nested lists and comments, and writes
numbers such as 5e-05 that PyYAML then takes for text.
"""

import copy
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from bonafide.errors import UserError


def read_settings(path: Path) -> dict[str, Any]:
    """Return what the YAML file `path` says, by dotted key such as ``train.cnn.dropout``; see `read_texts`."""
    return {key: yaml.safe_load(text) for key, text in read_texts(path).items()}


def read_texts(path: Path) -> dict[str, str]:
    """Return the YAML text of each value in the file `path`, by dotted key; lists over several lines with comments.

    Raises
    ------
    UserError
        When the file cannot be read, is no YAML, or has no keys.
    """
    try:
        text = path.read_text(encoding="utf-8")
        top = yaml.compose(text)
        yaml.safe_load(text)  # where a value cannot be made out
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(top, yaml.MappingNode) or not top.value:
        raise UserError(f"{path} must hold keys such as 'train.seed: 2'")
    return {key.value: _text(text, value) for key, value in top.value}


def with_values(sections: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the params `sections` with the values of the dotted keys in `values`."""
    changed = copy.deepcopy(dict(sections))
    for key, value in values.items():
        *path, name = key.split(".")
        reduce(lambda section, part: section[part], path, changed)[name] = value
    return changed


def with_texts(document: str, texts: Mapping[str, str], where: str) -> str:
    """Return the YAML `document` with the value of each dotted key in `texts` replaced, and nothing else.

    Raises
    ------
    UserError
        When the document has no such key; `where` is what asked for it.
    """
    top = yaml.compose(document)
    nodes = {key: _find(top, key, where) for key in texts}
    for key, node in sorted(nodes.items(), key=lambda item: -item[1].start_mark.index):
        place = _place(document, node)
        text = texts[key].replace("\n", "\n" + " " * node.start_mark.column)
        space = "" if place.stop > place.start else " "  # a value that is not there: null
        document = document[: place.start] + space + text + document[place.stop :]
    return document


def as_text(value: Any) -> str:  # noqa: ANN401 - whatever a setting may be
    """Return `value` as YAML in one line.

    >>> as_text(5e-05), as_text([[1, 5], [2]])
    ('5.0e-05', '[[1, 5], [2]]')
    """
    # In a list, so that no document end follows; 5.0e-05, as JSON's 5e-05 is a text in YAML.
    dumped: str = yaml.safe_dump([value], default_flow_style=True, width=float("inf"))
    return dumped.strip()[1:-1]


def _find(node: yaml.Node, key: str, where: str) -> yaml.Node:
    for part in key.split("."):
        inner = {name.value: value for name, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        if part not in inner:
            raise UserError(f"{where}: {key} is not a known setting")
        node = inner[part]
    return node


def _place(document: str, node: yaml.Node) -> slice:
    """Return where the value `node` stands in `document`; for one over several lines with the comments in it."""
    last = node
    while isinstance(last, yaml.CollectionNode) and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    stop = last.end_mark.index
    if last is not node:
        stop = (document + "\n").index("\n", stop)
    return slice(node.start_mark.index, stop)


def _text(document: str, node: yaml.Node) -> str:
    """Return the text of the value `node`; its lines start where the first one does."""
    return document[_place(document, node)].replace("\n" + " " * node.start_mark.column, "\n")
