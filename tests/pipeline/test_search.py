"""`bonafide search` chooses settings of the training by dev alone, and an interrupted search goes on."""

import os
import re
import signal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bonafide.errors import UserError

pytest.importorskip("optuna", reason="needs Optuna: pip install -e '.[search]'")

from bonafide.training.search import search, written
from bonafide.training.space import read_space

ROOT = Path(__file__).parents[2]
SPACE = "train.statistics.strength: {low: 1.0, high: 100.0, log: true}\ntrain.statistics.centres: [5, 10]\n"


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
    assert table["train.statistics.strength"].between(1, 100).all() and set(table["train.statistics.centres"]) <= {
        5,
        10,
    }
    assert table["train.statistics.strength"].nunique() == 3
    assert table.set_index("trial").loc[[1]].equals(alone.set_index("trial"))
    assert "trial 1 of 1" in first and "trial 1 of" not in then and "trial 2 of 3" in then and "trial 3 of 3" in then


def test_the_best_becomes_a_params_file_with_its_comments(project, searched):
    best = pd.read_csv(project.root / "metrics" / "search.csv").iloc[0]
    text = (project.root / "params-found.yaml").read_text()
    found, before = yaml.safe_load(text), yaml.safe_load((project.root / "params.yaml").read_text())
    assert found["train"]["statistics"].pop("strength") == pytest.approx(best["train.statistics.strength"], abs=1e-4)
    assert found["train"]["statistics"].pop("centres") == best["train.statistics.centres"]
    del before["train"]["statistics"]["strength"], before["train"]["statistics"]["centres"]
    assert found == before


@pytest.mark.slow
def test_the_stage_trains_the_best_to_what_the_table_says(project, searched, tmp_path):
    best = pd.read_csv(project.root / "metrics" / "search.csv").iloc[0]
    other = project.copy(tmp_path / "other")
    (other.root / "params-found.yaml").replace(other.root / "params.yaml")
    other.run(*other.stage_command("train"))
    history = pd.read_csv(other.root / "metrics" / "history.csv")
    assert history["dev_auc"].max() == pytest.approx(best["dev AUC"], abs=1e-4)


def test_small_numbers_stay_numbers():
    text = written(ROOT / "params.yaml", {"train.cnn.learning_rate": 5e-05, "train.statistics.strength": 2e20})
    train = yaml.safe_load(text)["train"]
    assert (train["cnn"]["learning_rate"], train["statistics"]["strength"]) == (5e-05, 2e20)


@pytest.mark.slow
def test_a_table_elsewhere_gets_the_trials_that_were_known(project, searched):
    project.run("bonafide", "search", "space.yaml", "--trials", 3, "--table", "metrics/again.csv")
    assert (project.root / "metrics" / "again.csv").read_text() == (project.root / "metrics" / "search.csv").read_text()


def in_project(project, monkeypatch, tmp_path, trials):
    """Search in this process and return the trials."""
    monkeypatch.chdir(project.root)
    space = tmp_path / "widths.yaml"
    space.parent.mkdir(exist_ok=True)
    space.write_text("train.statistics.width: {low: 0.02, high: 0.5, log: true}\n")
    return search(Path("params.yaml"), space, trials=trials, seed=1, work=tmp_path / "work", tell=lambda tried: None)


def settings_of(tried):
    return [(trial.values, trial.auc, trial.eer) for trial in tried]


@pytest.mark.slow
def test_a_search_that_was_stopped_tries_what_it_would_have_tried(project, monkeypatch, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    whole = in_project(project, monkeypatch, tmp_path / "whole", 13)  # after ten by chance, they follow from the others
    assert len({trial.values["train.statistics.width"] for trial in whole}) == 13
    stopped = tmp_path / "stopped"
    for trials in (0, 1, 11):
        in_project(project, monkeypatch, stopped, trials)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr("bonafide.training.search.fit", interrupt)
            in_project(project, monkeypatch, stopped, 13)
    assert settings_of(in_project(project, monkeypatch, stopped, 13)) == settings_of(whole)


@pytest.mark.slow
def test_a_search_that_was_killed_while_it_wrote_goes_on(project, monkeypatch, tmp_path):
    first = in_project(project, monkeypatch, tmp_path, 2)
    (journal,) = (tmp_path / "work").iterdir()
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])  # in the middle of the line that ends the second trial
    Path(f"{journal}.lock").touch()
    again = in_project(project, monkeypatch, tmp_path, 3)
    assert settings_of(again[:2]) == settings_of(first) and len(again) == 3
    assert len(in_project(project, monkeypatch, tmp_path, 3)) == 3


def test_what_breaks_the_training_ends_the_search(project, monkeypatch, tmp_path):
    def broken(*_):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("bonafide.training.search.fit", broken)
    with pytest.raises(ZeroDivisionError, match="a defect"):
        in_project(project, monkeypatch, tmp_path, 2)


@pytest.mark.slow
def test_ctrl_c_leaves_one_sentence_and_the_trials(project):
    process = project.start("bonafide", "search", "space.yaml", "--trials", 500, "--seed", 2)
    while "trial 2 of 500" not in (line := process.stdout.readline()):
        assert line, process.communicate()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "bonafide: interrupted" in said and "Traceback" not in said, said
    command = ("bonafide", "search", "space.yaml", "--trials", 4, "--seed", 2, "--table", "t.csv", "--out", "t.yaml")
    then = project.run(*command).stdout
    assert "trial 1 of" not in then and "trial 2 of" not in then
    assert len(pd.read_csv(project.root / "t.csv")) == 4


@pytest.mark.slow
def test_features_of_other_settings_are_refused_in_a_sentence(project, tmp_path):
    other = project.copy(tmp_path / "other")
    other.set("features", n_bands=40, scale="mel")
    said = other.run("bonafide", "search", "space.yaml", code=1).stderr
    assert "data/features was made with other settings: run `dvc repro features` first" in said


@pytest.mark.slow
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
        ("train.statistics.stength: [1.0]", "train.statistics.stength is not a known setting"),
        ("train.statistics.width: {low: 0.5, high: 0.1}", "train.statistics.width: low must be less than high"),
        ("train.statistics.width: {low: 0.1}", "high is missing"),
        ("train.statistics.width: []", "train.statistics.width must be a list"),
        ("- train", "must hold keys"),
        (
            "train.statistics.width: {low: -1.0, high: 2.0}",
            "space.yaml: train.statistics.width: input should be greater",
        ),
        ("train.statistics.centres: {low: 8, high: 64}", "train.statistics.centres: input should be a valid integer"),
        ("train.statistics.centres: {low: 5.5, high: 9, whole: true}", "low and high must be whole"),
        ("train.statistics.width: {low: 0.1, high: .inf}", "train.statistics.width: low must be less than high"),
        ("train.statistics.width: [null]", "train.statistics.width must be a list"),
        ("train.statistics: [{centres: 3}]", "train.statistics must be a list"),
        ("train.model: [statistics, cnn]", "train.model is the same in all trials: set it in params.yaml"),
        ("train.crop_seconds: [2.0, 4.0]", "train.crop_seconds is the same in all trials: set it in params.yaml"),
        ("train.statistics.width: [0.1, b]", "train.statistics.width must be a list of values of one kind"),
        ("train.cnn.dropout: [0.1, 0.2]", "train.cnn.dropout is not used by the network statistics"),
    ],
)
def test_a_space_that_is_none_is_refused_in_a_sentence(tmp_path, space, why):
    (tmp_path / "space.yaml").write_text(space)
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    sections["train"]["model"] = "statistics"
    with pytest.raises(UserError, match=re.escape(why)):
        read_space(tmp_path / "space.yaml", sections)


def test_without_a_space_that_of_the_chosen_network_is_searched(project, monkeypatch, tmp_path):
    other = project.copy(tmp_path / "other")
    other.set("train", model="cnn")
    monkeypatch.chdir(other.root)
    assert search(Path("params.yaml"), None, trials=0, seed=1, tell=print) == []
    (other.root / "searches" / "cnn.yaml").unlink()
    with pytest.raises(UserError, match=r"searches/cnn\.yaml cannot be read"):
        search(Path("params.yaml"), None, trials=0, seed=1, tell=print)


@pytest.mark.parametrize("name", ["statistics", "cnn"])
def test_the_projects_own_spaces_can_be_searched(name):
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    sections["train"]["model"] = name
    assert len(read_space(ROOT / "searches" / f"{name}.yaml", sections)) == 5


@pytest.mark.slow
def test_a_project_without_features_says_what_to_run(project, tmp_path):
    said = project.copy(tmp_path / "bare")
    (said.root / "data" / "split.parquet").unlink()
    error = said.run("bonafide", "search", "space.yaml", code=1).stderr
    assert "data/split.parquet is not there: run `dvc repro features` first" in error and "Traceback" not in error
