"""The look of what is drawn, the same on the page and in the picture."""

import re
from collections.abc import Mapping

LIGHT = {
    "paper": "#fff",
    "ink": "#1b2330",
    "soft": "#5b6675",
    "line": "#dfe4ea",
    "panel": "#f5f7f9",
    "human": "#1668c1",
    "ai": "#c2480a",
    "unsure": "#8a6d1f",
}
DARK = {
    "paper": "#12161c",
    "ink": "#e6eaf0",
    "soft": "#9aa6b5",
    "line": "#2c3540",
    "panel": "#1a2028",
    "human": "#6cb0ff",
    "ai": "#ff9a5c",
    "unsure": "#d9b95b",
}
TONES = {"human": "human", "ai": "ai", "mixed": "unsure", "cannot tell": "unsure"}  # of a verdict
SHEET = """
.panel, .axis { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
.panel text, .axis text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.ground { fill: var(--panel); }
.shape-ai { fill: var(--ai); } .shape-human { fill: var(--human); } .shape-unsure { fill: var(--unsure); }
.outline { fill: var(--soft); }
.zero { stroke: var(--soft); vector-effect: non-scaling-stroke; }
.half { stroke: var(--soft); stroke-dasharray: 4 3; }
.part { fill: none; stroke: var(--ink); stroke-width: 2; }
.place { fill: none; stroke: #fff; stroke-width: 2; }
.place-edge { fill: none; stroke: #000; stroke-width: 4; }
.panel .number { fill: #fff; font-weight: 700; paint-order: stroke; stroke: #000; stroke-width: 3; }
.grid { stroke: var(--line); }
.curve { fill: none; stroke: var(--ink); stroke-width: 2; }
.band { fill: var(--unsure); fill-opacity: .16; }
.at { stroke: var(--soft); stroke-dasharray: 4 3; }
.here { stroke: var(--paper); stroke-width: 2; }
.panel .score { fill: var(--ink); font-size: 13px; font-weight: 600; paint-order: stroke; stroke: var(--paper);
  stroke-width: 5; stroke-linejoin: round; }
"""


def variables(colours: Mapping[str, str]) -> str:
    """Return `colours` as the variables that `SHEET` names."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def plain(sheet: str) -> str:
    """Return `sheet` with the light colours in place of variables, which programs other than browsers do not know."""
    return re.sub(r"var\(--(\w+)\)", lambda name: LIGHT[name[1]], sheet)
