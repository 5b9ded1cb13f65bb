"""Charts of a corpus as inline SVG: spectra and histograms of its classes; see `bonafide.report.charts`."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from bonafide.drawing.axes import hertz_text, nice_ticks
from bonafide.drawing.svg import Markup
from bonafide.report.charts import steps
from bonafide.report.plane import Plane, axes, chart
from bonafide.report.rows import Line, Mark
from bonafide.text import decimal, percent, printable

BINS = 24
TAIL = 0.5  # per cent of the values at each end that a histogram puts into its outer bins
KINDS = {"human": "human", "ai": "AI"}
MOST_VALUES = 10  # of a chart of shares


def spectra(hertz: np.ndarray, bands: Mapping[str, np.ndarray]) -> Markup:
    """Return the median spectrum of each class with where eight of ten clips lie.

    Parameters
    ----------
    hertz : np.ndarray, shape=(n,)
    bands : mapping of str to np.ndarray, shape=(3, n)
        By class, the 10th, 50th and 90th percentile in decibels.
    """
    levels = np.concatenate([each.ravel() for each in bands.values()])
    end = math.ceil(hertz[-1] / 1000) * 1000
    plane = Plane((0, end), (float(levels.min()) - 2, float(levels.max()) + 2))
    x_ticks = [(float(each), hertz_text(each)) for each in range(0, end + 1, 2000)]
    y_ticks = [(tick, decimal(tick, 0)) for tick in nice_ticks(*plane.y_range)]
    return chart(
        "Median spectrum of each class, with the 10th and the 90th percentile of its clips",
        axes(plane, x_ticks, y_ticks, "frequency", "level (dB)"),
        *(plane.spread(hertz.tolist(), low.tolist(), high.tolist(), name) for name, (low, _, high) in bands.items()),
        *(plane.line(hertz.tolist(), each[1].tolist(), name) for name, each in bands.items()),
    )


def histogram(values: Mapping[str, Sequence[float]], name: str, unit: str) -> Markup:
    """Return how `values`, by class, are spread: the share of each class in bins of one width."""
    everything = np.concatenate([np.asarray(each, float) for each in values.values()])
    low, high = (float(each) for each in np.percentile(everything, [TAIL, 100 - TAIL]))
    edges = np.linspace(low, max(high, low + 1e-3), BINS + 1)
    shares = {
        label: np.histogram(np.clip(each, edges[0], edges[-1]), edges)[0] / max(1, len(each))
        for label, each in values.items()
    }
    top = float(max(share.max() for share in shares.values()))
    plane = Plane((float(edges[0]), float(edges[-1])), (0, 1.1 * top))
    digits = 0 if edges[-1] - edges[0] >= 5 else 1
    return chart(
        f"Histogram of the {name}: share of each class's clips",
        axes(
            plane,
            [(tick, decimal(tick, digits)) for tick in nice_ticks(*plane.x_range)],
            [(tick, percent(tick)) for tick in nice_ticks(0, top)],
            f"{name} ({unit})",
            "of the class",
        ),
        *(steps(plane, edges, share, label) for label, share in shares.items()),
    )


def share_lines(counts: Sequence[Mapping[str, object]]) -> list[Line]:
    """Return a line for each value of a column: the share of each class that has it.

    Parameters
    ----------
    counts : sequence of mapping
        With ``value``, ``human clips`` and ``ai clips``, those with most clips first.
    """
    totals = {label: sum(_count(row, label) for row in counts) for label in KINDS}
    lines = []
    for row in counts[:MOST_VALUES]:
        marks = [
            Mark(label, f"of the {name} clips", _count(row, label) / totals[label])
            for label, name in KINDS.items()
            if totals[label]
        ]
        lines.append(Line(printable(row["value"] or "not said"), "", marks))
    return lines


def probe_lines(aucs: Mapping[str, float]) -> list[Line]:
    """Return a line for each probe with its AUC, the strongest first."""
    ordered = sorted(aucs.items(), key=lambda item: -item[1])
    return [Line(name, "", [Mark("plain", "AUC", share, as_number=True)]) for name, share in ordered]


def _count(row: Mapping[str, object], label: str) -> int:
    return int(str(row[f"{label} clips"]))
