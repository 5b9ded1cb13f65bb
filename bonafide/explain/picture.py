"""An explanation as one SVG picture, to send or to put beside others: what the page draws and says, without sound."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bonafide.detection.results import TITLES
from bonafide.drawing.svg import Markup, element
from bonafide.explain import curve, style, words
from bonafide.explain.evidence import Explanation, places
from bonafide.explain.panels import Panel, sound_panels
from bonafide.explain.timeline import timeline_panels

WIDTH, MARGIN, AXIS, GAP = 960, 28, 54, 8  # pixels
SIZES = {"title": 30, "heading": 19, "body": 14, "note": 13}  # of letters, pixels
LETTER = 0.53  # of its size: the mean width of a letter
SHEET = """
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
.paper { fill: var(--paper); } .title { font-weight: 700; } .heading { font-weight: 600; }
.heading, .body { fill: var(--ink); } .note { fill: var(--soft); }
"""


@dataclass(frozen=True)
class Strip:
    """A part of the picture over its whole width, and how high it is, in pixels."""

    height: float
    content: Markup


def picture(explanation: Explanation) -> str:
    """Return the picture as SVG."""
    y, parts = float(MARGIN), []
    for strip in _strips(explanation):
        parts.append(element("g", strip.content, transform=f"translate({MARGIN} {y:.1f})"))
        y += strip.height
    height = round(y + MARGIN)
    title = TITLES[explanation.result.verdict]
    return element(
        "svg",
        element("title", f"{title}: {words.lengths(explanation)}"),
        element("style", style.plain(style.SHEET + SHEET)),
        element("rect", class_="paper", width=WIDTH, height=height),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        width=WIDTH,
        height=height,
        viewBox=f"0 0 {WIDTH} {height}",
    )


def _strips(explanation: Explanation) -> Iterator[Strip]:
    result = explanation.result
    yield _text([words.lengths(explanation)], "note")
    yield _text([TITLES[result.verdict]], "title", f"shape-{style.TONES[result.verdict]}")
    yield _text(words.summary(result), "body")
    yield from _section(words.excerpt(explanation), sound_panels(explanation))
    if marks := [f"{number}. {words.strongest(place)}" for number, place in enumerate(places(explanation), start=1)]:
        yield _text([words.spoke_most(explanation), *marks], "body")
    yield _text([words.about_sound(explanation)], "note")
    if panels := timeline_panels(explanation):
        yield from _section("Over time", panels)
        yield _text([words.about_timeline(explanation)], "note")
    if drawn := curve.curve(explanation):
        yield from _section("Where the score lies", [])
        yield Strip(curve.HEIGHT + GAP, element("g", drawn, class_="panel"))
        yield _text([words.about_curve(explanation)], "note")
    yield Strip(GAP, Markup())
    yield _text([words.footer(explanation)], "note")


def _text(texts: Iterable[str], kind: str, colour: str = "") -> Strip:
    """Return paragraphs, their lines broken where the picture ends."""
    size = SIZES[kind]
    columns = int((WIDTH - 2 * MARGIN) / (LETTER * size))
    lines = [line for text in texts for line in textwrap.wrap(text, columns)]
    step = 1.4 * size
    spans = [element("tspan", line, x=0, y=size + number * step) for number, line in enumerate(lines)]
    written = element("text", *spans, class_=f"{kind} {colour}".strip(), font_size=size)
    return Strip(step * len(lines) + GAP if lines else 0, written)


def _section(heading: str, panels: Iterable[Panel]) -> Iterator[Strip]:
    yield Strip(2 * GAP, Markup())
    yield _text([heading], "heading")
    for panel in panels:
        axis = element("svg", panel.axis, class_="axis", width=AXIS, height=panel.height)
        place = {"x": AXIS + GAP, "width": WIDTH - 2 * MARGIN - AXIS - GAP, "height": panel.height}
        drawn = element("svg", panel.content, class_="panel", role="img", aria_label=panel.label, **place)
        yield Strip(panel.height + GAP, element("g", axis, drawn))
