"""Charts of the scores as inline SVG: pure functions from the points of `bonafide.evaluation.curves` to markup.

Colours come from the page's style sheet by class, so that one chart serves light, dark and paper. What a pointer
rests on is told by the element's title: no script is needed.
"""

from collections.abc import Mapping
from functools import partial
from statistics import NormalDist

import numpy as np
import pandas as pd

from bonafide.drawing.axes import nice_ticks
from bonafide.drawing.svg import Markup, element, group, path
from bonafide.report.plane import BOTTOM, HEIGHT, TOP, WIDTH, Plane, axes, chart
from bonafide.text import decimal, percent

MOST_DOTS = 40  # of a line of the training history
DET_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)

Points = Mapping[str, tuple[float, float]]  # the false-positive and the false-negative rate, by the threshold's name


def roc(curve: pd.DataFrame, points: Points) -> Markup:
    """Return the ROC curve.

    Parameters
    ----------
    curve : pd.DataFrame
        Points of the curve: columns ``fpr`` and ``tpr``, and its band, ``tpr_low`` and ``tpr_high``.
    points : mapping
        The false-positive and the false-negative rate at each threshold, by its name.
    """
    plane = Plane((0, 1), (0, 1))
    ticks = [(share, percent(share)) for share in SHARES]
    return chart(
        "ROC curve: share of AI clips caught against share of human clips wrongly flagged",
        plane.spread(*_steps(curve["fpr"], curve["tpr_low"], curve["tpr_high"]), "main"),
        axes(plane, ticks, ticks, "human clips wrongly flagged", "AI clips caught"),
        plane.line([0, 1], [0, 1], "chance"),
        plane.line(curve["fpr"].tolist(), curve["tpr"].tolist(), "main"),
        *(plane.dot(x, 1 - y, f"preset-{name}", _operating(name, x, y)) for name, (x, y) in points.items()),
    )


def det(curve: pd.DataFrame, points: Points, eer: float, clips: int) -> Markup:
    """Return the DET curve on probit axes.

    Parameters
    ----------
    curve : pd.DataFrame
        Points of the curve: columns ``fpr`` and ``fnr``, and its band, ``tpr_low`` and ``tpr_high``.
    points : mapping
        As of `roc`.
    eer : float
        The equal error rate.
    clips : int
        Of the larger class.
    """
    low = det_limit(clips)
    limits = (probit(low), probit(1 - low))
    plane = Plane(limits, limits)
    ticks = [(probit(share), _tick(share)) for share in DET_TICKS if low <= share <= 1 - low]
    place = partial(_probit_within, limit=low)
    rates = _steps(curve["fpr"], 1 - curve["tpr_high"], 1 - curve["tpr_low"])
    xs, lows, highs = ([place(share) for share in each] for each in rates)
    return chart(
        "DET curve: share of AI clips missed against share of human clips wrongly flagged, both axes by probit",
        plane.spread(xs, lows, highs, "main"),
        axes(plane, ticks, ticks, "human clips wrongly flagged (%)", "AI clips missed (%)"),
        plane.line(limits, limits, "chance"),
        plane.line([place(x) for x in curve["fpr"]], [place(y) for y in curve["fnr"]], "main"),
        plane.dot(place(eer), place(eer), "hollow", f"equal error rate: {percent(eer)}", 6.0),
        *(plane.dot(place(x), place(y), f"preset-{name}", _operating(name, x, y)) for name, (x, y) in points.items()),
    )


def probit(share: float) -> float:
    """Return the normal deviate of a share strictly between 0 and 1."""
    return NormalDist().inv_cdf(share)


def _probit_within(share: float, limit: float) -> float:
    return probit(min(1 - limit, max(limit, float(share))))


def det_limit(clips: int) -> float:
    """Return the lowest rate on a DET plot: half a clip of the larger class, between 0.01 % and 1 %."""
    return min(0.01, max(0.0001, 0.5 / clips))


def histogram(bars: pd.DataFrame, thresholds: Mapping[str, float], band: tuple[float, float]) -> Markup:
    """Return how the scores of each class are spread.

    Parameters
    ----------
    bars : pd.DataFrame
        For each bin of one width its middle ``llr``, and the share of the classes ``human`` and ``ai`` that it holds.
    thresholds : mapping
        Names and llrs.
    band : tuple of float
        The llrs between which it says that it cannot tell.
    """
    middles = bars["llr"].to_numpy(float)
    width = (middles[-1] - middles[0]) / (middles.size - 1)
    edges = middles[0] + width * (np.arange(middles.size + 1) - 0.5)
    low, high = min(edges[0], *thresholds.values()), max(edges[-1], *thresholds.values())
    margin = 0.03 * (high - low)
    shares = {name: bars[name].to_numpy(float) for name in ("human", "ai")}
    top = float(max(share.max() for share in shares.values()))
    plane = Plane((low - margin, high + margin), (0, 1.18 * top))
    y_ticks = [(share, percent(share)) for share in nice_ticks(0, top)]
    return chart(
        "Histogram of scores: share of each class's clips by score",
        _band(plane, band),
        axes(plane, [(v, decimal(v, 1)) for v in nice_ticks(*plane.x_range)], y_ticks, "score (llr)", "of the class"),
        *(steps(plane, edges, share, name) for name, share in shares.items()),
        *(_threshold(plane, name, at, row) for row, (name, at) in enumerate(sorted(thresholds.items(), key=_second))),
    )


def steps(plane: Plane, edges: np.ndarray, shares: np.ndarray, kind: str) -> Markup:
    """Return the bars between `edges`, `shares` high, as one outline in the colour of class `kind`."""
    corners = [(plane.x(edges[0]), plane.y(0))]
    for left, right, share in zip(edges[:-1], edges[1:], shares, strict=True):
        corners += [(plane.x(left), plane.y(share)), (plane.x(right), plane.y(share))]
    corners.append((plane.x(edges[-1]), plane.y(0)))
    return element("path", element("title", "AI" if kind == "ai" else kind), d=path(corners), class_=f"steps {kind}")


def reliability(points: pd.DataFrame) -> Markup:
    """Return what share was ai among clips given a probability, against that probability, each class weighing half.

    Parameters
    ----------
    points : pd.DataFrame
        For each bin that holds clips the mean probability ``predicted``, the share of ai ``observed`` with the ends of
        its interval, ``observed_low`` and ``observed_high``, and the ``share`` of all clips.
    """
    plane = Plane((0, 1), (0, 1))
    ticks = [(share, percent(share)) for share in SHARES]
    bins = zip(points["predicted"], points["observed"], points["share"], strict=True)
    ends = zip(points["predicted"], points["observed_low"], points["observed_high"], strict=True)
    return chart(
        "Reliability: observed share of AI clips against the predicted probability",
        axes(plane, ticks, ticks, "probability of AI that it gave", "share that was AI"),
        plane.line([0, 1], [0, 1], "chance"),
        *(plane.line([p, p], [low, high], "interval plain") for p, low, high in ends if low < high),
        *(
            plane.dot(p, o, "plain", f"said {percent(p)}, was {percent(o)}; {percent(m)} of the clips", 3 + 14 * m**0.5)
            for p, o, m in bins
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
        if len(epochs) <= MOST_DOTS
    ]
    y_ticks = [(tick, decimal(tick)) for tick in nice_ticks(*plane.y_range)]
    return chart(
        f"{label} by epoch",
        axes(plane, [(tick, str(tick)) for tick in whole], y_ticks, "epoch", label),
        *(plane.line(epochs, history[name].tolist(), kinds[name]) for name in columns),
        *dots,
    )


def _steps(x: pd.Series, low: pd.Series, high: pd.Series) -> tuple[list[float], list[float], list[float]]:
    """Return the corners of a band that keeps its ends until the next of `x`, ascending."""
    last = ~x.duplicated(keep="last")
    xs, lows, highs = (np.repeat(each[last].to_numpy(float), 2) for each in (x, low, high))
    return xs[1:].tolist(), lows[:-1].tolist(), highs[:-1].tolist()


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


def _threshold(plane: Plane, name: str, at: float, row: int) -> Markup:
    x, y = plane.x(at), TOP + 10 + 12 * row
    near_right = x > WIDTH - 90
    anchor, shift = ("end", -4) if near_right else ("start", 4)
    title = element("title", f"threshold '{name}': {decimal(at)}; scores below it are called AI")
    return group(
        element("line", title, x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_=f"threshold preset-{name}"),
        element("text", name, x=x + shift, y=y, class_="tick strong", text_anchor=anchor),
    )
