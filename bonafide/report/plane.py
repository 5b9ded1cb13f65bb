"""The area that a chart is drawn in, with its axes; see `bonafide.report.charts`."""

from collections.abc import Sequence
from dataclasses import dataclass

from bonafide.drawing.svg import Markup, element, group, path

WIDTH, HEIGHT = 400.0, 310.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 14.0, 46.0


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

    def spread(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], kind: str) -> Markup:
        """Return the area between two lines."""
        upper = [(self.x(x), self.y(y)) for x, y in zip(xs, highs, strict=True)]
        lower = [(self.x(x), self.y(y)) for x, y in zip(xs, lows, strict=True)]
        return element("path", d=f"{path([*upper, *reversed(lower)])}Z", class_=f"spread {kind}")

    def dot(self, x: float, y: float, kind: str, title: str, radius: float = 5.0) -> Markup:
        """Return a dot that tells `title` to a pointer."""
        return element("circle", element("title", title), cx=self.x(x), cy=self.y(y), r=radius, class_=f"dot {kind}")


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


def chart(title: str, *parts: object) -> Markup:
    """Return a chart of `parts`; its title is for those who cannot see it."""
    box = f"0 0 {WIDTH:.0f} {HEIGHT:.0f}"
    return element("svg", *parts, viewBox=box, role="img", aria_label=title, class_="chart")


def _share(value: float, limits: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (value - limits[0]) / (limits[1] - limits[0])))
