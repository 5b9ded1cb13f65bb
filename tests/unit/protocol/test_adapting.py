"""The benchmark of adapting tests nobody whom the clips to adapt to have made known."""

import importlib.util
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PATH = Path(__file__).parents[3] / "benchmarks" / "adapting.py"


@pytest.fixture
def adapting(monkeypatch):
    spec = importlib.util.spec_from_file_location("adapting", PATH)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # where dataclasses look for their module
    spec.loader.exec_module(module)
    return module


def clip(label, source, speaker="", generator="", pair=""):
    return {"label": label, "source": source, "speaker": speaker, "generator": generator, "pair": pair}


ROWS = [
    *(clip("human", source, f"{source}-p{n % 4}", pair=f"{source}{n}") for source in "abc" for n in range(12)),
    *(clip("ai", source, f"{source}-p{n % 4}", f"g{n % 5}") for source in "abc" for n in range(15)),
    clip("human", "d"),
    clip("human", "d"),
]


@pytest.mark.parametrize("seed", range(5))
def test_each_half_has_speakers_and_generators_of_its_own_and_of_every_source(adapting, seed):
    first, second = adapting.halves(ROWS, seed)
    assert len(first) + len(second) == len(ROWS)
    assert not {adapting.who(row) for row in first} & {adapting.who(row) for row in second}
    for half in (first, second):
        assert {(row["source"], row["label"]) for row in half} >= {(source, "human") for source in "abc"}
        assert {row["label"] for row in half} == {"human", "ai"}


def test_what_shares_a_speaker_a_generator_or_a_pair_is_not_tested(adapting):
    own = [clip("human", "a", "ann", pair="1"), clip("ai", "a", "bob", "g0"), clip("human", "b")]
    others = [clip("ai", "c", "ann"), clip("ai", "c", "", "g0"), clip("ai", "c", "", "g1", "1"), clip("human", "b")]
    assert adapting.unheard(others, own) == others[3:]  # of a source alone it is not known who speaks


def test_the_table_has_the_mean_of_the_halves_and_the_difference_from_the_packaged_network(adapting):
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        [clip("human", "a", f"p{n % 6}") for n in range(60)] + [clip("ai", "a", "", f"g{n % 6}") for n in range(60)]
    )
    right = np.where(rows["label"] == "human", 1.0, -1.0)
    packaged = right + rng.normal(size=120)
    # Each network has an offset of its own, which must not count against it.
    half = np.where(np.arange(120) % 2, "one", "two")
    scored = rows.assign(
        half=half, **{"packaged 0": packaged, "adapted 50": right + 9 * (half == "one"), "from scratch 50": packaged}
    )
    table = adapting.table_of(scored, Namespace(seed=1, clips=[50])).set_index("detector")
    assert table.loc["adapted", "EER"] == 0 and table.loc["adapted", "high"] < 0
    assert table.loc["packaged", "EER"] == pytest.approx(-table.loc["adapted", "difference"])
    assert table.loc["from scratch", ["difference", "low", "high"]].tolist() == [0, 0, 0]
