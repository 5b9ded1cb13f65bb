"""The figures in README and docs are those of the committed tables."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bonafide.detection.detector import Detector
from bonafide.scoring.exported import facts_as_json

ROOT = Path(__file__).parents[2]


def committed(name):
    return json.loads((ROOT / "metrics" / f"{name}.json").read_text())


def figures(page, name):
    """Return the block of figures of a page."""
    (text,) = re.findall(rf"<!-- figures: {name} -->(.*?)<!-- end -->", (ROOT / page).read_text(), re.DOTALL)
    return text


def protocol():
    return pd.read_csv(ROOT / "docs" / "protocol.csv")


def near(text, values):
    """Whether the figures of a text are `values` to two places."""
    shown = [float(each) for each in re.findall(r"-?\d\.\d\d", text)]
    return shown == pytest.approx(list(values), abs=0.00501)


def test_the_readme_shows_the_figures_of_the_packaged_detector():
    card = Detector("packaged").facts.card["held_out"]
    rows = dict(re.findall(r"^\| (.*?) \| (\d\.\d\d) \|$", figures("README.md", "packaged"), re.MULTILINE))
    names = ("auc", "within_source_auc", "fpr", "fnr", "answered", "right_of_answered")
    assert [float(each) for each in rows.values()] == pytest.approx([card[name] for name in names], abs=0.00501)
    (interval,) = re.findall(r"^\| equal error rate .*? \| (.*?) \|$", figures("README.md", "packaged"), re.MULTILINE)
    assert near(interval, [card["eer"], card["eer_low"], card["eer_high"]])


def test_limits_shows_what_is_missed_of_each_family():
    missed = Detector("packaged").facts.card["missed"]
    rows = dict(re.findall(r"^\| (.*?) \| (\d\.\d\d) \|$", figures("docs/limits.md", "families"), re.MULTILINE))
    assert {name: float(share) for name, share in rows.items()} == pytest.approx(missed, abs=0.00501)


def test_the_card_in_docs_is_that_of_the_packaged_detector():
    shown = json.loads((ROOT / "docs" / "packaged.json").read_text(encoding="utf-8"))
    assert shown == json.loads(json.dumps(facts_as_json(Detector("packaged").facts)))


def test_method_shows_every_row_of_the_protocol():
    rows = protocol()
    shown = re.findall(
        r"^\| (.*?) \| (?:dev|folds|tests) \| (.*) \|$", figures("docs/method.md", "protocol"), re.MULTILINE
    )
    assert [name for name, _ in shown] == list(rows["name"])
    columns = ["pooled EER", "low", "high", "within-source AUC", "balanced accuracy", "human-only false alarms"]
    assert all(near(text, row) for (_, text), row in zip(shown, rows[columns].to_numpy(), strict=True))


def test_own_detector_shows_what_adapting_gives():
    table = pd.read_csv(ROOT / "docs" / "adapting.csv").set_index(["own clips", "detector"])
    shown = re.findall(r"^\| (\d+) \| (.*) \|$", figures("docs/own-detector.md", "adapting"), re.MULTILINE)
    assert [int(count) for count, _ in shown] == sorted({count for count, _ in table.index} - {0})
    for count, text in shown:
        both = [
            table.loc[(int(count), name), ["EER", "difference", "low", "high"]] for name in ("adapted", "from scratch")
        ]
        assert near(text, [table.loc[(0, "packaged"), "EER"], *both[0], *both[1]])


def test_limits_shows_what_every_condition_adds():
    table = pd.read_csv(ROOT / "docs" / "robustness.csv").set_index("condition").drop("clean")
    shown = re.findall(r"^\| (.*?) \| (-?\d.*?\)) \|$", figures("docs/limits.md", "robustness"), re.MULTILINE)
    assert [name for name, _ in shown] == list(table.index)
    assert all(near(text, table.loc[name, ["difference", "low", "high"]]) for name, text in shown)


def test_train_shows_the_figures_of_the_demo():
    measured, intervals = committed("metrics"), committed("intervals")
    pattern = r"^\| .*?\(`([a-z0-9_.]+)`\) \| ([\d.]+) \| ([\d.]+) to ([\d.]+) \|$"
    rows = re.findall(pattern, figures("docs/train.md", "demo"), re.MULTILINE)
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
    given.add("packaged")  # beside the adapted one, with an interval of its own
    assert intervals.keys() - differences == details.keys() - given


def update_figures(root, *options):
    return subprocess.run([sys.executable, root / "tools" / "update-figures", *options], capture_output=True, text=True)


def test_all_figures_are_what_the_tool_writes():
    done = update_figures(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_figure_that_has_changed_is_seen_and_written_anew(tmp_path):
    for name in ("tools", "docs", "metrics"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    table = tmp_path / "docs" / "robustness.csv"
    table.write_text(re.sub(r"^GSM,.*$", "GSM,9,0.9,0.9,0.77,0.66,0.88", table.read_text(), flags=re.MULTILINE))
    stale = update_figures(tmp_path, "--check")
    assert stale.returncode == 1 and "docs/limits.md" in stale.stderr and "README" not in stale.stderr
    assert update_figures(tmp_path).stdout == "docs/limits.md: new figures\n"
    assert "| GSM | 0.77 (0.66 to 0.88) |" in (tmp_path / "docs" / "limits.md").read_text()


def test_corpora_counts_the_public_clips():
    table = pd.read_csv(ROOT / "corpora" / "public-voices.csv", dtype=str)
    text = (ROOT / "docs" / "corpora.md").read_text()
    assert f"lists {len(table):,} clips of {table['repo'].nunique()} repositories" in text
