"""The page shows the settings that made the detector, and none that had no say."""

from pathlib import Path

import yaml

from bonafide.report.run import used

TRAIN = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text())["train"]


def test_settings_of_networks_that_were_not_chosen_are_not_shown():
    for model, other in (("statistics", "cnn"), ("cnn", "statistics")):
        assert used({**TRAIN, "model": model}).keys() == TRAIN.keys() - {other}
