"""Slices and conditions as lines of dot-and-interval charts."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bonafide.report.rows import Line, Mark
from bonafide.text import decimal, ends_of, known, listed

# In the order of the page: what a slice is called there, and what its lines mean.
TITLES = {
    "generator": "Generator",
    "family": "Family of the generator",
    "source": "Source",
    "language": "Language",
    "gender": "Gender as labelled",
    "pitch_hz": "Pitch of the voice",
    "seconds": "Length of the file",
    "snr_db": "Signal to noise",
    "level_dbfs": "Level of the file",
    "native_format": "Format of the file",
    "speaker": "Speaker",
    "speaker_seen": "Speaker heard in training",
    "source_seen": "Source heard in training",
    "generator_seen": "Generator heard in training",
}
BANDS = ("pitch_hz", "seconds", "snr_db", "level_dbfs")  # their values are spans of numbers
SHIFTED = 0.5  # nats by which a condition moves the mean llr of a class, from which the chart says so
MOST_LINES = 16  # of one chart; the rest is in the table on disk
RATES = {"human": ("fpr", "human clips wrongly flagged"), "ai": ("fnr", "AI clips missed")}


@dataclass(frozen=True)
class Slice:
    """One slice of the test side: a chart and what was left out of it."""

    title: str
    lines: list[Line]
    left_out: int


def slices_of(table: pd.DataFrame) -> tuple[list[Slice], list[tuple[str, str]]]:
    """Return the slices to draw, and those in which all clips have one value, as (title, value)."""
    charts, alone = [], []
    for name in [*TITLES, *sorted(set(table["slice"]) - TITLES.keys())]:
        rows = table[table["slice"] == name].to_dict("records")
        title = TITLES.get(name, name)
        if len(rows) == 1 and name != "generator":
            alone.append((title, _value(rows[0])))
        elif rows:
            largest = sorted(_largest(rows), key=_start) if name in BANDS else _largest(rows)
            charts.append(Slice(title, [line_of(row) for row in largest], len(rows) - len(largest)))
    return charts, alone


def line_of(row: dict[str, Any]) -> Line:
    """Return the line of one slice: the error rate of each class that it has clips of."""
    counts = ", ".join(
        f"{row[f'clips_{label}']} {name}" for label, name in (("human", "human"), ("ai", "AI")) if row[f"clips_{label}"]
    )
    return Line(_value(row), counts, marks_of(row), small=bool(row["small"]))


def marks_of(row: dict[str, Any]) -> list[Mark]:
    """Return the false-positive and false-negative rate of a row, as far as it has them."""
    return [
        Mark(kind, what, float(row[rate]), ends_of(row, rate))
        for kind, (rate, what) in RATES.items()
        if known(row.get(rate)) is not None
    ]


def conditions_of(table: pd.DataFrame) -> list[tuple[str, list[Line]]]:
    """Return the lines of the robustness sweep by group, in the order of the table."""
    return [
        (str(group), [_condition(row) for row in rows.to_dict("records")])
        for group, rows in table.groupby("group", sort=False)
    ]


def _condition(row: dict[str, Any]) -> Line:
    eer = known(row["eer"])
    note = "" if eer is None else f"EER {100 * eer:.0f} %"
    shifts = [(name, known(row.get(f"shift_{label}"))) for label, name in (("human", "human"), ("ai", "AI"))]
    moved = [f"{decimal(shift, 1)} {name}" for name, shift in shifts if shift is not None and abs(shift) >= SHIFTED]
    note += f", llr moved by {listed(moved)}" if moved else ""
    refused = f", {row['refused']} refused" if row.get("refused") else ""
    return Line(str(row["condition"]), f"{note}{refused}".strip(", "), marks_of(row))


def probes_of(audit: dict[str, Any]) -> dict[str, list[Line]]:
    """Return the lines of the audit's probes by view, the strongest on test first."""
    return {
        view: [_probe(name, probe) for name, probe in sorted(probes.items(), key=_strength)]
        for view, probes in audit["probes"].items()
    }


def _probe(name: str, probe: dict[str, Any]) -> Line:
    marks = [Mark("plain", "AUC on test", probe["auc"], ends_of(probe), as_number=True)]
    if known(probe.get("train_auc")) is not None:
        marks.append(Mark("train", "AUC inside train", probe["train_auc"], as_number=True, note="inside train"))
    return Line(name, "", marks)


def _strength(item: tuple[str, dict[str, Any]]) -> tuple[float, str]:
    return -abs(item[1]["auc"] - 0.5), item[0]


def _value(row: dict[str, Any]) -> str:
    return {"False": "no", "True": "yes"}.get(str(row["value"]), str(row["value"]))


def _start(row: dict[str, Any]) -> float:
    """Where a band such as "20 to 30 dB" starts; that of "below 20 dB" is the lowest."""
    first = row["value"].partition(" ")[0]
    return -math.inf if first == "below" else float(first)


def _largest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All rows, or those with most clips where they are too many."""
    if len(rows) <= MOST_LINES:
        return rows
    largest = sorted(rows, key=lambda row: -(row["clips_human"] + row["clips_ai"]))[:MOST_LINES]
    return [row for row in rows if any(row is each for each in largest)]
