"""The figures in the README are those of the committed tables."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
SHOWN = {
    "equal error rate, pooled": ["pooled EER", "low", "high"],
    "the same, mean over folds": ["mean fold EER", "sd"],
    "AUC within sources": ["within-source AUC"],
    "balanced accuracy": ["balanced accuracy, decisive"],
    "people called ai": ["human-only false alarms, decisive"],
}


def committed(name):
    return json.loads((ROOT / "metrics" / f"{name}.json").read_text())


@pytest.mark.parametrize("line", SHOWN)
def test_the_readme_shows_the_figures_of_the_protocol(line):
    table = pd.read_csv(ROOT / "docs" / "protocol.csv")
    ours = table[table["name"] == "statistics and kernel (packaged), the demo corpus beside it"]
    (text,) = re.findall(rf"^\| {line}.*?\| (.*?) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert re.findall(r"\d\.\d\d", text) == [f"{value:.2f}" for value in ours.iloc[0][SHOWN[line]]]


def test_the_readme_shows_what_conditions_add():
    table = pd.read_csv(ROOT / "docs" / "robustness.csv").set_index("condition")["difference"]
    text = (ROOT / "README.md").read_text().partition("| added to")[2].partition("\n\n")[0]
    shown = re.findall(r"^\| (.*?) \| (\d\.\d\d) \|$", text, re.MULTILINE)
    assert len(shown) == 12
    assert shown == [(name, f"{table[name]:.2f}") for name, _ in shown]


def test_the_readme_shows_the_figures_of_the_demo():
    measured, intervals = committed("metrics"), committed("intervals")
    pattern = r"^\| .*?\(`([a-z0-9_.]+)`\) \| ([\d.]+) \| ([\d.]+) to ([\d.]+) \|$"
    rows = re.findall(pattern, (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(rows) == 8
    for name, *shown in rows:
        ends = intervals[name]
        assert shown == [f"{each:.3f}" for each in (measured[name], ends["low"], ends["high"])], name


def test_the_committed_files_of_the_demo_say_the_same():
    headline, details, intervals = committed("metrics"), committed("details"), committed("intervals")
    assert headline.items() < details.items()
    differences = {name for name in intervals if name.startswith("female - male.")}
    # The rates of families have theirs in slices.csv.
    # Neither have answers, and the band is given.
    starts = ("clips_", "fnr_of_", "answered", "right_of_", "band_")
    given = {name for name in details if name.startswith(starts) or name.endswith("threshold")}
    assert intervals.keys() - differences == details.keys() - given
