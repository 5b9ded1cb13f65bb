"""The figures in the README are those of the committed tables."""

import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
SHOWN = {
    "equal error rate, pooled": ["pooled EER", "low", "high"],
    "the same, mean over folds": ["mean fold EER", "sd"],
    "AUC within sources": ["within-source AUC"],
    "balanced accuracy": ["balanced accuracy"],
    "people called ai": ["human-only false alarms"],
}


@pytest.mark.parametrize("line", SHOWN)
def test_the_readme_shows_the_figures_of_the_protocol(line):
    table = pd.read_csv(ROOT / "docs" / "protocol.csv")
    ours = table[(table["name"] == "statistics and kernel (default)") & (table["calibrated by"] == "the other folds")]
    (text,) = re.findall(rf"^\| {line}.*?\| (.*?) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert re.findall(r"\d\.\d\d", text) == [f"{value:.2f}" for value in ours.iloc[0][SHOWN[line]]]
