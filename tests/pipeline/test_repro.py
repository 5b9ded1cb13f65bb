"""What `dvc repro` runs again after a change, and what it says of a user's mistake."""

import json
import shutil

import pytest

from .conftest import downstream


def directly_changed(project):
    """Return the stages of dvc.yaml whose own deps, params or outs differ from dvc.lock."""
    return set(json.loads(project.dvc("status", "--json").stdout)) & project.stages().keys()


def test_the_first_run_runs_every_stage(reproduced):
    assert set(reproduced.first_run) == set(reproduced.stages())


def test_a_second_run_runs_no_stage(project):
    assert project.repro() == []
    assert project.git("status", "--porcelain").stdout == ""


def test_the_kernel_concerns_the_training_and_what_needs_the_model(slower):
    assert set(slower.second_run) == downstream(slower.stages(), "train")
    assert {"train", "export", "evaluate"} <= set(slower.second_run)
    assert not {"catalog", "split", "prepare", "augment", "features"} & set(slower.second_run)


@pytest.mark.slow
def test_settings_of_the_audit_train_nothing_anew(project):
    project.set("audit", warn_above=0.99)
    assert directly_changed(project) == {"audit", "report"}
    assert project.repro("train") == ["audit"]
    assert directly_changed(project) == {"report"}


@pytest.mark.slow
def test_the_length_of_a_crop_changes_no_features_without_statistics(project):
    project.set("train", crop_seconds=3)
    assert directly_changed(project) == {"features", "train", "report"}
    assert project.repro("features") == ["features"]
    assert directly_changed(project) == {"train", "report"}, "its parts are as they were"


@pytest.mark.slow
def test_the_settings_of_a_network_that_was_not_chosen_concern_nothing(project):
    project.set("train", cnn={"dropout": 0.5})
    assert directly_changed(project) == set()
    done = project.run(*project.stage_command("train"))
    assert "train.cnn is not used by the network statistics\n" in done.stdout


@pytest.mark.slow
def test_the_bands_concern_the_features_and_what_comes_after(project):
    project.set("features", f_max=7000)
    assert directly_changed(project) == {"features", "train", "export", "report"}
    assert project.repro("features") == ["features"]
    assert directly_changed(project) == {"train", "export", "report"}


def test_a_change_of_the_code_concerns_the_stages_that_use_it(project):
    module = project.root / "bonafide" / "audio" / "spectrogram.py"
    module.write_text(module.read_text() + "# a comment\n")
    users = {name for name, stage in project.stages().items() if "bonafide/audio/spectrogram.py" in stage["deps"]}
    assert {"features", "train", "export", "evaluate"} <= users
    assert not {"catalog", "split", "prepare", "augment"} & users
    assert directly_changed(project) == users


def test_recomputed_features_are_the_same_bytes(project):
    before = project.outs()["data/features"]
    module = project.root / "bonafide" / "audio" / "spectrogram.py"
    module.write_text(module.read_text() + "# a comment\n")
    assert project.repro("features") == ["features"]
    assert project.outs()["data/features"] == before


def test_a_deleted_clip_changes_one_part(project):
    def parts(folder):
        return {path.name: path.read_bytes() for path in (project.root / "data" / folder).glob("*.parquet")}

    before = parts("clips")
    victim = sorted((project.root / "data" / "raw" / "human").rglob("*.flac"))[0]
    table = project.root / "data" / "raw" / "clips.csv"
    lines = table.read_text().splitlines(keepends=True)
    name = victim.relative_to(project.root / "data" / "raw").as_posix()
    table.write_text("".join(line for line in lines if not line.startswith(f"{name},")))
    victim.unlink()
    assert project.repro("prepare") == ["catalog", "prepare"]
    after = parts("clips")
    assert before.keys() == after.keys() and len(before) == 3
    assert sum(before[part] != after[part] for part in before) == 1


@pytest.mark.parametrize("stage", ["catalog", "split", "train", "evaluate"])
def test_an_unknown_setting_is_named_without_a_traceback(project, stage):
    section = "audio" if stage == "catalog" else stage
    project.set(section, colour="green")
    done = project.run(*project.stage_command(stage), code=1)
    assert f"params.yaml: {section}.colour is not a known setting" in done.stderr
    assert "Traceback" not in done.stderr


def test_dvc_says_so_too(project):
    project.set("split", colour="green")
    done = project.dvc("repro", "split", code=255)
    assert "split.colour is not a known setting" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_class_without_clips_ends_with_a_clear_error(project):
    raw = project.root / "data" / "raw"
    shutil.rmtree(raw / "ai")
    (raw / "ai").mkdir()
    table = raw / "clips.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if not line.startswith("ai/")))
    done = project.run(*project.stage_command("catalog"), code=1)
    assert "no usable clip is labelled 'ai'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_corpus_that_cannot_be_split_ends_with_a_clear_error(project):
    table = project.root / "data" / "raw" / "clips.csv"
    head, *lines = table.read_text().splitlines(keepends=True)
    table.write_text(head + "".join(line.replace("prompts-es-co,", "codec2,") for line in lines))
    project.set("split", group="source")
    done = project.dvc("repro", "split", code=255)
    said = done.stdout + done.stderr
    assert "by source" in said and "Traceback" not in said
