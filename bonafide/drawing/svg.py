"""Writes elements of SVG and HTML; every text and attribute is escaped."""

import base64
from collections.abc import Sequence
from html import escape

VISIBLE = 0.5  # units of a chart, about half a pixel on a screen


class Markup(str):
    """Text that is markup already: `element` puts it in as it is, and so do Jinja's templates."""

    def __html__(self) -> str:
        """Return itself, as template engines ask of what needs no escape."""
        return self


def element(name: str, *content: object, **attributes: object) -> Markup:
    """Return one element; ``stroke_width`` becomes ``stroke-width`` and ``class_`` ``class``, floats are rounded.

    Examples
    --------
    >>> print(element("text", "a < b", x=1.23456, class_="tick"))
    <text x="1.23" class="tick">a &lt; b</text>
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{group(*content)}</{name}>")


def group(*content: object) -> Markup:
    """Return markup and texts, one after the other; texts are escaped.

    Examples
    --------
    >>> print(group("a & ", element("b", "c")))
    a &amp; <b>c</b>
    """
    return Markup("".join(each if isinstance(each, Markup) else escape(str(each)) for each in content))


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return the data of a path through `points`, without those that no eye tells from the one before."""
    kept = list(points[:1])
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= VISIBLE:
            kept.append(point)
    kept += points[1:][-1:]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept)


def data_url(kind: str, content: bytes) -> str:
    """Return a file of a media type such as ``image/png`` as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _short(value: object) -> str:
    """Return a float with at most two decimals, anything else as it is."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
