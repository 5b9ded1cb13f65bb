"""The network that the project's own params.yaml chooses trains, is exported and says what it heard."""

import json

import pytest
import yaml

from bonafide.scoring.exported import Scorer

from .conftest import ROOT

pytestmark = pytest.mark.slow  # the network is the largest of all


@pytest.fixture(scope="module")
def by_default(reproduced, tmp_path_factory):
    """The small corpus, with the features and the network of the project's own params.yaml."""
    project = reproduced.copy(tmp_path_factory.mktemp("default") / "project")
    own = yaml.safe_load((ROOT / "params.yaml").read_text())
    project.set("features", **own["features"])
    project.set("train", model=own["train"]["model"], cnn={**own["train"]["cnn"], "epochs": 1})
    project.ran = project.repro()
    return project


def test_the_default_network_trains_on_both_spectrograms_and_scores_the_test_side(by_default):
    assert by_default.ran[:3] == ["features", "train", "export"] and by_default.ran[-1] == "report"
    facts = Scorer(by_default.root / "models" / "bonafide.onnx").facts
    assert facts.card["network"] == "joint"
    assert facts.spectrogram.scale == "mel" and facts.spectrogram.linear_n_ffts
    metrics = json.loads((by_default.root / "metrics" / "metrics.json").read_text())
    assert 0 <= metrics["auc"] <= 1
    assert by_default.repro() == []


def test_the_history_of_the_default_network_has_its_epochs(by_default):
    lines = (by_default.root / "metrics" / "history.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,loss,dev_loss") and len(lines) == 2
