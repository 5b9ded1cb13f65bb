"""The official split: sides as the corpora give them, or one corpus to test on and others to train on."""

import itertools
import re

import pytest

from bonafide.corpus.official import official_split
from bonafide.corpus.splits import SplitSettings
from bonafide.errors import UserError

SETTINGS = SplitSettings(group="speaker", dev=0.2, test=0.2, on_overlap="drop", seed=1, official=True)


def clips(official, n_speakers=6, source="own", name="own"):
    """Two clips of each speaker, one of each class; every speaker has a generator of their own."""
    return [
        {
            "clip": f"{name}-{speaker}-{label}-{official}",
            "path": f"{name}/{speaker}.wav",
            "label": label,
            "speaker": f"{name}{speaker}",
            "source": source,
            "generator": "" if label == "human" else f"{name}{speaker}-voice",
            "pair": "",
            "official": official,
        }
        for speaker, label in itertools.product(range(n_speakers), ("human", "ai"))
    ]


def test_published_sides_are_taken_as_they_are_though_they_share_speakers():
    rows = [*clips("train"), *clips("dev"), *clips("test"), *clips("dropped", name="progress")]
    done = official_split(rows, SETTINGS)
    assert [row["split"] for row in done] == [row["official"] for row in rows]
    assert [row["speaker_seen"] for row in done] == [row["official"] != "dropped" for row in rows]
    assert [row["source_seen"] for row in done] == [True] * len(rows)


def test_one_corpus_is_tested_and_the_others_train():
    shared = clips("", 1, name="wild")  # a speaker of the corpus that is tested
    rows = [*clips("", 12), *shared, *clips("test", source="wild", name="wild"), *clips("dropped", 1, name="hidden")]
    done = official_split(rows, SETTINGS)
    sides = {side: [row for row in done if row["split"] == side] for side in ("train", "dev", "test", "dropped")}
    assert {row["path"] for row in sides["test"]} == {f"wild/{number}.wav" for number in range(6)}
    assert all(row["official"] == "test" for row in sides["test"])
    assert {row["clip"] for row in sides["dropped"]} == {
        *(row["clip"] for row in shared),
        *(row["clip"] for row in clips("dropped", 1, name="hidden")),
    }
    for one, other in itertools.combinations(("train", "dev", "test"), 2):
        assert not {row["speaker"] for row in sides[one]} & {row["speaker"] for row in sides[other]}
    assert all({row["label"] for row in sides[side]} == {"human", "ai"} for side in ("train", "dev"))
    assert {row["source"] for row in sides["train"]} == {"own"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (clips(""), "12 clips have no official side, the first own/0.wav: give their reader a side"),
        (
            [*clips("train"), *clips("test"), *clips("", 1, name="new")],
            "2 clips have no official side, the first new/0",
        ),
        ([*clips("train"), *clips("test")], "the side 'dev' has no clip labelled 'human'"),
        ([*clips("train"), *clips("test"), *clips("dev")[::2]], "the side 'dev' has no clip labelled 'ai'"),
        (clips("test"), "the side 'train' has no clip labelled 'human'"),
    ],
)
def test_sides_that_make_no_split_are_refused_with_the_reason(rows, said):
    with pytest.raises(UserError, match=re.escape(said)):
        official_split(rows, SETTINGS)
