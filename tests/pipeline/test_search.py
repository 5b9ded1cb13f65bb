"""`bonafide search` chooses settings of the training by dev alone, and an interrupted search goes on."""

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bonafide.errors import UserError

pytest.importorskip("keras_tuner", reason="needs keras-tuner: pip install 'bonafide[search]'")

from bonafide.search import read_space

ROOT = Path(__file__).parents[2]
SPACE = "train.kernel.strength: {low: 1.0, high: 100.0, log: true}\ntrain.kernel.centres: [5, 10]\n"


@pytest.fixture(scope="module")
def project(reproduced, tmp_path_factory):
    copied = reproduced.copy(tmp_path_factory.mktemp("search") / "project")
    (copied.root / "space.yaml").write_text(SPACE)
    return copied


@pytest.fixture(scope="module")
def searched(project):
    """What a search of three trials said that was run in two parts."""
    first = project.run("bonafide", "search", "space.yaml", "--trials", 1).stdout
    table = pd.read_csv(project.root / "metrics" / "search.csv")
    assert len(table) == 1
    return first, table, project.run("bonafide", "search", "space.yaml", "--trials", 3).stdout


def test_the_trials_are_listed_and_none_is_done_twice(project, searched):
    first, alone, then = searched
    table = pd.read_csv(project.root / "metrics" / "search.csv")
    assert sorted(table["trial"]) == [1, 2, 3]
    assert table["dev AUC"].is_monotonic_decreasing
    assert table["train.kernel.strength"].between(1, 100).all() and set(table["train.kernel.centres"]) <= {5, 10}
    assert table["train.kernel.strength"].nunique() == 3
    assert table.set_index("trial").loc[[1]].equals(alone.set_index("trial"))
    assert "trial 1 of 1" in first and "trial 1 of" not in then and "trial 2 of 3" in then and "trial 3 of 3" in then


def test_the_best_becomes_a_params_file_with_its_comments(project, searched):
    best = pd.read_csv(project.root / "metrics" / "search.csv").iloc[0]
    text = (project.root / "params-found.yaml").read_text()
    found, before = yaml.safe_load(text), yaml.safe_load((project.root / "params.yaml").read_text())
    assert found["train"]["kernel"].pop("strength") == pytest.approx(best["train.kernel.strength"], abs=1e-4)
    assert found["train"]["kernel"].pop("centres") == best["train.kernel.centres"]
    del before["train"]["kernel"]["strength"], before["train"]["kernel"]["centres"]
    assert found == before


def test_the_test_side_has_no_say(project, searched, tmp_path):
    other = project.copy(tmp_path / "other")
    rows = pq.read_table(other.root / "data" / "split.parquet").to_pandas()
    tested = rows["split"] == "test"
    rows.loc[tested, "label"] = rows.loc[tested, "label"].map({"human": "ai", "ai": "human"})
    schema = pq.read_schema(other.root / "data" / "split.parquet")
    (other.root / "data" / "split.parquet").unlink()  # it may be a link into the cache
    pq.write_table(pa.Table.from_pandas(rows, schema, preserve_index=False), other.root / "data" / "split.parquet")
    said = other.run("bonafide", "search", "space.yaml", "--trials", 3).stdout
    assert " of 3: " not in said, "the search should have known all three trials"
    assert "best: " in said and searched[2].endswith(said)


@pytest.mark.parametrize(
    ("space", "why"),
    [
        ("features.n_fft: [256, 512]", "features.n_fft is not below 'train'"),
        ("train.kernel.stength: [1.0]", "train.kernel.stength is not a known setting"),
        ("train.dropout: {low: 0.5, high: 0.1}", "train.dropout: low must be less than high"),
        ("train.dropout: {low: 0.1}", "high is missing"),
        ("train.dropout: []", "train.dropout must be a list"),
        ("- train", "must hold keys"),
        ("train.dropout: [0.1, b]", "train.dropout must be a list of values of one kind"),
    ],
)
def test_a_space_that_is_none_is_refused_in_a_sentence(tmp_path, space, why):
    (tmp_path / "space.yaml").write_text(space)
    with pytest.raises(UserError, match=re.escape(why)):
        read_space(tmp_path / "space.yaml", yaml.safe_load((ROOT / "params.yaml").read_text()))


def test_a_project_without_features_says_what_to_run(project, tmp_path):
    said = project.copy(tmp_path / "bare")
    (said.root / "data" / "split.parquet").unlink()
    error = said.run("bonafide", "search", "space.yaml", code=1).stderr
    assert "data/split.parquet is not there: run `dvc repro features` first" in error and "Traceback" not in error
