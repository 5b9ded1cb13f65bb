"""Companions train, are never judged or tested, and share nothing with what is."""

import pytest

from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.splits import SplitSettings, with_companions
from bonafide.errors import UserError

DROP = SplitSettings(group="source", dev=0.2, test=0.2, on_overlap="drop", seed=1)
KEEP = SplitSettings(group="source", dev=0.2, test=0.2, on_overlap="keep", seed=1)
NAMES = ("source", "speaker", "generator", "pair")


def clip(number, source, **known):
    return {"clip": f"{number:02}", "label": "ai", **dict.fromkeys(NAMES, ""), "source": source, **known}


def test_folders_name_all_that_lies_below_them():
    settings = CompanionSettings(("demo", "others/radio"))
    paths = ["demo/ai/a.wav", "others/radio/b.wav", "demo-2/ai/a.wav", "ai/demo/a.wav", "others/c.wav"]
    own, companions = parted([clip(1, "engine-pico", path=path) for path in paths], settings)
    assert [row["path"] for row in companions] == paths[:2]
    assert [row["path"] for row in own] == paths[2:]


def test_without_folders_nothing_is_a_companion():
    rows = [clip(1, "a", path="a.wav"), clip(2, "", path="demo/b.wav")]
    assert parted(rows, CompanionSettings(())) == (rows, [])


def test_a_corpus_of_companions_alone_cannot_be_tested():
    with pytest.raises(UserError, match="every clip of the corpus"):
        parted([clip(1, "a", path="demo/a.wav")], CompanionSettings(("demo",)))


@pytest.fixture
def divided():
    return [
        {**clip(1, "a", speaker="ann"), "split": "train"},
        {**clip(4, "b", speaker="ben"), "split": "dev"},
        {**clip(6, "c", generator="vits"), "split": "test"},
        {**clip(8, "d", speaker="eve"), "split": "dropped"},
    ]


COMPANIONS = [
    clip(2, "z", speaker="ann"),
    clip(3, "z", speaker="ben"),
    clip(5, "y", generator="vits"),
    clip(7, "c"),
    clip(9, "z", speaker="eve"),
]


def test_what_shares_with_dev_or_test_is_dropped(divided):
    rows = with_companions(divided, COMPANIONS, DROP)
    assert [row["clip"] for row in rows] == [f"{number:02}" for number in range(1, 10)]
    sides = {int(row["clip"]): row["split"] for row in rows}
    assert {number: sides[number] for number in (2, 3, 5, 7, 9)} == {
        2: "train",
        3: "dropped",
        5: "dropped",
        7: "dropped",
        9: "train",
    }
    assert {number: sides[number] for number in (1, 4, 6, 8)} == {1: "train", 4: "dev", 6: "test", 8: "dropped"}


def test_kept_overlap_is_marked(divided):
    rows = {row["clip"]: row for row in with_companions(divided, COMPANIONS, KEEP)}
    assert rows["05"]["split"] == "train"
    assert rows["06"]["generator_seen"]
    assert not with_companions(divided, [], KEEP)[2]["generator_seen"]


@pytest.mark.parametrize("settings", [DROP, KEEP])
def test_a_copy_of_what_is_tested_never_trains(divided, settings):
    paired = [*divided[:2], {**divided[2], "pair": "p"}, divided[3]]
    rows = with_companions(paired, [clip(2, "z", pair="p"), clip(3, "z", pair="q")], settings)
    sides = {row["clip"]: row["split"] for row in rows}
    assert (sides["02"], sides["03"]) == ("dropped", "train")
