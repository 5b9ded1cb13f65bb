"""Dot-and-interval charts: a row of HTML for each line, so that text keeps its size on a phone and can be searched."""

from collections.abc import Sequence
from dataclasses import dataclass

from bonafide.drawing.svg import Markup, element, group
from bonafide.text import Ends, decimal, decimal_between, percent, percent_between, printable

STEP = 15.0  # pixels from one mark of a line to the next
DIAMOND = "M0-6L6 0 0 6-6 0z"
ALIKE = (
    "all alike"  # each clip fell on the same side: resampling them gives an interval of no width, which says nothing
)


@dataclass(frozen=True)
class Mark:
    """One value with its interval.

    Attributes
    ----------
    kind : str
        "human" (a dot), "ai" (a diamond), or another class of the style sheet.
    what : str
        What the value is, for those who cannot see the chart.
    value : float
    ends : tuple
        Of the interval.
    as_number : bool
        Whether it is written as a plain number; else as a percentage.
    note : str
        Written behind the value.
    """

    kind: str
    what: str
    value: float
    ends: Ends = (None, None)
    as_number: bool = False
    note: str = ""

    def written(self) -> str:
        """Return the value."""
        return decimal(self.value) if self.as_number else percent(self.value)

    def between(self) -> str:
        """Return the interval in words; empty where there is none."""
        low, high = self.ends
        if low is not None and low == high == self.value:
            return "no interval" if self.as_number else ALIKE
        return decimal_between(self.ends) if self.as_number else percent_between(self.ends)

    def text(self) -> str:
        """Return what the value is, the value and its interval."""
        between = self.between()
        return f"{self.what}: {self.written()}" + (f" ({between})" if between else "")


@dataclass(frozen=True)
class Line:
    """One row of a chart: a label, what stands behind it, and its marks."""

    label: str
    note: str
    marks: Sequence[Mark]
    small: bool = False


def dot_rows(rows: Sequence[Line], *, name: str, reference: float | None = None, ticks: str = "percent") -> Markup:
    """Return a chart of `rows` on a scale from 0 to 1.

    Parameters
    ----------
    rows : sequence of Line
    name : str
        Of the chart, for those who cannot see it.
    reference : float, optional
        Where a line marks what chance, or the clean condition, reaches.
    ticks : {"percent", "number", "none"}
        How the scale above is written; none where the chart goes on below another one.
    """
    body = [_row(row, reference) for row in rows]
    scale = _scale(ticks) if ticks != "none" else ""
    return element("div", scale, *body, class_="rows", role="group", aria_label=name)


def track(marks: Sequence[Mark], *, reference: float | None = None, hollow: bool = False) -> Markup:
    """Return the SVG strip that holds `marks`, one below the other, on a scale from 0 to 1."""
    height = STEP * max(1, len(marks)) + 5
    grid = [element("line", x1=f"{at}%", x2=f"{at}%", y1=0, y2=height, class_="grid") for at in (0, 25, 50, 75, 100)]
    if reference is not None:
        at = _at(reference)
        grid.append(element("line", x1=at, x2=at, y1=0, y2=height, class_="reference"))
    shapes = [_mark(mark, STEP * number + STEP / 2 + 2.5, hollow) for number, mark in enumerate(marks)]
    label = "; ".join(mark.text() for mark in marks)
    return element("svg", *grid, *shapes, width="100%", height=height, role="img", aria_label=label, class_="track")


def _row(row: Line, reference: float | None) -> Markup:
    note = element("span", row.note, class_="note")
    label = element("div", element("bdi", printable(row.label)), note, class_="label")
    values = [element("div", _value(mark), class_=f"value {mark.kind}") for mark in row.marks]
    numbers = element("div", *values, class_="numbers")
    strip = element("div", track(row.marks, reference=reference, hollow=row.small), class_="strip")
    return element("div", label, strip, numbers, class_="row small" if row.small else "row")


def _value(mark: Mark) -> Markup:
    between = element("span", f"{mark.between()}{mark.note}", class_="between")
    return group(element("span", mark.written(), class_="point"), between)


def _mark(mark: Mark, y: float, hollow: bool) -> Markup:
    low, high = mark.ends
    kind = f"{mark.kind} hollow" if hollow else mark.kind
    parts = [element("title", mark.text())]
    if low is not None and high is not None:
        parts.append(element("line", x1=_at(low), x2=_at(high), y1=y, y2=y, class_=f"interval {kind}"))
    if mark.kind == "ai":
        diamond = element("path", d=DIAMOND, class_=f"dot {kind}")
        parts.append(element("svg", diamond, x=_at(mark.value), y=y, overflow="visible"))
    else:
        parts.append(element("circle", cx=_at(mark.value), cy=y, r=5, class_=f"dot {kind}"))
    return element("g", *parts)


def _scale(ticks: str) -> Markup:
    texts = [percent(at / 100) if ticks == "percent" else f"{at / 100:g}" for at in (0, 25, 50, 75, 100)]
    marks = [element("span", text, style=f"left:{at}%") for at, text in zip((0, 25, 50, 75, 100), texts, strict=True)]
    strip = element("div", *marks, class_="strip")
    return element("div", element("div", class_="label"), strip, element("div", class_="numbers"), class_="row scale")


def _at(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.2f}%"
