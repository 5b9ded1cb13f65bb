"""Draws are balanced: classes alike, sources by the root of their clips, copies by their share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.training.draws import balanced_draws

AI = {f"h{n}": False for n in range(10)} | {f"a{n}": True for n in range(5)}
SOURCES = {clip: "large" if clip in {f"h{n}" for n in range(9)} else "small" for clip in AI}


def total(draws, clips):
    return sum(draws.of_recording[clip] + 2 * draws.of_copy[clip] for clip in clips)


def test_both_classes_are_drawn_alike_and_sources_by_their_root():
    draws = balanced_draws(AI, SOURCES, 600, copies=2, copy_share=0.4)
    humans = [clip for clip, ai in AI.items() if not ai]
    assert total(draws, humans) == pytest.approx(300)
    assert total(draws, AI) == pytest.approx(600)
    large = total(draws, [clip for clip in humans if SOURCES[clip] == "large"])
    assert large / total(draws, ["h9"]) == pytest.approx(3)  # the root of nine clips beside one


@given(st.floats(0, 1), st.integers(0, 7))
def test_copies_share_what_is_theirs(share, copies):
    draws = balanced_draws(AI, SOURCES, 600, copies=copies, copy_share=share)
    of_copies = sum(draws.of_copy.values()) * copies
    assert of_copies == pytest.approx(600 * share if copies else 0)
    assert of_copies + sum(draws.of_recording.values()) == pytest.approx(600)
