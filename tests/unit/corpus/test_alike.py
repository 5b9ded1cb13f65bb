"""Clips that a split treats alike get the same sides as one row as they do each for itself."""

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.alike import alike, with_sides
from bonafide.corpus.apart import set_apart, with_apart
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.official import official_split
from bonafide.corpus.rows import clips_of
from bonafide.corpus.splits import SplitSettings, describe, split, unknown_groups, with_companions
from bonafide.corpus.table import CATALOG, SPLIT, as_table
from bonafide.errors import UserError

SETTINGS = SplitSettings(group="speaker", dev=0.2, test=0.2, on_overlap="drop", seed=1)
few = st.integers(0, 3)


@st.composite
def catalogs(draw):
    """Rows of few speakers, generators, sources and pairs, some of them unknown, in the order of their ids."""

    def name(kind):
        number = draw(few)
        return f"{kind}{number}" if number else ""

    rows = []
    for number in range(draw(st.integers(12, 60))):
        human = draw(st.booleans())
        rows.append(
            {
                **{field.name: 0 if pa.types.is_integer(field.type) else None for field in CATALOG},
                **{field.name: "" for field in CATALOG if field.type == pa.string()},
                "clip": f"{number:03d}",
                "path": f"{draw(st.sampled_from(('own', 'beside')))}/{number}.wav",
                "label": "human" if human else "ai",
                "speaker": name("p"),
                "source": name("s"),
                "generator": "" if human else name("g"),
                "family": "" if human else draw(st.sampled_from(("tts", "codec"))),
                "pair": name("pair"),
                "official": draw(st.sampled_from(("", "", "test"))),
            }
        )
    return rows


def outcome(rows, beside, given):
    """What stage split makes of `rows`: those with their sides, or the sentence that it ends with."""
    try:
        counted, apart = set_apart(rows, given.apart)
        own, companions = parted(counted, beside)
        sides = official_split if given.official else split
        return with_apart(with_companions(sides(own, given), companions, given), apart, given)
    except UserError as error:
        return str(error)


@settings(max_examples=20)
@given(
    catalogs(), st.sampled_from(("source", "speaker", "generator")), st.sampled_from(("drop", "keep")), st.booleans()
)
def test_each_clip_gets_the_side_that_it_gets_by_itself(rows, group, on_overlap, official):
    given = replace(SETTINGS, group=group, on_overlap=on_overlap, official=official)
    beside = CompanionSettings(("beside",))
    table = as_table(rows, CATALOG)
    one_by_one, counted = outcome(rows, beside, given), outcome(alike(table, beside, given), beside, given)
    if isinstance(one_by_one, str):
        assert counted == one_by_one
        return
    assert with_sides(table, counted).to_pylist() == as_table(one_by_one, SPLIT).to_pylist()
    assert describe(counted) == describe(one_by_one)
    assert unknown_groups(counted, group) == unknown_groups(one_by_one, group)


def test_many_clips_are_few_rows_and_their_pairs_join_what_they_did():
    empty = {field.name: "" for field in CATALOG if field.type == pa.string()}
    facts = {"seconds": 1.0, "level_dbfs": -26.0, "native_rate": 16000}
    rows = [
        {**empty, **facts, "clip": f"{number:05d}", "path": f"{number}.wav", "label": label, "speaker": "ann",
         "generator": generator, "pair": f"p{number // 3}"}
        for number in range(9000)
        for label, generator in [(("human", ""), ("ai", "g1"), ("ai", "g2"))[number % 3]]
    ]  # fmt: skip
    counted = alike(as_table(rows, CATALOG), CompanionSettings(()), SETTINGS)
    assert [row["clips"] for row in counted] == [3000] * 3
    assert clips_of(counted) == 9000
    assert len({row["pair"] for row in counted}) == 1
    with pytest.raises(UserError, match="form 1 group"):
        split(counted, SETTINGS)
