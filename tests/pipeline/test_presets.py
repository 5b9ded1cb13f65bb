"""The settings of the student project run through the pipeline of today."""

from pathlib import Path

import pytest
import yaml

from bonafide.scoring.exported import Scorer

from .conftest import SMALL

ROOT = Path(__file__).parents[2]
OWN = {"augment", "features", "train"}


@pytest.mark.parametrize(
    ("name", "own"), [("seed", OWN), ("cnn", {"features", "train"}), ("companions", {"corpus", "companions"})]
)
def test_the_preset_differs_where_it_says(name, own):
    params, preset = (yaml.safe_load((ROOT / path).read_text()) for path in ("params.yaml", f"presets/{name}.yaml"))
    assert list(preset) == list(params)
    assert {section for section in params if params[section] != preset[section]} == own
    for section in own:
        assert preset[section].keys() == params[section].keys()


def test_the_preset_trains_and_exports(project):
    preset = yaml.safe_load((project.root / "presets" / "seed.yaml").read_text())
    for section in preset.keys() - OWN:
        preset[section] |= SMALL.get(section, {})
    preset["train"] |= {"epochs": 1}
    (project.root / "params.yaml").write_text(yaml.safe_dump(preset, sort_keys=False))
    assert project.repro("export") == ["augment", "features", "train", "export"]
    facts = Scorer(project.root / "models" / "bonafide.onnx").facts
    assert (facts.spectrogram.n_bands, facts.spectrogram.hop_length) == (256, 64)
    assert facts.card["network"] == "seed"
