"""A fold names its own folder, and is known again by it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.protocol.fold import NAME, Fold, whole_folds


def whole(fold):
    fold.folder.mkdir(parents=True)
    fold.metrics.write_text("{}")
    return fold


def test_the_folds_that_are_done_are_found_again(tmp_path):
    folds = [whole(Fold(tmp_path, "source", (number,), 3, seed)) for number in (1, 2, 3) for seed in (1, 12)]
    whole(Fold(tmp_path, "speaker", (1,), 3, 1))
    Fold(tmp_path, "source", (1,), 4, 1).folder.mkdir()  # not done
    (tmp_path / "features").mkdir()
    assert sorted(whole_folds(tmp_path, "source"), key=lambda fold: (fold.number, fold.seed)) == folds
    assert [fold.number for fold in whole_folds(tmp_path, "source", [12])] == [1, 2, 3]


def test_a_pair_is_the_same_from_both_sides():
    first, third = (Fold(Path("folds"), "source", (number,), 3, 1) for number in (1, 3))
    assert first.pair(3) == third.pair(1)
    assert first.pair(3).name == "source-1-and-3-of-3-seed-1"
    assert first.pair(3).folder != first.folder


@given(
    st.sampled_from(["source", "speaker"]),
    st.lists(st.integers(1, 99), min_size=1, max_size=2, unique=True),
    st.integers(2, 99),
    st.integers(0, 10**6),
)
def test_a_name_is_of_one_fold_alone(by, held, of, seed):
    match = NAME.fullmatch(Fold(Path(), by, tuple(held), of, seed).name)
    assert match.groups() == (by, "-and-".join(map(str, held)), str(of), str(seed))


@pytest.mark.parametrize("name", ["sides", "keras", "onnx", "scores", "metrics", "params"])
def test_its_files_lie_in_its_folder(name):
    fold = Fold(Path("folds"), "source", (1,), 3, 1)
    assert getattr(fold, name).parent == fold.folder
