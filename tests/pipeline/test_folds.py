"""`bonafide folds` trains and tests over the real stages, holding every source out once."""

import csv
import json
import re
import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bonafide import Detector

FOLDS = 2
pytestmark = pytest.mark.slow  # two networks and more, each from copies to figures


@pytest.fixture(scope="module")
def prepared(fresh):
    """The small corpus, each of codec2's speakers a source of its own: two folds need four human sources."""
    project = fresh("folds", BONAFIDE_WORKERS="2")
    table = project.root / "data" / "raw" / "clips.csv"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["source"] == "codec2":
            row["source"] = row["speaker"]
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    project.set("augment", copies=0)
    for stage in ("catalog", "prepare"):
        project.run(*project.stage_command(stage))
    return project


@pytest.fixture(scope="module")
def done(prepared):
    """The project, and what the command said."""
    return prepared, prepared.run("bonafide", "folds", "--by", "source", "--folds", FOLDS).stdout


def splits(project):
    found = sorted((project.root / ".bonafide" / "folds").glob("*/source-*/split.parquet"))
    assert len(found) == FOLDS
    return [pq.read_table(path).to_pandas() for path in found]


def test_the_table_has_a_row_for_each_fold(done):
    project, said = done
    rows = pd.read_csv(project.root / "metrics" / "folds.csv")
    assert rows[["held out", "fold", "seed"]].values.tolist() == [["source", 1, 1], ["source", 2, 1]]
    rates = rows[["eer", "auc", "accuracy", "fpr", "fnr", "hter", "auc_over_generators"]]
    assert rates.notna().all(axis=None) and rates.min(axis=None) >= 0 and rates.max(axis=None) <= 1
    assert rows["clips"].tolist() == [(split["split"] == "test").sum() for split in splits(project)]
    assert "sd over folds and seeds" in said
    for fold, eer in zip(rows["fold"], rows["eer"], strict=True):
        assert f"fold {fold}, seed 1: EER {eer:.3f}" in said


def test_every_source_and_every_clip_is_tested_once(done):
    tested = [split[split["split"] == "test"] for split in splits(done[0])]
    everything = pq.read_table(done[0].root / "data" / "catalog.parquet").to_pandas()
    for column in ("clip", "source"):
        values = [value for fold in tested for value in fold[column].unique()]
        assert sorted(values) == sorted(everything[column].unique())
    assert all(set(fold["label"]) == {"human", "ai"} for fold in tested)


def test_every_tested_clip_is_scored_through_a_codec_too(done):
    project, said = done
    for path in (project.root / ".bonafide" / "folds").glob("*/source-*/split.parquet"):
        rows = pq.read_table(path).to_pandas()
        coded = pq.read_table(path.with_name("coded.parquet")).to_pandas()
        assert set(coded["clip"]) == set(rows.loc[rows["split"] == "test", "clip"])
        assert coded["llr"].notna().any() and coded["condition"].nunique() > 3
    assert "pooled EER through codecs" in said


def test_a_folds_detector_carries_the_band_that_its_answers_are_counted_by(done):
    for path in (done[0].root / ".bonafide" / "folds").glob("*/source-*/details.json"):
        details = json.loads(path.read_text())
        facts = Detector(path.with_name("bonafide.onnx")).facts
        assert facts.band == (details["band_low"], details["band_high"])
        assert 0 <= details["answered"] <= 1 and 0 <= details.get("right_of_answered", 1) <= 1


def test_nothing_tested_was_trained_on(done):
    for split in splits(done[0]):
        sides = {side: split[split["split"] == side] for side in ("train", "dev", "test")}
        for column in ("clip", "source", "speaker", "generator"):
            values = [set(rows[column]) - {""} for rows in sides.values()]
            assert len(set.union(*values)) == sum(map(len, values)), f"two sides share a {column}"
        for rows in sides.values():
            assert set(rows["label"]) == {"human", "ai"}


def untimed(said):
    """Return what was said without how long each fold took and what time is left."""
    return re.sub(r"^(fold .*?);.*$", r"\1", said, flags=re.MULTILINE)


def test_a_second_run_reuses_the_folds(done):
    project, said = done
    models = sorted((project.root / ".bonafide" / "folds").rglob("*.keras"))
    before = [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in models]
    table = project.root / "metrics" / "folds.csv"
    first = table.read_text()
    table.unlink()
    again = project.run("bonafide", "folds", "--by", "source", "--folds", FOLDS).stdout
    assert "statistics of each" in said and "statistics of each" not in again
    assert untimed(again).endswith(untimed(said[said.index("fold 2, seed 1") :]))
    assert table.read_text() == first
    models = sorted((project.root / ".bonafide" / "folds").rglob("*.keras"))
    assert [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in models] == before
    assert len(models) == FOLDS


@pytest.fixture(scope="module")
def crossed(prepared):
    """The folder of three folds that were calibrated by each other, and what the command said."""
    said = prepared.run("bonafide", "folds", "--cross-fit", "--folds", 3).stdout
    (folder,) = (prepared.root / ".bonafide" / "folds").glob("*/cross-fitted")
    return folder, said


def sides_of(folder):
    split = pq.read_table(folder / "split.parquet").to_pandas()
    return {side: split[split["split"] == side] for side in ("train", "dev", "test", "dropped")}


def test_cross_fitting_wastes_no_clip_and_lets_none_judge_what_it_trained(crossed):
    folds = [sides_of(path.parent) for path in sorted(crossed[0].glob("source-*/details.json"))]
    pairs = {
        (low, high): sides_of(crossed[0] / f"source-{low}-and-{high}-of-3-seed-1")
        for low, high in ((1, 2), (1, 3), (2, 3))
    }
    assert len(folds) == 3
    assert all(sides["dev"].empty and len(sides["train"]) for sides in folds)
    for pair, sides in pairs.items():
        for number in pair:
            tested = folds[number - 1]["test"]
            for column in ("clip", "source", "speaker", "generator"):
                shared = set(sides["train"][column]) & set(tested[column]) - {""}
                assert not shared, f"the network of {pair} was trained on a {column} of fold {number}"


def test_the_release_is_trained_on_all_and_scores_a_file(crossed, prepared):
    prepared.run("bonafide", "release", "--folds", 3, "--out", "models/release.onnx")
    detector = Detector(prepared.root / "models" / "release.onnx")
    catalog = pq.read_table(prepared.root / "data" / "catalog.parquet").to_pandas()
    said = detector.facts.card
    assert sum(said["clips"].values()) == said["held_out"]["clips"] == len(catalog)
    assert {"answered", "right_of_answered"} <= set(said["held_out"]) or said["held_out"]["answered"] == 0
    assert detector.facts.band is not None
    assert said["sources"] == sorted(set(catalog["source"]))
    assert 0 <= detector.predict(prepared.root / "data" / "raw" / catalog["path"][0]).p_ai <= 1


def test_a_network_that_is_fitted_by_epochs_is_cross_fitted_and_released_too(prepared, tmp_path):
    project = prepared.copy(tmp_path / "project")
    shutil.rmtree(project.root / ".bonafide" / "folds", ignore_errors=True)
    project.set("features", scale="mel", n_bands=40)
    project.set("train", model="cnn", crop_seconds=1, cnn={"epochs": 1})
    said = project.run("bonafide", "folds", "--cross-fit", "--folds", 3).stdout
    assert "epoch 1 of 1: loss" in said and "dev AUC" not in said
    folds = sorted((project.root / ".bonafide" / "folds").glob("*/cross-fitted/source-*/details.json"))
    assert len({path.parents[2] for path in folds}) == 1 and len(folds) == 3
    assert not list((project.root / ".bonafide" / "folds").rglob("checkpoints"))
    project.run("bonafide", "release", "--folds", 3, "--out", "models/release.onnx")
    card = Detector(project.root / "models" / "release.onnx").facts.card
    assert card["network"] == "small" and card["held_out"]["folds"] == 3


def test_cross_fitting_two_folds_is_refused_in_a_sentence(prepared):
    said = prepared.run("bonafide", "folds", "--cross-fit", "--folds", 2, code=1).stderr
    assert "cross-fitting needs 3 folds or more" in said and "Traceback" not in said


def test_too_many_folds_are_refused_in_a_sentence(done):
    said = done[0].run("bonafide", "folds", "--by", "source", "--folds", 50, code=1).stderr
    assert "50 folds by source would leave one without a class" in said
    assert "Traceback" not in said
