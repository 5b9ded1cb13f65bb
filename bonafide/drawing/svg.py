"""Writes SVG elements; every text and attribute is escaped."""

from markupsafe import Markup, escape

VISIBLE = 0.5  # units of a chart, about half a pixel on a screen


def element(name: str, *content: object, **attributes: object) -> Markup:
    """Return one element; ``stroke_width`` becomes ``stroke-width`` and ``class_`` ``class``, floats are rounded.

    Examples
    --------
    >>> str(element("text", "a < b", x=1.23456, class_="tick"))
    '<text x="1.23" class="tick">a &lt; b</text>'
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), short(value)) for key, value in attributes.items()
    )
    inside = Markup("").join(escape(each) for each in content)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inside)


def path(points: list[tuple[float, float]]) -> str:
    """Return the data of a path through `points`, without those that no eye tells from the one before."""
    kept = points[:1]
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= VISIBLE:
            kept.append(point)
    kept += points[1:][-1:]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept)


def short(value: object) -> object:
    """Return a float with at most two decimals, anything else as it is."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
