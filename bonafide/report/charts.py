"""Charts of the scores as inline SVG: pure functions from numbers to markup.

Colours come from the page's style sheet by class, so that one chart serves light, dark and paper. What a pointer
rests on is told by the element's title: no script is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
import pandas as pd

from bonafide.drawing.axes import nice_ticks
from bonafide.drawing.svg import Markup, element, group, path
from bonafide.scoring.curve import det_curve
from bonafide.scoring.measures import reliability
from bonafide.text import decimal, percent

WIDTH, HEIGHT = 400.0, 310.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 14.0, 46.0
BINS = 40  # of the histogram
DET_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Plane:
    """The area that a chart is drawn in, and where numbers lie on it."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """Return the place of `value` along the x axis; what lies outside is moved to the edge."""
        return LEFT + (WIDTH - LEFT - RIGHT) * _share(value, self.x_range)

    def y(self, value: float) -> float:
        """Return the place of `value` along the y axis, upwards; what lies outside is moved to the edge."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * _share(value, self.y_range)

    def line(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> Markup:
        """Return a line through points."""
        points = [(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)]
        return element("path", d=path(points), class_=f"line {kind}")

    def dot(self, x: float, y: float, kind: str, title: str, radius: float = 5.0) -> Markup:
        """Return a dot that tells `title` to a pointer."""
        return element("circle", element("title", title), cx=self.x(x), cy=self.y(y), r=radius, class_=f"dot {kind}")


def roc(llr: np.ndarray, human: np.ndarray, thresholds: Mapping[str, float]) -> Markup:
    """Return the ROC curve with the operating points of `thresholds`.

    Parameters
    ----------
    llr : np.ndarray, shape=(n,)
    human : np.ndarray, shape=(n,), bool
    thresholds : mapping
        Names and llrs.
    """
    _, fpr, fnr = det_curve(llr, human)
    plane = Plane((0, 1), (0, 1))
    ticks = [(share, percent(share)) for share in SHARES]
    return _chart(
        "ROC curve: share of AI clips caught against share of human clips wrongly flagged",
        axes(plane, ticks, ticks, "human clips wrongly flagged", "AI clips caught"),
        plane.line([0, 1], [0, 1], "chance"),
        plane.line(fpr.tolist(), (1 - fnr).tolist(), "main"),
        *(
            plane.dot(x, 1 - y, f"preset-{name}", _operating(name, x, y))
            for name, (x, y) in operating_points(llr, human, thresholds).items()
        ),
    )


def det(llr: np.ndarray, human: np.ndarray, thresholds: Mapping[str, float], eer: float) -> Markup:
    """Return the DET curve on probit axes, with the operating points of `thresholds` and the equal error rate."""
    _, fpr, fnr = det_curve(llr, human)
    low = det_limit(human)
    limits = (probit(low), probit(1 - low))
    plane = Plane(limits, limits)
    ticks = [(probit(share), _tick(share)) for share in DET_TICKS if low <= share <= 1 - low]
    place = partial(_probit_within, limit=low)
    points = operating_points(llr, human, thresholds)
    return _chart(
        "DET curve: share of AI clips missed against share of human clips wrongly flagged, both axes by probit",
        axes(plane, ticks, ticks, "human clips wrongly flagged (%)", "AI clips missed (%)"),
        plane.line(limits, limits, "chance"),
        plane.line([place(x) for x in fpr], [place(y) for y in fnr], "main"),
        plane.dot(place(eer), place(eer), "hollow", f"equal error rate: {percent(eer)}", 6.0),
        *(plane.dot(place(x), place(y), f"preset-{name}", _operating(name, x, y)) for name, (x, y) in points.items()),
    )


def probit(share: float) -> float:
    """Return the normal deviate of a share strictly between 0 and 1."""
    return NormalDist().inv_cdf(share)


def _probit_within(share: float, limit: float) -> float:
    return probit(min(1 - limit, max(limit, float(share))))


def det_limit(human: np.ndarray) -> float:
    """Return the lowest rate on a DET plot: half a clip of the larger class, between 0.01 % and 1 %."""
    largest = max(np.count_nonzero(human), np.count_nonzero(~human))
    return float(np.clip(0.5 / largest, 0.0001, 0.01))


def operating_points(
    llr: np.ndarray, human: np.ndarray, thresholds: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Return the (false-positive, false-negative) rate at each of `thresholds`."""
    return {
        name: (float((llr[human] < threshold).mean()), float((llr[~human] >= threshold).mean()))
        for name, threshold in thresholds.items()
    }


def histogram(llr: np.ndarray, human: np.ndarray, thresholds: Mapping[str, float], band: tuple[float, float]) -> Markup:
    """Return how the scores of each class are spread, with `thresholds` and the cannot-tell `band` (llrs in nats)."""
    values = [*llr.tolist(), *thresholds.values()]
    low, high = min(values), max(values)
    margin = 0.03 * (high - low) or 1.0
    edges = np.linspace(low - margin, high + margin, BINS + 1)
    shares = {name: np.histogram(llr[side], edges)[0] / side.sum() for name, side in (("human", human), ("ai", ~human))}
    top = float(max(share.max() for share in shares.values()))
    plane = Plane((edges[0], edges[-1]), (0, 1.18 * top))
    y_ticks = [(share, percent(share)) for share in nice_ticks(0, top)]
    return _chart(
        "Histogram of scores: share of each class's clips by score",
        _band(plane, band),
        axes(plane, [(v, decimal(v, 1)) for v in nice_ticks(*plane.x_range)], y_ticks, "score (llr)", "of the class"),
        *(_steps(plane, edges, share, name) for name, share in shares.items()),
        *(_threshold(plane, name, at, row) for row, (name, at) in enumerate(sorted(thresholds.items(), key=_second))),
    )


def reliability_diagram(llr: np.ndarray, human: np.ndarray) -> Markup:
    """Return what share was ai among clips given a probability, against that probability, each class weighing half."""
    plane = Plane((0, 1), (0, 1))
    ticks = [(share, percent(share)) for share in SHARES]
    filled = [(m, p, o) for m, p, o in zip(*reliability(llr, human), strict=True) if m > 0]
    return _chart(
        "Reliability: observed share of AI clips against the predicted probability",
        axes(plane, ticks, ticks, "probability of AI that it gave", "share that was AI"),
        plane.line([0, 1], [0, 1], "chance"),
        *(
            plane.dot(p, o, "plain", f"said {percent(p)}, was {percent(o)}; {percent(m)} of the clips", 3 + 14 * m**0.5)
            for m, p, o in filled
        ),
    )


def lines(history: pd.DataFrame, kinds: Mapping[str, str], label: str) -> Markup:
    """Return columns of the training history by epoch.

    Parameters
    ----------
    history : pd.DataFrame
        With a column ``epoch``.
    kinds : mapping
        Columns, and the class of each line.
    label : str
        Of the y axis.
    """
    columns = [name for name in kinds if name in history]
    epochs = history["epoch"].tolist()
    values = history[columns].to_numpy(float)
    spread = [float(np.nanmin(values)), float(np.nanmax(values))]
    plane = Plane((epochs[0] - 0.2, epochs[-1] + 0.2), (min(0.0, spread[0]), 1.05 * spread[1] or 1.0))
    whole = [round(tick) for tick in nice_ticks(epochs[0], epochs[-1]) if tick == round(tick)]
    dots = [
        plane.dot(epoch, value, kinds[name], f"{name}, epoch {epoch}: {decimal(value, 3)}", 3.0)
        for name in columns
        for epoch, value in zip(epochs, history[name], strict=True)
        if len(epochs) <= BINS
    ]
    y_ticks = [(tick, decimal(tick)) for tick in nice_ticks(*plane.y_range)]
    return _chart(
        f"{label} by epoch",
        axes(plane, [(tick, str(tick)) for tick in whole], y_ticks, "epoch", label),
        *(plane.line(epochs, history[name].tolist(), kinds[name]) for name in columns),
        *dots,
    )


def axes(
    plane: Plane, x_ticks: list[tuple[float, str]], y_ticks: list[tuple[float, str]], x_label: str, y_label: str
) -> Markup:
    """Return grid, tick labels and axis labels of `plane`; a tick is its value and its text."""
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    parts = []
    for value, text in x_ticks:
        x = plane.x(value)
        parts.append(element("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid"))
        parts.append(element("text", text, x=x, y=bottom + 16, class_="tick", text_anchor="middle"))
    for value, text in y_ticks:
        y = plane.y(value)
        parts.append(element("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(element("text", text, x=left - 6, y=y + 4, class_="tick", text_anchor="end"))
    middle = (top + bottom) / 2
    parts.append(element("text", x_label, x=(left + right) / 2, y=HEIGHT - 8, class_="axis", text_anchor="middle"))
    turned = f"rotate(-90 11 {middle:.0f})"
    parts.append(element("text", y_label, x=11, y=middle, class_="axis", text_anchor="middle", transform=turned))
    return group(*parts)


def _chart(title: str, *parts: object) -> Markup:
    box = f"0 0 {WIDTH:.0f} {HEIGHT:.0f}"
    return element("svg", *parts, viewBox=box, role="img", aria_label=title, class_="chart")


def _share(value: float, limits: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))


def _second(pair: tuple[str, float]) -> float:
    return pair[1]


def _tick(share: float) -> str:
    return f"{100 * share:g}"


def _operating(name: str, fpr: float, fnr: float) -> str:
    return f"threshold '{name}': flags {percent(fpr)} of human clips, misses {percent(fnr)} of AI clips"


def _band(plane: Plane, band: tuple[float, float]) -> Markup:
    left, right = plane.x(band[0]), plane.x(band[1])
    title = element("title", f"cannot tell: {decimal(band[0])} to {decimal(band[1])}")
    return element("rect", title, x=left, y=TOP, width=right - left, height=HEIGHT - TOP - BOTTOM, class_="band")


def _steps(plane: Plane, edges: np.ndarray, shares: np.ndarray, kind: str) -> Markup:
    corners = [(plane.x(edges[0]), plane.y(0))]
    for left, right, share in zip(edges[:-1], edges[1:], shares, strict=True):
        corners += [(plane.x(left), plane.y(share)), (plane.x(right), plane.y(share))]
    corners.append((plane.x(edges[-1]), plane.y(0)))
    return element("path", element("title", "AI" if kind == "ai" else kind), d=path(corners), class_=f"steps {kind}")


def _threshold(plane: Plane, name: str, at: float, row: int) -> Markup:
    x, y = plane.x(at), TOP + 10 + 12 * row
    near_right = x > WIDTH - 90
    anchor, shift = ("end", -4) if near_right else ("start", 4)
    title = element("title", f"threshold '{name}': {decimal(at)}; scores below it are called AI")
    return group(
        element("line", title, x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_=f"threshold preset-{name}"),
        element("text", name, x=x + shift, y=y, class_="tick strong", text_anchor=anchor),
    )
