"""The windows of a whole recording and the parts that they make up, drawn over one time axis."""

from bonafide.detection.results import Segment, Window
from bonafide.detection.verdicts import call
from bonafide.detection.window_scores import HOP_SECONDS
from bonafide.drawing.svg import Markup, element, group
from bonafide.explain.evidence import Explanation
from bonafide.explain.panels import Panel, across, axis_texts, ground, legend, percentage, time_axis
from bonafide.explain.style import TONES
from bonafide.explain.words import is_part
from bonafide.scoring.windows import edges_of
from bonafide.text import duration, percent

SHARES = {"100 %": 1.0, "50 %": 0.5, "0 %": 0.0}
NAMES = {"ai": "AI", "human": "human", "unsure": "cannot tell"}


def timeline_panels(explanation: Explanation) -> list[Panel]:
    """Return the probability of each window and the parts, with their time axis; nothing for a single window."""
    result = explanation.result
    if len(result.windows) < 2:
        return []
    # Windows overlap, bars must not.
    edges = edges_of([(window.start, window.stop) for window in result.windows], HOP_SECONDS)
    bars = [_bar(window, *ends, explanation) for window, ends in zip(result.windows, edges, strict=True)]
    half = element("line", class_="half", x1="0%", x2="100%", y1="50%", y2="50%")
    frame = _frame(explanation) if is_part(explanation) else ""
    parts = [_part(segment, result.seconds) for segment in result.segments]
    return [
        Panel("Probability of AI over time", 80, group(ground(), *bars, half, frame), axis_texts(SHARES, 80)),
        Panel("Parts", 14, group(ground(), *parts), axis_texts({"parts": 0.5}, 14)),
        time_axis(0.0, result.seconds),
        legend(NAMES),
    ]


def _bar(window: Window, start: float, stop: float, explanation: Explanation) -> Markup:
    height = max(0.02, window.p_ai)
    title = element("title", f"{duration(window.start)} to {duration(window.stop)}: {percent(window.p_ai)} AI")
    return element(
        "rect",
        title,
        class_=f"window shape-{TONES[call(window.llr, explanation.cut)]}",
        y=percentage(1 - height),
        height=percentage(height),
        **across(start, stop, explanation.result.seconds),
    )


def _part(segment: Segment, seconds: float) -> Markup:
    tone = TONES[segment.verdict]
    title = element("title", f"{duration(segment.start)} to {duration(segment.stop)}: {NAMES[tone]}")
    return element("rect", title, class_=f"shape-{tone}", height="100%", **across(segment.start, segment.stop, seconds))


def _frame(explanation: Explanation) -> Markup:
    """Return the frame around the excerpt."""
    times = across(explanation.start, explanation.stop, explanation.result.seconds)
    return element("rect", class_="part", y=1, height="98%", **times)
