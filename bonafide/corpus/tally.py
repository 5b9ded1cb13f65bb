"""Counts of clips: by class, and by each value of a column."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bonafide.corpus.rows import LABELS, Row, Rows

GROUPS = ("source", "speaker", "generator", "family", "language")  # whose variety a class is judged by
OF_AI = ("generator", "family")
COLUMNS = ("source", "generator", "family", "language", "gender", "native_rate", "native_format", "license", "official")


def by_class(rows: Rows) -> list[dict[str, Any]]:
    """Return for each class its clips, the hours of those whose length is known, and how many of each group it has.

    Returns
    -------
    list of dict
        With ``class``, ``clips``, ``hours`` (None where no length is known) and, for each of `GROUPS`, its plural.
    """
    counted = []
    for label in LABELS:
        inside = [row for row in rows if row["label"] == label]
        variety = {plural(name): len(_values(inside, name)) for name in GROUPS}
        counted.append({"class": label, "clips": len(inside), "hours": _hours(inside), **variety})
    return counted


def by_value(rows: Rows, column: str) -> list[dict[str, Any]]:
    """Return for each value of `column` the clips and hours of each class, those with most clips first.

    Human clips have neither a generator nor a family and are left out there.

    Returns
    -------
    list of dict
        With ``value``, which is empty where it is not known, and ``human clips``, ``human hours`` and so on.
    """
    groups: dict[str, Rows] = {}
    for row in rows:
        if row["label"] == "ai" or column not in OF_AI:
            groups.setdefault(str(row.get(column) or ""), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"value": value, **_of_classes(inside)} for value, inside in ordered]


def sides_of(rows: Iterable[Row], column: str) -> dict[str, Counter[str]]:
    """Return for each value of `column` how many clips of each class it has."""
    sides: dict[str, Counter[str]] = {}
    for row in rows:
        sides.setdefault(row.get(column, ""), Counter())[row["label"]] += 1
    return sides


def unknown(rows: Rows, column: str, label: str) -> int:
    """Return how many clips of class `label` have no value of `column`."""
    return sum(not row.get(column) for row in rows if row["label"] == label)


def plural(name: str) -> str:
    """Return the plural of a column's name."""
    return "families" if name == "family" else f"{name}s"


def _of_classes(rows: Rows) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for label in LABELS:
        inside = [row for row in rows if row["label"] == label]
        facts |= {f"{label} clips": len(inside), f"{label} hours": _hours(inside)}
    return facts


def _values(rows: Rows, column: str) -> set[str]:
    return {row.get(column, "") for row in rows} - {""}


def _hours(rows: Rows) -> float | None:
    lengths = [row["seconds"] for row in rows if row.get("seconds")]
    return round(sum(lengths) / 3600, 4) if lengths or not rows else None
