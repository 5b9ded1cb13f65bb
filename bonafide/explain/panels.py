"""The excerpt that an explanation shows, drawn over one time axis.

What is drawn is SVG whose lengths are shares of its panel: the page stretches a panel to the width of the screen, the
picture has one width, and text keeps its size in both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bonafide.drawing.axes import HERTZ, hertz_text, time_ticks
from bonafide.drawing.pictures import evidence_png, spectrogram_png
from bonafide.drawing.svg import Markup, data_url, element, group
from bonafide.explain.evidence import Explanation, places

SPECTROGRAM = 176  # pixels high
COLUMNS = 500  # of the waveform's outline
CLOSE = 14  # pixels: ticks nearer to one another would touch
EDGE = 0.04  # of the width: text nearer than that to an edge does not stand in the middle of its tick
SWATCH = 12  # pixels
NOTHING = Markup()
LETTER = 8  # pixels of a letter of a legend, at most


@dataclass(frozen=True)
class Panel:
    """One drawing.

    Attributes
    ----------
    label : str
        What it is, for those who cannot see it.
    height : int
        In pixels.
    content, axis : Markup
        SVG, of the panel and of what stands to the left of it.
    """

    label: str
    height: int
    content: Markup
    axis: Markup = NOTHING


def sound_panels(explanation: Explanation) -> list[Panel]:
    """Return waveform, spectrogram and evidence of the excerpt, with their time axis."""
    hertz = _hertz_axis(explanation.hertz, SPECTROGRAM)
    spectrogram = _image(spectrogram_png(explanation.spectrogram))
    panels = [
        Panel("Waveform", 64, _waveform(explanation.samples), axis_texts({"wave": 0.5}, 64)),
        Panel("Spectrogram", SPECTROGRAM, spectrogram, hertz),
    ]
    if explanation.evidence is not None:
        evidence = group(_image(evidence_png(explanation.spectrogram, explanation.evidence)), _marks(explanation))
        panels += [
            Panel("Evidence map", SPECTROGRAM, evidence, hertz),
            Panel("Evidence over time", 54, _over_time(explanation.evidence), axis_texts({"sum": 0.5}, 54)),
        ]
    panels.append(time_axis(explanation.start, explanation.stop))
    if explanation.evidence is not None:
        panels.append(legend({"ai": "spoke for AI", "human": "spoke for human"}))
    return panels


def time_axis(start: float, stop: float) -> Panel:
    """Return the ticks below panels that reach from `start` to `stop`, in seconds."""
    texts = []
    for tick, text in time_ticks(start, stop):
        share = (tick - start) / (stop - start)
        anchor = "end" if share > 1 - EDGE else "start" if share < EDGE else "middle"
        texts.append(element("text", text, x=percentage(share), y=12, text_anchor=anchor))
    return Panel("Time", 18, group(*texts))


def legend(kinds: Mapping[str, str]) -> Panel:
    """Return what the colours stand for, each kind with its text."""
    parts, x = [], 0
    for kind, text in kinds.items():
        parts.append(element("rect", class_=f"shape-{kind}", x=x, y=4, width=SWATCH, height=SWATCH, rx=2))
        parts.append(element("text", text, x=x + SWATCH + 5, y=14))
        x += SWATCH + 20 + LETTER * len(text)
    return Panel("Legend", 20, group(*parts))


def axis_texts(texts: Mapping[str, float], height: int) -> Markup:
    """Return texts of an axis so many pixels high, each at its share of it from the bottom, none cut off."""
    least = CLOSE / 2 / height
    places = {text: 1 - min(1 - least, max(least, share)) for text, share in texts.items()}
    return group(
        *(
            element("text", text, x="100%", y=percentage(y), dy="0.35em", text_anchor="end")
            for text, y in places.items()
        )
    )


def percentage(share: float) -> str:
    """Return a share as a length of SVG, between 0 and 100 %."""
    return f"{100 * min(1.0, max(0.0, share)):.2f}%"


def across(start: float, stop: float, seconds: float) -> dict[str, str]:
    """Return the attributes of what reaches from `start` to `stop` on an axis of so many `seconds`."""
    return {"x": percentage(start / seconds), "width": percentage((stop - start) / seconds)}


def ground() -> Markup:
    """Return the background of a panel."""
    return element("rect", class_="ground", width="100%", height="100%")


def _image(png: bytes) -> Markup:
    return element("image", href=data_url("image/png", png), width="100%", height="100%", preserveAspectRatio="none")


def _hertz_axis(hertz: np.ndarray, height: int) -> Markup:
    """Return ticks at the heights of the bands, shape (bands,), in hertz."""
    texts: dict[str, float] = {}
    for tick in HERTZ:
        share = float(np.interp(tick, hertz, (np.arange(hertz.size) + 0.5) / hertz.size))
        last = max(texts.values(), default=-1.0)
        if hertz[0] <= tick <= hertz[-1] * 1.05 and share - last >= CLOSE / height:
            texts[hertz_text(tick)] = share
    return axis_texts(texts, height)


def _waveform(samples: np.ndarray) -> Markup:
    step = -(-samples.size // COLUMNS)
    padded = np.pad(samples, (0, -samples.size % step)).reshape(-1, step)
    peak = max(1e-6, float(np.abs(samples).max()))
    high, low = padded.max(axis=1) / peak, padded.min(axis=1) / peak
    points = [*enumerate(-high), *reversed(list(enumerate(-low + 0.01)))]
    outline = element("path", class_="outline", d=f"M{_points(points)}Z")
    return group(ground(), _stretched(len(padded) - 1, -1.02, 2.04, outline))


def _over_time(evidence: np.ndarray) -> Markup:
    total = evidence.sum(axis=1)
    total = total / max(1e-12, float(np.abs(total).max()))
    last = len(total) - 1
    sides = {"ai": np.maximum(total, 0), "human": np.minimum(total, 0)}
    shapes = [
        element("path", class_=f"shape-{kind}", d=f"M0 0L{_points(enumerate(-side))}L{last} 0Z")
        for kind, side in sides.items()
    ]
    zero = element("line", class_="zero", x1=0, x2=last, y1=0, y2=0)
    return group(ground(), _stretched(last, -1.05, 2.1, group(*shapes, zero)))


def _points(points: Iterable[tuple[int, float]]) -> str:
    return "L".join(f"{x} {y:.3f}" for x, y in points)


def _stretched(width: int, top: float, height: float, content: Markup) -> Markup:
    """Return `content`, drawn in a box of its own, over the whole panel."""
    box = f"0 {top} {max(1, width)} {height}"
    return element("svg", content, viewBox=box, preserveAspectRatio="none", width="100%", height="100%")


def _marks(explanation: Explanation) -> Markup:
    """Return frames around the strongest places, and over all of them their numbers."""
    frames: list[Markup] = []
    numbers: list[Markup] = []
    bands = np.arange(explanation.hertz.size)
    for number, place in enumerate(places(explanation), start=1):
        low, high = (float(np.interp(hertz, explanation.hertz, bands)) for hertz in (place.low, place.high))
        top, bottom = 1 - (high + 1) / bands.size, 1 - low / bands.size
        start, stop = place.start - explanation.start, place.stop - explanation.start
        box = across(start, stop, explanation.stop - explanation.start)
        box |= {"y": percentage(top), "height": percentage(bottom - top)}
        frames += [element("rect", class_=kind, **box) for kind in ("place-edge", "place")]
        # Above the frame, or below it where there is no room.
        beside = {"y": box["y"], "dy": "-5"} if top > 0.1 else {"y": percentage(bottom), "dy": "15"}
        numbers.append(element("text", number, class_="number", x=box["x"], **beside))
    return group(*frames, *numbers)
