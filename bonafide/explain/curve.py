"""Where a recording's score lies on the curve that turns it into a probability."""

import numpy as np

from bonafide.drawing.axes import nice_ticks
from bonafide.drawing.svg import Markup, element, group, path
from bonafide.explain.evidence import Explanation
from bonafide.explain.style import TONES
from bonafide.scoring.calibration import p_ai
from bonafide.text import decimal, percent

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 34.0, 44.0


def curve(explanation: Explanation) -> Markup:
    """Return the curve with thresholds and score in a box of `WIDTH` by `HEIGHT`; nothing where there is no score."""
    llr, thresholds = explanation.result.llr, explanation.facts.thresholds
    if llr is None:
        return Markup()
    reach = max(4.0, 1.0 + max(map(abs, (llr, *thresholds.values()))))
    values = np.linspace(-reach, reach, 121)
    points = [(_x(value, reach), _y(share)) for value, share in zip(values, p_ai(values), strict=True)]
    return group(
        _band(explanation, reach),
        _axes(reach),
        *(_threshold(name, _x(at, reach), at) for name, at in thresholds.items()),
        element("path", class_="curve", d=path(points)),
        _here(llr, reach, TONES[explanation.result.verdict]),
    )


def _x(llr: float, reach: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (float(llr) + reach) / (2 * reach)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * float(share)


def _band(explanation: Explanation, reach: float) -> Markup:
    low, high = (_x(llr, reach) for llr in (explanation.cut.low, explanation.cut.high))
    return element("rect", class_="band", x=low, width=high - low, y=TOP, height=_y(0) - TOP)


def _axes(reach: float) -> Markup:
    right, parts = WIDTH - RIGHT, []
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        parts.append(element("line", class_="grid", x1=LEFT, x2=right, y1=y, y2=y))
        parts.append(element("text", f"{100 * share:.0f} %", x=LEFT - 6, y=y + 4, text_anchor="end"))
    for tick in nice_ticks(-reach, reach):
        at = {"x": _x(tick, reach), "y": HEIGHT - BOTTOM + 18, "text_anchor": "middle"}
        parts.append(element("text", decimal(tick, 0), **at))
    parts.append(element("text", "AI", x=LEFT, y=16))
    parts.append(element("text", "human", x=right, y=16, text_anchor="end"))
    parts.append(element("text", "score (llr)", x=(LEFT + right) / 2, y=HEIGHT - 6, text_anchor="middle"))
    return group(*parts)


def _threshold(name: str, x: float, llr: float) -> Markup:
    return element("line", element("title", f"{name}: {decimal(llr)}"), class_="at", x1=x, x2=x, y1=TOP, y2=_y(0))


def _here(llr: float, reach: float, tone: str) -> Markup:
    """Return the score as a dot and in words, which stand where the falling curve crosses them nowhere."""
    share = float(p_ai(llr))
    x, y = _x(llr, reach), _y(share)
    dot = element("circle", class_=f"here shape-{tone}", cx=x, cy=y, r=7)
    place = {"x": x, "y": y - 16, "text_anchor": "middle"} if llr > reach / 2 else {"x": x + 11, "y": y - 8}
    return group(dot, element("text", f"{decimal(llr)}: {percent(share)}", class_="score", **place))
