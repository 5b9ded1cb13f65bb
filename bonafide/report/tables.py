"""Tables of the report: equal error rates by generator and family, and what the telephone does to the thresholds."""

from typing import Any

import pandas as pd

from bonafide.report.rows import Mark
from bonafide.report.words import APART
from bonafide.text import ends_of, known, of_hundred, percent

SLICES = {"family": "Family", "generator": "Generator"}
# Conditions of `bonafide.evaluation.robustness` in which a call reaches a bank or a newsroom.
TELEPHONE = ("G.711 A-law", "G.711 µ-law", "GSM", "telephone band 300-3400 Hz")
RATES = ("fpr", "fnr", "eer")


def rates_by_maker(slices: pd.DataFrame) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return, for families and then for generators, a row of texts each: EER against all human clips, and misses."""
    tables = []
    for name, title in SLICES.items():
        counted = ~slices["value"].astype(str).str.endswith(APART)  # what is counted apart is no machine to miss
        rows = slices[(slices["slice"] == name) & (slices["clips_ai"] > 0) & counted].to_dict("records")
        if rows:
            tables.append((title, [_maker(row) for row in sorted(rows, key=_hardest)]))
    return tables


def telephone(robustness: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row of texts for the clips as they are and for each telephone condition; empty where none was measured.

    The errors are those at the threshold that was chosen on dev, for clips as they are, and carried over; the EER is
    what a threshold chosen for that condition, in hindsight, would leave of either error.
    """
    table = robustness.dropna(subset=list(RATES)).set_index("condition")
    lines = [name for name in TELEPHONE if name in table.index]
    if not lines:
        return []
    return [{"condition": name, **_rates(table.loc[name])} for name in ("clean", *lines) if name in table.index]


def telephone_text(robustness: pd.DataFrame) -> str:
    """Say what the carried-over threshold does on the telephone, beside the clips as they are; empty without it."""
    table = robustness.dropna(subset=list(RATES)).set_index("condition")
    on_it = table.loc[[name for name in TELEPHONE if name in table.index]]
    if on_it.empty:
        return ""
    clean = table.loc["clean"]
    return (
        f"At the threshold “balanced” it wrongly flags {_span(on_it['fpr'])} of 100 human calls"
        f" ({of_hundred(clean['fpr'])} of the clips as they are) and misses {_span(on_it['fnr'])} of 100 AI calls"
        f" ({of_hundred(clean['fnr'])}). A threshold chosen for such a line would leave {_span(on_it['eer'])} of 100 of"
        " either: where that is far below the two, choose one on calls of your own."
    )


def _maker(row: dict[str, Any]) -> dict[str, Any]:
    return {"name": row["value"], "clips": int(row["clips_ai"]), "small": bool(row["small"]), **_rates(row)}


def _rates(row: Any) -> dict[str, str]:  # noqa: ANN401 - a mapping or a row of pandas
    texts: dict[str, str] = {}
    for name in RATES:
        value = known(row.get(name))
        between = "" if value is None else Mark("plain", name, value, ends_of(row, name)).between()
        texts |= {name: percent(value), f"{name}_between": between}
    return texts


def _hardest(row: dict[str, Any]) -> tuple[float, str]:
    return -(known(row["eer"]) or 0.0), str(row["value"])


def _span(shares: pd.Series) -> str:
    low, high = of_hundred(float(shares.min())), of_hundred(float(shares.max()))
    return low if low == high else f"{low} to {high}"
