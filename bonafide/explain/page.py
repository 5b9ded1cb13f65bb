"""An explanation as one page that opens offline: no script, no request, every picture inside."""

import itertools
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from bonafide.audio.conditioning import to_flac
from bonafide.detection.results import Result, Segment, Window
from bonafide.detection.verdicts import call
from bonafide.drawing.axes import HERTZ, hertz_text, nice_ticks, time_ticks
from bonafide.drawing.pictures import evidence_png, spectrogram_png
from bonafide.drawing.svg import data_url
from bonafide.explain.evidence import Explanation, Place, places
from bonafide.scoring.calibration import p_ai
from bonafide.text import decimal, duration, percent, printable, sentence

COLUMNS = 500  # of the waveform's outline
CLOSE = 0.09  # of the height: ticks nearer than that would touch
WIDTH, HEIGHT = 640.0, 250.0  # of the curve
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 34.0, 44.0
VERDICTS = {
    "human": ("A human voice", "human"),
    "ai": ("A machine-generated voice", "ai"),
    "mixed": ("Partly machine-generated", "mixed"),
    "cannot tell": ("Cannot tell", "cannot"),
}
TONES = {"human": "human", "ai": "ai", "cannot tell": "cannot"}


def page(explanation: Explanation) -> str:
    """Return the page as HTML."""
    result = explanation.result
    verdict, tone = VERDICTS[result.verdict]
    sections = [_sound(explanation), _timeline(explanation), _curve(explanation)]
    template = Template(files("bonafide.explain").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"{verdict}: {printable(explanation.name)}"),
        name=escape(printable(explanation.name)),
        lengths=f"{duration(result.seconds)} long, {duration(result.speech_seconds)} of it speech",
        tone=tone,
        verdict=verdict,
        summary=_summary(result),
        sections="\n".join(filter(None, sections)),
        footer=_footer(explanation),
    )


def _summary(result: Result) -> str:
    parts = [escape(sentence(result.reason))] if result.reason else []
    if result.p_ai is not None and result.llr is not None:
        parts.append(
            f"Probability that it is machine-generated: <b>{percent(result.p_ai)}</b>, where half of all recordings"
            f" are (llr {decimal(result.llr)}; higher is more human)."
        )
    return " ".join(parts)


def _sound(explanation: Explanation) -> str:
    """Draw waveform, spectrogram and evidence over one time axis."""
    whole = explanation.result.seconds <= explanation.stop - explanation.start + 0.1
    part = "" if whole else f" from {duration(explanation.start)} to {duration(explanation.stop)}"
    flac = data_url("audio/flac", to_flac(explanation.samples, explanation.facts.audio.rate))
    rows = [
        _row("<b>wave</b>", "wave", _waveform(explanation.samples)),
        _row(_hertz_axis(explanation), "picture", _image(spectrogram_png(explanation.mel), "Spectrogram")),
    ]
    words = ""
    if explanation.evidence is not None:
        found = places(explanation)
        picture = _image(evidence_png(explanation.mel, explanation.evidence), "Evidence map")
        marks = "".join(_mark(explanation, number, place) for number, place in enumerate(found, start=1))
        rows.append(_row(_hertz_axis(explanation), "picture", picture + marks))
        rows.append(_row("<b>sum</b>", "over", _over_time(explanation.evidence)))
        words = _words(explanation, found, part)
    rows.append(f'<div class="times">{_time_ticks(explanation.start, explanation.stop)}</div>')
    return (
        f"<h2>What it heard{part}</h2>\n"
        f'<audio controls preload="metadata" src="{flac}"></audio>\n'
        f'<div class="stack">{"".join(rows)}</div>\n{words}'
    )


def _words(explanation: Explanation, found: Sequence[Place], part: str) -> str:
    said = [f"<li>{place_words(place)}</li>" for place in found]
    strongest = f"<p>What spoke most for a machine:</p>\n<ol>{''.join(said)}</ol>" if said else ""
    alone = f" This part alone has an llr of {decimal(explanation.llr)}." if part else ""
    return (
        f"{strongest}<p class='note'>From top to bottom: the waveform; the spectrogram; where it spoke for"
        f"<span class='key k-ai'></span>a machine or<span class='key k-human'></span>a human; the same summed over the"
        f" frequencies.{alone} Each place was covered in turn and the score was watched: the map shows what this"
        " detector listens to, which is not proof of how the sound was made.</p>"
    )


def place_words(place: Place) -> str:
    """Return where a place lies and how much it counts."""
    return (
        f"{place.start:.1f} to {place.stop:.1f} s, {hertz_text(place.low)} to {hertz_text(place.high)}:"
        f" covered, the llr rises by about {decimal(place.evidence)}"
    )


def _row(axis: str, kind: str, content: str) -> str:
    return f'<div class="axis">{axis}</div><div class="panel {kind}">{content}</div>'


def _image(png: bytes, what: str) -> str:
    return f'<img alt="{what}" src="{data_url("image/png", png)}">'


def _waveform(samples: np.ndarray) -> str:
    step = -(-samples.size // COLUMNS)
    padded = np.pad(samples, (0, -samples.size % step)).reshape(-1, step)
    peak = max(1e-6, float(np.abs(samples).max()))
    high, low = padded.max(axis=1) / peak, padded.min(axis=1) / peak
    points = [*enumerate(-high), *reversed(list(enumerate(-low + 0.01)))]
    outline = "L".join(f"{x} {y:.2f}" for x, y in points)
    return _stretched(len(padded) - 1, -1.02, 2.04, f'<path d="M{outline}Z"/>', "Waveform")


def _over_time(evidence: np.ndarray) -> str:
    total = evidence.mean(axis=1)
    total = total / max(1e-12, float(np.abs(total).max()))
    lines = []
    for kind, side in (("up", np.maximum(total, 0)), ("down", np.minimum(total, 0))):
        outline = "L".join(f"{x} {-y:.3f}" for x, y in enumerate(side))
        lines.append(f'<path class="{kind}" d="M0 0L{outline}L{len(total) - 1} 0Z"/>')
    zero = f'<line class="zero" x1="0" x2="{len(total) - 1}" y1="0" y2="0"/>'
    return _stretched(len(total) - 1, -1.05, 2.1, "".join(lines) + zero, "Evidence over time")


def _stretched(width: int, top: float, height: float, content: str, what: str) -> str:
    box = f"0 {top} {max(1, width)} {height}"
    return f'<svg role="img" aria-label="{what}" viewBox="{box}" preserveAspectRatio="none">{content}</svg>'


def _hertz_axis(explanation: Explanation) -> str:
    bands, said, last = len(explanation.hertz), [], -1.0
    for tick in HERTZ:
        if explanation.hertz[0] <= tick <= explanation.hertz[-1] * 1.05:
            at = float(np.interp(tick, explanation.hertz, (np.arange(bands) + 0.5) / bands))
            if at - last >= CLOSE:
                said.append(f'<span style="bottom:{_percent(min(at, 0.96))}">{hertz_text(tick)}</span>')
                last = at
    return "".join(said)


def _mark(explanation: Explanation, number: int, place: Place) -> str:
    length, bands = explanation.stop - explanation.start, len(explanation.hertz)
    low, high = (float(np.interp(hertz, explanation.hertz, np.arange(bands))) for hertz in (place.low, place.high))
    style = (
        f"{_across(place.start - explanation.start, place.stop - explanation.start, length)};"
        f"bottom:{_percent(low / bands)};height:{_percent((high + 1 - low) / bands)}"
    )
    return f'<div class="place" style="{style}"><i>{number}</i></div>'


def _percent(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.2f}%"


def _time_ticks(start: float, stop: float) -> str:
    said = []
    for tick, text in time_ticks(start, stop):
        share = (tick - start) / (stop - start)
        kind = ' class="last"' if share > 0.96 else ' class="first"' if share < 0.04 else ""
        said.append(f'<span{kind} style="left:{_percent(share)}">{text}</span>')
    return "".join(said)


def _timeline(explanation: Explanation) -> str:
    """Draw the probability of each window over the whole file, and the parts that they make up."""
    result = explanation.result
    if len(result.windows) < 2:
        return ""
    bars = "".join(
        _bar(window, edges, explanation) for window, edges in zip(result.windows, _edges(result.windows), strict=True)
    )
    framed, part = "", ""
    if result.seconds > explanation.stop - explanation.start + 0.1:
        part = f'<div class="part" style="{_across(explanation.start, explanation.stop, result.seconds)}"></div>'
        framed = " The frame is the part shown above."
    axis = '<span style="bottom:94%">100 %</span><span style="bottom:50%">50 %</span><span style="bottom:4%">0 %</span>'
    half = '<div class="half" style="bottom:50%"></div>'
    rows = _row(axis, "line", bars + half + part)
    rows += _row("<b>parts</b>", "parts", "".join(_segment(one, result.seconds) for one in result.segments))
    times = f'<div class="times">{_time_ticks(0, result.seconds)}</div>'
    return (
        f'<h2>Over time</h2>\n<div class="stack">{rows}{times}</div>\n'
        '<p class="note">How probable it is, window by window, that the speech is machine-generated:'
        "<span class='key k-ai'></span>machine,<span class='key k-human'></span>human,"
        "<span class='key k-unsure'></span>cannot tell. A window is "
        f"{duration(result.windows[0].stop - result.windows[0].start)} long; where there is no speech there is no bar."
        f" Below: the parts that the windows make up.{framed}</p>"
    )


def _edges(windows: Sequence[Window]) -> list[tuple[float, float]]:
    """Return from where to where a window is drawn: windows overlap, bars must not."""
    hops = [after.start - before.start for before, after in itertools.pairwise(windows)]
    hop = min((hop for hop in hops if hop > 0), default=0.0)
    middles = [(window.start + window.stop) / 2 for window in windows]
    joined = [step <= 1.5 * hop for step in hops]
    edges: list[tuple[float, float]] = []
    for i, window in enumerate(windows):
        start = (middles[i - 1] + middles[i]) / 2 if i and joined[i - 1] else window.start
        stop = (middles[i] + middles[i + 1]) / 2 if i < len(joined) and joined[i] else window.stop
        edges.append((max(start, edges[-1][1]) if edges else start, stop))
    return edges


def _bar(window: Window, edges: tuple[float, float], explanation: Explanation) -> str:
    style = f"{_across(*edges, explanation.result.seconds)};height:{_percent(max(0.02, window.p_ai))}"
    title = f"{duration(window.start)} to {duration(window.stop)}: {percent(window.p_ai)} machine"
    return f'<div class="window {TONES[call(window.llr, explanation.cut)]}" style="{style}" title="{title}"></div>'


def _segment(segment: Segment, seconds: float) -> str:
    title = f"{duration(segment.start)} to {duration(segment.stop)}: {segment.verdict}"
    style = _across(segment.start, segment.stop, seconds)
    return f'<div class="segment {TONES[segment.verdict]}" style="{style}" title="{title}"></div>'


def _across(start: float, stop: float, seconds: float) -> str:
    return f"left:{_percent(start / seconds)};width:{_percent((stop - start) / seconds)}"


def _curve(explanation: Explanation) -> str:
    """Draw the score on the curve that turns it into a probability, with the thresholds."""
    llr, thresholds = explanation.result.llr, explanation.facts.thresholds
    if llr is None:
        return ""
    reach = max(4.0, 1.0 + max(map(abs, (llr, *thresholds.values()))))

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value + reach) / (2 * reach)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    low, high = explanation.cut.low, explanation.cut.high
    grid = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>'
        for share in (0.0, 0.5, 1.0)
    )
    ticks = "".join(
        f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{decimal(tick, 0)}</text>'
        for tick in nice_ticks(-reach, reach)
    )
    band = f'<rect class="band" x="{x(low):.1f}" width="{x(high) - x(low):.1f}" y="{TOP}" height="{y(0) - TOP:.1f}"/>'
    lines = "".join(
        f'<line class="at" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP}" y2="{y(0):.1f}"><title>{escape(name)}:'
        f" {decimal(at)}</title></line>"
        for name, at in thresholds.items()
    )
    values = np.linspace(-reach, reach, 121)
    curve = "L".join(f"{x(v):.1f} {y(p):.1f}" for v, p in zip(values, p_ai(values), strict=True))
    here = float(p_ai(llr))
    # The curve falls to the right: what stands above and right of the dot crosses it nowhere.
    edge = llr > reach / 2
    place = f'x="{x(llr) + (0 if edge else 11):.1f}" y="{y(here) - (16 if edge else 8):.1f}"'
    anchor = "middle" if edge else "start"
    return (
        "<h2>Where the score lies</h2>\n"
        '<svg class="curve" role="img" aria-label="The score on the calibration curve"'
        f' viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}">'
        f'{band}{grid}{ticks}{lines}<path class="s" d="M{curve}"/>'
        f'<text x="{LEFT}" y="16">machine</text><text x="{WIDTH - RIGHT}" y="16" text-anchor="end">human</text>'
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">score (llr)</text>'
        f'<circle class="here" cx="{x(llr):.1f}" cy="{y(here):.1f}" r="7"/>'
        f'<text class="say" {place} text-anchor="{anchor}">'
        f"{decimal(llr)}: {percent(here)}</text></svg>\n"
        f'<p class="note">The curve is the probability of a machine, where half of all recordings are. Dashed: the'
        f" thresholds {_listed(thresholds)}.{_between(low, high)}</p>"
    )


def _between(low: float, high: float) -> str:
    if low == high:
        return f" Here a recording is called ai below {decimal(low)}."
    return f"<span class='key k-band'></span>From {decimal(low)} to {decimal(high)} it says that it cannot tell."


def _listed(thresholds: object) -> str:
    items = sorted(dict(thresholds).items(), key=lambda item: item[1])  # type: ignore[call-overload]
    return ", ".join(f"{escape(name)} ({decimal(at)})" for name, at in items)


def _footer(explanation: Explanation) -> str:
    card = explanation.facts.card
    clips = ", ".join(f"{count} {escape(printable(label))}" for label, count in dict(card.get("clips", {})).items())
    learnt = f" It has learnt from {clips} clips." if clips else ""
    return (
        f"Made by Bonafide.{learnt} A detector errs, above all on voices, devices and generators that it has never"
        " met: let no verdict on a person rest on it alone."
    )
