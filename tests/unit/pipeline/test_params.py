"""A setting that is unknown, missing, mistyped or out of range is refused by name; the project's own files pass."""

import ast
import importlib
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from annotated_types import Gt, Le

from bonafide.errors import UserError
from bonafide.pipeline.params import parse, read_section
from bonafide.pipeline.presets import apply, presets

ROOT = Path(__file__).parents[3]
PARAMS = ROOT / "params.yaml"
PRESETS = [preset.name for preset in presets(ROOT / "presets")]


@dataclass(frozen=True)
class Inner:
    share: Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True)
class Outer:
    count: Annotated[int, Gt(0)]
    name: str
    mode: Literal["drop", "keep"]
    inner: Inner
    families: dict[str, str]


GOOD = {"count": 3, "name": "x", "mode": "drop", "inner": {"share": 0.5}, "families": {"a": "b"}}


def write(folder, content):
    (folder / "params.yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return folder / "params.yaml"


def test_good_settings_are_read(tmp_path):
    path = write(tmp_path, {"outer": GOOD, "other": {"whatever": 1}})
    assert read_section(path, "outer", Outer) == Outer(3, "x", "drop", Inner(0.5), {"a": "b"})
    assert parse(GOOD | {"inner": {"share": 1}}, "here", Outer).inner.share == 1  # a whole number is a float too


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cuont": 4}, "outer.cuont is not a known setting"),
        ({"inner": {"share": 0.5, "extra": 1}}, "outer.inner.extra is not a known setting"),
        ({"count": "3"}, "outer.count: .* not '3'"),
        ({"count": 3.5}, "outer.count: .* not 3.5"),
        ({"count": True}, "outer.count: .* not True"),
        ({"count": None}, "outer.count: .* not None"),
        ({"count": 0}, "outer.count: .* greater than 0, not 0"),
        ({"inner": {"share": 1.1}}, "outer.inner.share: .* not 1.1"),
        ({"inner": {"share": float("nan")}}, "outer.inner.share: "),
        ({"inner": {}}, "outer.inner.share is missing"),
        ({"inner": None}, "outer.inner: "),
        ({"mode": "throw"}, "outer.mode: .*'drop' or 'keep', not 'throw'"),
        ({"name": 5}, "outer.name: .* not 5"),
        ({"families": {"a": 1}}, "outer.families.a: .* not 1"),
    ],
)
def test_a_bad_setting_is_refused_by_name(tmp_path, change, said):
    path = write(tmp_path, {"outer": GOOD | change})
    with pytest.raises(UserError, match=said) as caught:
        read_section(path, "outer", Outer)
    assert str(path) in str(caught.value)


@dataclass(frozen=True)
class Fitting:
    low: int
    high: int

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low lies above high")


def test_settings_that_do_not_fit_together_say_so_in_their_own_words():
    with pytest.raises(UserError, match=r"^here: low lies above high$"):
        parse({"low": 2, "high": 1}, "here", Fitting)
    with pytest.raises(UserError, match=r"^there\.inner: low lies above high$"):
        parse({"inner": {"low": 2, "high": 1}}, "there", make_dataclass("Around", [("inner", Fitting)]))


def test_all_bad_settings_are_named_at_once():
    with pytest.raises(UserError) as caught:
        parse({"count": -1, "nmae": "x", "mode": "drop", "inner": {"share": 2}, "families": {}}, "here", Outer)
    assert all(f"here.{key}" in str(caught.value) for key in ("count", "nmae", "name", "inner.share"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"other": {}}, "has no section 'outer'"),
        ("outer: [1, 2", "is not valid YAML"),
        ("- outer", "must hold sections"),
        ("", "must hold sections"),
        ("outer:", "outer.count is missing"),
        ("outer: 7", "outer"),
        ("outer: {count: 2024-01-01}", "outer.count: "),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path, content, said):
    with pytest.raises(UserError, match=said):
        read_section(write(tmp_path, content), "outer", Outer)


def test_a_missing_or_foreign_file_says_so(tmp_path):
    with pytest.raises(UserError, match=r"params\.yaml does not exist"):
        read_section(tmp_path / "params.yaml", "outer", Outer)
    (tmp_path / "params.yaml").write_bytes(b"outer: {name: caf\xe9}")
    with pytest.raises(UserError, match="is not valid YAML"):
        read_section(tmp_path / "params.yaml", "outer", Outer)


def sections_read():
    """The settings class of each section, as the stages read them."""
    found = {}
    for stage in sorted((ROOT / "stages").glob("*.py")):
        tree = ast.parse(stage.read_text(encoding="utf-8"))
        home = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read_section":
                _, section, kind = node.args
                if kind.id != "dict":  # the report shows sections as they are
                    found.setdefault(section.value, set()).add(home[kind.id])
    return found


READ = sections_read()


def test_the_projects_own_sections_are_those_that_stages_read():
    assert yaml.safe_load(PARAMS.read_text()).keys() == READ.keys()


@pytest.mark.parametrize("section", READ)
@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_the_projects_own_settings_pass(tmp_path, preset, section):
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.read_text())
    if preset:
        apply(preset, ROOT / "presets", path)
    ((module, name),) = READ[section]  # one class a section
    read_section(path, section, getattr(importlib.import_module(module), name))
