"""Presets change what they say in params.yaml, and what they set runs through the pipeline."""

from pathlib import Path

import pytest
import yaml

from bonafide.pipeline.editing import read_settings, with_values
from bonafide.pipeline.presets import presets
from bonafide.scoring.exported import Scorer

from .conftest import SMALL, merged

ROOT = Path(__file__).parents[2]
PRESETS = {preset.name: preset for preset in presets(ROOT / "presets")}


def lines_without(text, values):
    """Return the lines of a params file that hold neither a changed setting nor a part of one."""
    names = tuple(f"{key.rpartition('.')[2]}:" for key in values)
    kept, inside = [], None
    for line in filter(str.strip, text.splitlines()):
        indent = len(line) - len(line.lstrip())
        if inside is not None and (indent > inside or (indent == inside and line.lstrip().startswith("- "))):
            continue
        inside = indent if line.lstrip().startswith(names) else None
        if inside is None:
            kept.append(line)
    return kept


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_changes_what_it_lists_and_never_the_corpus(bare, name):
    said = bare.run("bonafide", "preset", name).stdout
    before, after = (ROOT / "params.yaml").read_text(), (bare.root / "params.yaml").read_text()
    values = read_settings(PRESETS[name].path)
    assert yaml.safe_load(after) == with_values(yaml.safe_load(before), values)
    assert not [key for key in values if key.startswith("corpus.")]
    assert all(key in said for key in values) and "`git checkout params.yaml` goes back" in said
    differing = [
        key for key in values if with_values(yaml.safe_load(before), {key: values[key]}) != yaml.safe_load(before)
    ]
    assert differing == list(values), "a preset holds only what differs from the project's own params.yaml"
    assert set(lines_without(before, values)) == set(lines_without(after, values)), "comments and layout stay"


@pytest.fixture
def bare(tmp_path):
    """A folder with the project's own params.yaml and presets, and nothing else."""
    from .conftest import Project

    project = Project(tmp_path / "bare", tmp_path / "site")
    (project.root / "presets").mkdir(parents=True)
    for path in ("params.yaml", *(f"presets/{name}.yaml" for name in PRESETS)):
        (project.root / path).write_text((ROOT / path).read_text())
    project.environment["PYTHONPATH"] = str(ROOT)
    return project


def test_without_a_name_all_are_listed_with_what_they_are_for(bare):
    lines = bare.run("bonafide", "preset").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == sorted(PRESETS)
    assert all(len(line.partition(": ")[2]) > 20 for line in lines)


def test_an_unknown_preset_or_key_is_refused_in_a_sentence(bare):
    said = bare.run("bonafide", "preset", "cnm", code=1).stderr
    assert said == f"bonafide: there is no preset 'cnm'; there is {', '.join(sorted(PRESETS))}\n"
    (bare.root / "presets" / "own.yaml").write_text("# ours\ntrain.cnn.colour: 3\n")
    said = bare.run("bonafide", "preset", "own", code=1).stderr
    assert said == "bonafide: presets/own.yaml: train.cnn.colour is not a known setting\n"
    assert (bare.root / "params.yaml").read_text() == (ROOT / "params.yaml").read_text()
    (bare.root / "params.yaml").unlink()
    assert "params.yaml does not exist" in bare.run("bonafide", "preset", "small", code=1).stderr


@pytest.mark.slow
def test_dvc_sets_one_thing_more_on_top_of_a_preset(project):
    project.set("train", model="cnn")
    small = yaml.safe_load((project.root / "params.yaml").read_text())
    project.run("bonafide", "preset", "small")
    project.dvc("exp", "run", "-S", "train.cnn.epochs=1", "-S", "train.cnn.dropout=0.2", "train")
    after = yaml.safe_load((project.root / "params.yaml").read_text())
    own = {"train.cnn.epochs": 1, "train.cnn.dropout": 0.2}
    assert after == with_values(small, {**read_settings(PRESETS["small"].path), **own})
    history = (project.root / "metrics" / "history.csv").read_text().splitlines()
    assert len(history) == 2 and "dev_auc" in history[0]


@pytest.mark.slow
def test_the_preset_of_the_student_project_trains_and_exports(project):
    project.set("features", n_fft=1024, n_bands=256, scale="mel")
    project.set("train", model="cnn")
    project.run("bonafide", "preset", "seed")
    params = yaml.safe_load((project.root / "params.yaml").read_text())
    assert merged(params, {"corpus": SMALL["corpus"]}) == params, "what the project had set stays"
    project.set("train", cnn={"epochs": 1})
    project.set("augment", copies=1)
    assert project.repro("export") == ["augment", "features", "train", "export"]
    facts = Scorer(project.root / "models" / "bonafide.onnx").facts
    assert (facts.spectrogram.n_bands, facts.spectrogram.hop_length) == (256, 64)
    assert facts.card["network"] == "seed"
