"""What is counted apart is never trained on nor judged by, shares nothing with what is, and comes back when asked."""

import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.apart import set_apart, with_apart
from bonafide.corpus.splits import RESPECTS, SplitSettings, describe
from bonafide.corpus.table import CATALOG, as_table
from bonafide.errors import UserError
from bonafide.files import write_text
from bonafide.pipeline.tables import write_table

ROOT = Path(__file__).parents[3]
DROP = SplitSettings(group="source", dev=0.2, test=0.2, on_overlap="drop", seed=1)
NAMES = (*RESPECTS, "pair")


def clip(number, label="ai", **known):
    return {"clip": f"{number:02}", "label": label, "family": "", "official": "", **dict.fromkeys(NAMES, ""), **known}


@st.composite
def divided(draw):
    """A corpus that is split anyhow, and codec clips that may share anything with it."""
    numbers = itertools.count()
    values = {name: st.sampled_from(["", *(f"{name}{number}" for number in range(6))]) for name in NAMES}

    def clips(**known):
        return [clip(next(numbers), **known, **{name: draw(values[name]) for name in NAMES})]

    sides = draw(st.lists(st.sampled_from(["train", "dev", "test", "dropped"]), min_size=1, max_size=12))
    rows = [row for side in sides for row in clips(split=side)]
    return rows, [row for _ in range(draw(st.integers(0, 12))) for row in clips(family="codec")]


@settings(max_examples=100)
@given(divided(), st.sampled_from(["drop", "keep"]), st.booleans())
def test_what_is_counted_apart_never_trains_and_shares_nothing_with_what_does(both, on_overlap, official):
    rows, apart = both
    done = with_apart(rows, apart, replace(DROP, on_overlap=on_overlap, official=official))
    sides = {row["clip"]: row["split"] for row in done}
    assert sides.keys() == {row["clip"] for row in (*rows, *apart)}
    assert all(sides[row["clip"]] == row["split"] for row in rows)
    respects = NAMES if on_overlap == "drop" and not official else ("pair",)
    held = {name: {row[name] for row in rows if row["split"] in ("train", "dev")} - {""} for name in respects}
    for row in apart:
        shared = any(row[name] in held[name] for name in respects)
        assert sides[row["clip"]] == ("dropped" if shared else "apart")


def test_an_official_side_of_training_is_none_to_be_scored_on():
    rows = [clip(number, split=side) for number, side in enumerate(("train", "dev", "test"))]
    apart = [clip(5 + number, family="codec", official=side) for number, side in enumerate(("train", "test", ""))]
    sides = [row["split"] for row in with_apart(rows, apart, replace(DROP, official=True))][3:]
    assert sides == ["dropped", "apart", "apart"]
    assert [row["split"] for row in with_apart(rows, apart, DROP)][3:] == ["apart"] * 3


def test_nothing_changes_where_nothing_is_of_such_a_family():
    rows = [clip(2, split="test"), clip(1, split="train", family="tts")]
    assert set_apart(rows, ("codec",)) == (rows, [])
    assert with_apart(rows, [], DROP) is rows
    assert "apart" not in describe(rows)


def test_a_corpus_of_codecs_alone_is_told_of_the_setting():
    rows = [clip(1, "human"), clip(2, family="codec"), clip(3, family="vocoder")]
    assert set_apart(rows, ("codec",)) == ([rows[0], rows[2]], [rows[1]])
    with pytest.raises(UserError, match=r"that split\.apart counts apart \(codec, vocoder\)"):
        set_apart(rows, ("codec", "vocoder"))
    assert set_apart(rows, ()) == (rows, [])


@pytest.mark.parametrize("apart", [["codec"], []])
def test_the_stage_keeps_codec_clips_off_the_sides_unless_the_setting_brings_them_back(tmp_path, apart):
    facts = {field.name: "" if field.type == "string" else 0 for field in CATALOG} | {"segments": []}
    rows = []
    for number, family in itertools.product(range(8), ("", "tts", "codec")):
        about = {"label": "ai" if family else "human", "family": family, "source": f"s{number}"}
        rows.append({**facts, **about, "clip": f"{number}-{family}", "generator": family and f"{family}{number}"})
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["split"]["apart"] = apart
    write_text(tmp_path / "params.yaml", yaml.safe_dump(params))
    write_table(as_table(sorted(rows, key=lambda row: row["clip"]), CATALOG), tmp_path / "catalog.parquet")
    names = [tmp_path / name for name in ("params.yaml", "catalog.parquet", "split.parquet")]
    subprocess.run([sys.executable, ROOT / "stages" / "split.py", *names], check=True, cwd=ROOT, capture_output=True)
    done = pq.read_table(tmp_path / "split.parquet").to_pylist()
    assert len(done) == len(rows)
    sides = {family: {row["split"] for row in done if row["family"] == family} for family in ("", "tts", "codec")}
    assert sides[""] == sides["tts"] == {"train", "dev", "test"}
    assert sides["codec"] == ({"apart", "dropped"} if apart else {"train", "dev", "test"})
    tested = {row["source"] for row in done if row["split"] == "test"}
    assert {row["source"] for row in done if row["split"] == "apart"} == (tested if apart else set())
