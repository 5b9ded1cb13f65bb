"""Nothing that is known of a clip may be both trained on and tested on; what cannot be split says why."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.divisions import DEV, DROPPED, TEST, TRAIN, overlap_dropped
from bonafide.corpus.groups import fold_groups, group_numbers
from bonafide.corpus.splits import RESPECTS, SplitSettings, describe, split, unknown_groups
from bonafide.errors import UserError

SIDES = ("train", "dev", "test")
BY_SOURCE = SplitSettings(group="source", dev=0.2, test=0.2, on_overlap="drop", seed=1)


def clip(number, label, **known):
    return {"clip": f"{number:03}", "label": label, **dict.fromkeys((*RESPECTS, "pair"), ""), **known}


def corpus(n_sources=9, clips=4):
    """Sources of their own speakers and generators, every human clip with a copy in its own source."""
    rows = []
    for source in range(n_sources):
        about = {"source": f"s{source}", "speaker": f"v{source}"}
        for _ in range(clips):
            pair = f"p{len(rows)}"
            rows.append(clip(len(rows), "human", **about, pair=pair))
            rows.append(clip(len(rows), "ai", **about, generator=f"g{source}", pair=pair))
    return rows


@st.composite
def corpora(draw):
    """Corpora in which speakers and generators may occur in several sources, and any of it may be unknown."""
    values = st.sampled_from
    rows = []
    for number in range(draw(st.integers(6, 40))):
        label = draw(values(("human", "ai")))
        some = draw(st.integers(3, 12))
        known = {name: draw(values(["", *(f"{name}{one}" for one in range(some))])) for name in RESPECTS}
        if label == "human":
            known["generator"] = ""
        rows.append(clip(number, label, **known, pair=draw(values(["", "", "p1", "p2", "p3"]))))
    return rows


def leaks(rows, respects):
    """What more than one side of train, dev and test holds."""
    found = []
    for name in respects:
        held = [{row[name] for row in rows if row["split"] == side} - {""} for side in SIDES]
        found += [(name, value) for value in set.union(*held) if sum(value in side for side in held) > 1]
    return found


def counts(rows):
    return {(side, label): 0 for side in SIDES for label in ("human", "ai")} | {
        (row["split"], row["label"]): sum(
            (other["split"], other["label"]) == (row["split"], row["label"]) for other in rows
        )
        for row in rows
    }


@settings(max_examples=60)
@given(rows=corpora(), group=st.sampled_from(RESPECTS), seed=st.integers(0, 3))
def test_what_is_split_shares_nothing(rows, group, seed):
    try:
        done = split(rows, SplitSettings(group, 0.2, 0.2, "drop", seed))
    except UserError as error:
        assert "add recordings" in str(error)
        return
    assert [{name: row[name] for name in rows[0]} for row in done] == rows
    assert leaks(done, (*RESPECTS, "pair")) == []
    assert all(counts(done)[side, label] for side in SIDES for label in ("human", "ai"))


@settings(max_examples=40)
@given(rows=corpora(), group=st.sampled_from(RESPECTS))
def test_what_is_kept_is_marked(rows, group):
    try:
        done = split(rows, SplitSettings(group, 0.2, 0.2, "keep", 1))
    except UserError:
        return
    assert all(row["split"] in SIDES for row in done)
    assert leaks(done, ("pair",)) == []
    numbers = group_numbers(rows, group)
    assert len({(number, row["split"]) for number, row in zip(numbers, done, strict=True)}) == len(set(numbers))
    for name in RESPECTS:
        trained = {row[name] for row in done if row["split"] == "train" and row[name]}
        assert all(row[f"{name}_seen"] == (row[name] in trained) for row in done)


@pytest.mark.parametrize("group", RESPECTS)
def test_a_corpus_that_can_be_split_is_split_as_was_wanted(group):
    rows = corpus()
    done = split(rows, SplitSettings(group, 0.2, 0.2, "drop", 1))
    assert leaks(done, (*RESPECTS, "pair")) == []
    for label in ("human", "ai"):
        assert counts(done)["train", label] in (16, 20, 24)
        assert all(counts(done)[side, label] in (4, 8, 12) for side in ("dev", "test"))
    assert not any(row["split"] == "dropped" for row in done)
    assert not any(row[f"{name}_seen"] for row in done for name in RESPECTS if row["split"] != "train")


@pytest.mark.parametrize("name", [*RESPECTS, "pair"])
def test_the_check_for_leaks_sees_one_clip_that_crosses(name):
    done = split(corpus(), BY_SOURCE)
    trained = next(row for row in done if row["split"] == "train" and row[name])
    tested = next(row for row in done if row["split"] == "test" and row["label"] == trained["label"])
    assert leaks(done, (name,)) == []
    tested[name] = trained[name]
    assert leaks(done, (name,)) == [(name, trained[name])]


def test_one_voice_in_every_source_does_not_cross():
    rows = corpus()
    for row in rows[::8]:
        row["speaker"] = "LJ"
    done = split(rows, BY_SOURCE)
    assert leaks(done, RESPECTS) == []
    assert any(row["split"] == "dropped" for row in done)
    assert all(counts(done)[side, label] for side in SIDES for label in ("human", "ai"))


def test_a_recording_and_its_copy_go_together_where_their_sources_differ():
    rows = corpus()
    for number in range(0, len(rows), 2):
        rows[number + 1]["source"] = f"vocoded{number % 8}-{rows[number]['source']}"
        rows[number + 1]["speaker"] = ""
    assert leaks(split(rows, BY_SOURCE), (*RESPECTS, "pair")) == []


def test_the_same_rows_and_seed_give_the_same_split_and_another_seed_another():
    first, again = (split(corpus(), BY_SOURCE) for _ in range(2))
    assert first == again
    others = [split(corpus(), SplitSettings("source", 0.2, 0.2, "drop", seed)) for seed in range(2, 6)]
    assert any(other != first for other in others)


def collections(rng):
    """Sources as corpora have them: of many sizes, some voices in several of them, engines that speak with them."""
    rows = []
    for source in range(24):
        for _ in range(rng.integers(5, 60)):
            voice = f"v{source}-{rng.integers(6)}" if rng.random() < 0.9 else f"v{rng.integers(40)}"
            engine = f"g{source // 2}" if source % 2 else ""
            about = {"source": f"s{source}", "speaker": voice, "generator": engine}
            rows.append(clip(len(rows), "ai" if source % 2 else "human", **about))
    return rows


def changed(rows, what, rng):
    """`rows` with or without one more."""
    place = int(rng.integers(len(rows)))
    if what == "one less":
        return rows[:place] + rows[place + 1 :]
    new = {"one more": {}, "a new speaker": {"speaker": "new"}, "a new source": {"speaker": "new", "source": "new"}}
    return [*rows, rows[place] | {"clip": "new"} | new[what]]


@pytest.mark.parametrize("what", ["one less", "one more", "a new speaker", "a new source"])
def test_what_a_corpus_gains_or_loses_leaves_the_others_where_they_were(what):
    moved = []
    for number in range(20):
        rng = np.random.default_rng(number)
        rows = collections(rng)
        before = {row["clip"]: row["split"] for row in split(rows, BY_SOURCE)}
        after = split(changed(rows, what, rng), BY_SOURCE)
        moved.append(np.mean([row["split"] != before.get(row["clip"], row["split"]) for row in after]))
    assert np.mean(np.array(moved) == 0) > 0.6, "most changes move nothing"
    assert np.mean(moved) < 0.15, "a search that wanders moves four of ten"


def test_a_division_is_as_wanted_whatever_voices_cross():
    for number in range(10):
        of = counts(split(collections(np.random.default_rng(number)), BY_SOURCE))
        for label in ("human", "ai"):
            there = sum(of[side, label] for side in (*SIDES, "dropped") if (side, label) in of)
            for side, share in (("train", 0.6), ("dev", 0.2), ("test", 0.2)):
                assert share * 0.6 < of[side, label] / there < share * 1.6


@given(rows=corpora(), group=st.sampled_from(RESPECTS), order=st.randoms(use_true_random=False))
def test_what_moves_together_does_not_depend_on_the_order_of_rows(rows, group, order):
    def together(rows):
        numbers = group_numbers(rows, group)
        return {
            frozenset(row["clip"] for row, at in zip(rows, numbers, strict=True) if at == number) for number in numbers
        }

    mixed = list(rows)
    order.shuffle(mixed)
    assert together(rows) == together(mixed)


def test_an_unknown_group_goes_by_speaker_then_generator_then_alone():
    known = [{"speaker": "v"}, {"speaker": "v"}, {"generator": "g"}, {"generator": "g"}, {}, {}, {"source": "s"}]
    rows = [clip(number, "ai", **what) for number, what in enumerate(known)]
    assert group_numbers(rows, "source").tolist() == [0, 0, 1, 1, 2, 3, 4]
    assert unknown_groups(rows, "source") == 6
    assert unknown_groups([*rows, clip(9, "human")], "generator") == 5  # a human clip has none


@given(
    facts=st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 5), st.integers(0, 2)), min_size=1, max_size=25),
)
def test_only_what_overlaps_is_dropped(facts):
    respects, sides = np.array([fact[:2] for fact in facts]), np.array([fact[2] for fact in facts])
    left = overlap_dropped(respects, sides)

    def shares(one, other):
        return any(one[column] == other[column] != -1 for column in (0, 1))

    for number, (side, after) in enumerate(zip(sides, left, strict=True)):
        above = {TEST: (), DEV: (TEST,), TRAIN: (TEST, DEV)}[side]
        met = [other for other, kept in zip(respects, left, strict=True) if kept in above]
        assert after == (DROPPED if any(shares(respects[number], other) for other in met) else side)


def test_too_few_groups_are_refused_with_the_way_out():
    with pytest.raises(UserError, match=r"labelled 'human' form 2 group\(s\) by source.*split\.group"):
        split(corpus(n_sources=2), BY_SOURCE)


def test_a_class_that_is_nowhere_is_refused_beside_a_test_side_too():
    rows = [row for row in corpus() if row["label"] == "human"]
    with pytest.raises(UserError, match=r"labelled 'ai' form 0 group\(s\)"):
        split(rows, BY_SOURCE, tested=frozenset({0}))


def test_a_voice_that_ties_everything_together_is_named():
    rows = [row | {"speaker": "LJ"} for row in corpus()]
    with pytest.raises(UserError, match=r"speaker 'LJ' in 72 clips.*on_overlap to keep"):
        split(rows, BY_SOURCE)
    kept = split(rows, SplitSettings("source", 0.2, 0.2, "keep", 1))
    assert all(row["speaker_seen"] for row in kept)
    assert not any(row["source_seen"] for row in kept if row["split"] != "train")


@pytest.mark.parametrize("seed", range(5))
def test_few_generators_beside_many_unknown_human_clips_are_divided(seed):
    rows = [clip(number, "human") for number in range(3000)]
    rows += [clip(3000 + number, "ai", generator=f"g{number % 3}") for number in range(30)]
    done = split(rows, SplitSettings("source", 0.2, 0.2, "drop", seed))
    assert all(
        counts_of > 0
        for counts_of in [sum(row["split"] == side and row["label"] == "ai" for row in done) for side in SIDES]
    )


def test_folds_hold_every_group_once_and_both_classes():
    rows = corpus()
    folds = fold_groups(rows, "source", 3)
    assert sorted(number for fold in folds for number in fold) == sorted(set(group_numbers(rows, "source").tolist()))
    numbers = group_numbers(rows, "source")
    for fold in folds:
        done = split(rows, BY_SOURCE, fold)
        tested = {number for number, row in zip(numbers, done, strict=True) if row["split"] == "test"}
        assert tested == fold
        assert leaks(done, (*RESPECTS, "pair")) == []
    with pytest.raises(UserError, match="fewer folds"):
        fold_groups(rows, "source", 10)


def test_the_description_counts_what_is_on_each_side():
    lines = describe(split(corpus(), BY_SOURCE)).splitlines()
    assert [line.split(":")[0] for line in lines] == ["train", "dev", "test", "dropped"]
    assert lines[3] == "dropped: 0 human, 0 ai; 0 speakers, 0 sources, 0 generators"
