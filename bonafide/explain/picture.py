"""An explanation as one PNG picture, to send or to put beside others; the page says more."""

from itertools import pairwise

import numpy as np

from bonafide.detection.verdicts import call
from bonafide.drawing.evidence_png import AI, HUMAN, evidence_picture, nice_step, png_rgb
from bonafide.drawing.png import LEVELS, palette
from bonafide.explain.evidence import Explanation
from bonafide.explain.page import HERTZ_TICKS, VERDICTS, hertz_text, place_words, places, tick_text
from bonafide.explain.pixelfont import LINE, width_of, write
from bonafide.text import decimal, duration, percent, printable

WIDTH, LEFT, RIGHT, GAP = 1000, 90, 20, 14
PAPER, INK, SOFT, PANEL, UNSURE = (255, 255, 255), (27, 35, 48), (91, 102, 117), (240, 243, 246), (190, 150, 50)
COLOURS = {"ai": AI, "human": HUMAN, "cannot tell": UNSURE, "mixed": UNSURE}
RANGE_DB = 70.0


def picture(explanation: Explanation) -> bytes:
    """Return the picture as a PNG file: verdict, waveform, spectrogram, evidence, timeline."""
    strips = [_heading(explanation), _wave(explanation), _spectrogram(explanation)]
    if explanation.evidence is not None:
        strips.append(_evidence(explanation))
    strips.append(_time_axis(explanation.start, explanation.stop))
    strips.append(_words(explanation))
    if len(explanation.result.windows) > 1:
        strips += [_timeline(explanation), _time_axis(0.0, explanation.result.seconds)]
    gap = _blank(GAP)
    return png_rgb(np.concatenate([part for strip in strips for part in (strip, gap)]))


def _heading(explanation: Explanation) -> np.ndarray:
    result = explanation.result
    lines = [f"{printable(explanation.name)}, {duration(result.seconds)} long"]
    if result.p_ai is not None:
        lines.append(f"machine-generated with a probability of {percent(result.p_ai)} (llr {decimal(result.llr)})")
    lines += [result.reason] if result.reason else []
    strip = _blank(3 * LINE + len(lines) * LINE)
    write(strip, VERDICTS[result.verdict][0], LEFT, 16, COLOURS[result.verdict], scale=4)
    for number, line in enumerate(lines):
        write(strip, line, LEFT, 58 + number * LINE, SOFT)
    return strip


def _wave(explanation: Explanation) -> np.ndarray:
    strip = _panel(70, "wave")
    inner = strip[:, LEFT : WIDTH - RIGHT]
    samples, columns = explanation.samples, inner.shape[1]
    edges = np.linspace(0, samples.size, columns + 1).astype(int)
    peak = max(1e-6, float(np.abs(samples).max()))
    for column, (start, stop) in enumerate(pairwise(edges)):
        part = samples[start : max(stop, start + 1)] / peak
        top, bottom = (int(35 - 33 * value) for value in (part.max(), part.min()))
        inner[top : bottom + 1, column] = SOFT
    return strip


def _spectrogram(explanation: Explanation) -> np.ndarray:
    mel = explanation.mel.astype(np.float32)
    share = np.clip((mel - mel.max()) / RANGE_DB + 1, 0, 1)
    return _framed(explanation, palette()[np.rint(share.T[::-1] * (LEVELS - 1)).astype(int)])


def _evidence(explanation: Explanation) -> np.ndarray:
    assert explanation.evidence is not None
    strip = _framed(explanation, evidence_picture(explanation.mel, explanation.evidence))
    inner = strip[:, LEFT : WIDTH - RIGHT]
    height, width, _ = inner.shape
    length = explanation.stop - explanation.start
    for number, place in enumerate(places(explanation), start=1):
        left, right = (int((at - explanation.start) / length * (width - 1)) for at in (place.start, place.stop))
        bottom, top = (int(height - 1 - _share(explanation, at) * (height - 1)) for at in (place.low, place.high))
        inner[[max(0, top), bottom], left : right + 1] = inner[max(0, top) : bottom + 1, [left, right]] = 255
        write(inner, str(number), left + 4, max(2, top - LINE), (255, 255, 255))
    return strip


def _words(explanation: Explanation) -> np.ndarray:
    lines = [f"{number}. {place_words(place)}" for number, place in enumerate(places(explanation), start=1)]
    strip = _blank(LINE * (len(lines) + 2))
    x = LEFT
    for text, colour in (("It spoke for ", SOFT), ("a machine", AI), (" or ", SOFT), ("a human", HUMAN)):
        write(strip, text, x, 4, colour)
        x += width_of(text)
    for number, line in enumerate(lines, start=1):
        write(strip, line, LEFT, 4 + number * LINE, INK)
    return strip


def _timeline(explanation: Explanation) -> np.ndarray:
    strip = _panel(80, "p(ai)")
    inner = strip[:, LEFT : WIDTH - RIGHT]
    height, width, _ = inner.shape
    for window in explanation.result.windows:
        left, right = (int(at / explanation.result.seconds * width) for at in (window.start, window.stop))
        top = int((1 - window.p_ai) * (height - 1))
        inner[top:, left:right] = COLOURS[call(window.llr, explanation.cut)]
    inner[height // 2, ::4] = SOFT
    return strip


def _time_axis(start: float, stop: float) -> np.ndarray:
    strip = _blank(LINE)
    step = nice_step((stop - start) / 5)
    for number in range(int(np.ceil(start / step - 1e-9)), int(np.floor(stop / step + 1e-9)) + 1):
        text = tick_text(step * number, step, stop)
        at = LEFT + (WIDTH - LEFT - RIGHT) * (step * number - start) / (stop - start)
        write(strip, text, int(min(at - width_of(text) / 2, WIDTH - width_of(text) - 2)), 0, SOFT)
    return strip


def _framed(explanation: Explanation, pixels: np.ndarray) -> np.ndarray:
    strip = _blank(200)
    inner = strip[:, LEFT : WIDTH - RIGHT]
    rows = np.linspace(0, len(pixels) - 1, inner.shape[0]).round().astype(int)
    columns = np.linspace(0, pixels.shape[1] - 1, inner.shape[1]).round().astype(int)
    inner[:] = pixels[rows][:, columns]
    last = len(strip)
    for tick in HERTZ_TICKS:
        y = round((1 - _share(explanation, tick)) * len(strip))
        if explanation.hertz[0] <= tick <= 1.05 * explanation.hertz[-1] and last - y >= LINE:
            text = hertz_text(tick)
            write(strip, text, LEFT - 8 - width_of(text), min(max(0, y - LINE // 2), len(strip) - LINE), SOFT)
            last = y
    return strip


def _share(explanation: Explanation, hertz: float) -> float:
    bands = len(explanation.hertz)
    return float(np.interp(hertz, explanation.hertz, (np.arange(bands) + 0.5) / bands))


def _panel(height: int, name: str) -> np.ndarray:
    strip = _blank(height)
    strip[:, LEFT : WIDTH - RIGHT] = PANEL
    write(strip, name, LEFT - 8 - width_of(name), (height - LINE) // 2, SOFT)
    return strip


def _blank(height: int) -> np.ndarray:
    return np.full((height, WIDTH, 3), PAPER, np.uint8)
