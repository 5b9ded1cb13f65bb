"""An explanation as one page that opens offline: no script, no request, every picture inside."""

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from bonafide.audio.conditioning import to_flac
from bonafide.detection.results import TITLES
from bonafide.drawing.svg import Markup, data_url, element, group
from bonafide.explain import style, words
from bonafide.explain.curve import HEIGHT, WIDTH, curve
from bonafide.explain.evidence import Explanation, places
from bonafide.explain.panels import Panel, sound_panels
from bonafide.explain.timeline import timeline_panels
from bonafide.text import printable


def page(explanation: Explanation) -> str:
    """Return the page as HTML."""
    result = explanation.result
    title = TITLES[result.verdict]
    template = Template(files("bonafide.explain").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        light=style.variables(style.LIGHT),
        dark=style.variables(style.DARK),
        sheet=style.SHEET,
        title=group(f"{title}: {printable(explanation.name)}"),
        lengths=group(words.lengths(explanation)),
        tone=style.TONES[result.verdict],
        verdict=title,
        summary=group(" ".join(words.summary(result))),
        sections=group(_sound(explanation), _timeline(explanation), _curve(explanation)),
        footer=group(words.footer(explanation)),
    )


def _sound(explanation: Explanation) -> Markup:
    flac = data_url("audio/flac", to_flac(explanation.samples, explanation.facts.audio.rate))
    strongest = [element("li", words.strongest(place)) for place in places(explanation)]
    listed = group(element("p", words.spoke_most(explanation)), element("ol", *strongest)) if strongest else ""
    return group(
        element("h2", words.excerpt(explanation)),
        element("audio", controls="", preload="metadata", src=flac),
        _stack(sound_panels(explanation)),
        listed,
        _note(words.about_sound(explanation)),
    )


def _timeline(explanation: Explanation) -> Markup:
    panels = timeline_panels(explanation)
    if not panels:
        return Markup()
    return group(element("h2", "Over time"), _stack(panels), _note(words.about_timeline(explanation)))


def _curve(explanation: Explanation) -> Markup:
    drawn = curve(explanation)
    if not drawn:
        return Markup()
    box = {"role": "img", "aria_label": "The score on the calibration curve", "viewBox": f"0 0 {WIDTH} {HEIGHT}"}
    return group(
        element("h2", "Where the score lies"),
        element("svg", drawn, class_="panel chart", **box),
        _note(words.about_curve(explanation)),
    )


def _note(text: str) -> Markup:
    return element("p", text, class_="note") if text else Markup()


def _stack(panels: Sequence[Panel]) -> Markup:
    """Return panels one below the other, their axes in a column of its own."""
    rows = []
    for panel in panels:
        rows.append(element("svg", panel.axis, class_="axis", height=panel.height, aria_hidden="true"))
        labelled = {"role": "img", "aria_label": panel.label, "height": panel.height}
        rows.append(element("svg", panel.content, class_="panel", **labelled))
    return element("div", *rows, class_="stack")
