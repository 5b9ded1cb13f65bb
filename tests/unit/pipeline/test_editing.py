"""Settings are changed in the text of a params file, and nothing else is."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bonafide.errors import UserError
from bonafide.pipeline.editing import as_text, read_settings, read_texts, with_texts

DOCUMENT = """\
# What this is.

one:
  number: 30.0 # its unit
  nothing: null # why
  empty: # a value that DVC writes so
  list: [[1, 5], [2, 6]] # of copies

  chains: # in turn
    - - Line: {p: 1.0} # a line
    # between
    - - Codec: {p: 1.0} # the last

two:
  chains:
  - a
"""


def changed(**texts):
    return with_texts(DOCUMENT, {key.replace("__", "."): text for key, text in texts.items()}, "here")


@pytest.mark.parametrize(
    ("key", "text", "old", "new"),
    [
        ("one.number", "1", "30.0 # its", "1 # its"),
        ("one.nothing", "0.5", "null # why", "0.5 # why"),
        ("one.empty", "7", "empty: # a", "empty: 7 # a"),
        ("one.list", "[]", "[[1, 5], [2, 6]] # of", "[] # of"),
        ("two.chains", "[b]", "- a\n", "[b]\n"),
        (
            "one.chains",
            "- - Noise: {p: 1.0} # new\n  - Room: {p: 0.5}",
            "- - Line: {p: 1.0} # a line\n    # between\n    - - Codec: {p: 1.0} # the last\n",
            "- - Noise: {p: 1.0} # new\n      - Room: {p: 0.5}\n",
        ),
    ],
)
def test_only_the_value_changes(key, text, old, new):
    assert DOCUMENT.count(old) == 1
    assert with_texts(DOCUMENT, {key: text}, "here") == DOCUMENT.replace(old, new)


def test_many_values_change_at_once():
    text = changed(one__number="1", one__list="[3]", two__chains="- b\n- c")
    before = yaml.safe_load(DOCUMENT)
    before["one"] |= {"number": 1, "list": [3]}
    assert yaml.safe_load(text) == before | {"two": {"chains": ["b", "c"]}}


@pytest.mark.parametrize("key", ["one.colour", "one.number.unit", "three", "one.list.0"])
def test_a_key_that_is_not_there_is_named(key):
    with pytest.raises(UserError, match=rf"^here: {key} is not a known setting$"):
        with_texts(DOCUMENT, {key: "1"}, "here")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab: #-[]{}'\"é\n"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
        max_leaves=6,
    )
)
def test_any_value_comes_back_from_its_place(value):
    text = with_texts(DOCUMENT, {"one.list": as_text(value)}, "here")
    assert yaml.safe_load(text)["one"] == yaml.safe_load(DOCUMENT)["one"] | {"list": value}


def test_values_are_read_with_their_comments(tmp_path):
    path = tmp_path / "changes.yaml"
    path.write_text("a.b: 0.30 # why\nc.d:\n    - - x # one\n      - y\n    - z # last\n")
    assert read_texts(path) == {"a.b": "0.30", "c.d": "- - x # one\n  - y\n- z # last"}
    assert read_settings(path) == {"a.b": 0.3, "c.d": [["x", "y"], "z"]}


@pytest.mark.parametrize(
    ("content", "said"), [("- a", "must hold keys"), ("", "must hold keys"), ("a: [", "is not valid YAML")]
)
def test_a_file_without_keys_is_refused_in_a_sentence(tmp_path, content, said):
    (tmp_path / "changes.yaml").write_text(content)
    with pytest.raises(UserError, match=said):
        read_texts(tmp_path / "changes.yaml")
    with pytest.raises(UserError, match="cannot be read"):
        read_texts(tmp_path / "none.yaml")
