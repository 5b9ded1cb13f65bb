"""Pictures without a plotting library: every pixel, tick and letter lands where it belongs."""

import zlib

import jinja2
import numpy as np
import pytest

from bonafide.drawing.axes import HERTZ, hertz_text, nice_step, nice_ticks, time_ticks
from bonafide.drawing.pictures import LEVELS, evidence_png, palette, spectrogram_png
from bonafide.drawing.png import png
from bonafide.drawing.svg import element, group, path

HOSTILE = """<script>alert("x")</script> & 'y'"""


def chunks(written):
    """The parts of a PNG by their names; one whose sum is wrong is an error."""
    assert written.startswith(b"\x89PNG\r\n\x1a\n")
    parts, at = {}, 8
    while at < len(written):
        size = int.from_bytes(written[at : at + 4], "big")
        kind, data = written[at + 4 : at + 8], written[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + data) == int.from_bytes(written[at + 8 + size : at + 12 + size], "big")
        parts[kind.decode()], at = data, at + 12 + size
    return parts


def pixels(written):
    """The colours of a PNG, shape (height, width, 3)."""
    parts = chunks(written)
    width, height = (int.from_bytes(parts["IHDR"][at : at + 4], "big") for at in (0, 4))
    lines = np.frombuffer(zlib.decompress(parts["IDAT"]), np.uint8).reshape(height, -1)
    assert not lines[:, 0].any()  # no filter
    if "PLTE" in parts:
        return np.frombuffer(parts["PLTE"], np.uint8).reshape(-1, 3)[lines[:, 1:]]
    return lines[:, 1:].reshape(height, width, 3)


def test_a_png_holds_the_pixels_it_was_given():
    colours = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert (pixels(png(colours)) == colours).all()
    rows = np.array([[0, 5, 63], [1, 2, 3]], np.uint8)
    assert (pixels(png(rows, palette())) == palette()[rows]).all()


def test_a_spectrogram_has_low_bands_at_the_bottom_and_bounded_width():
    decibels = np.full((1000, 4), -80.0)
    decibels[:, 0] = 0.0
    picture = pixels(spectrogram_png(decibels, most_columns=400))
    assert picture.shape == (4, 334, 3)
    assert (picture[-1] == palette()[LEVELS - 1]).all()
    assert (picture[0] == palette()[0]).all()


def test_evidence_is_orange_for_ai_blue_for_human_and_grey_where_there_is_none():
    decibels, evidence = np.zeros((10, 3)), np.zeros((10, 3))
    evidence[:, 0], evidence[:, 1] = 1.0, -1.0
    grey, human, ai = (pixels(evidence_png(decibels, evidence))[row, 4].astype(int) for row in range(3))
    assert len(set(grey)) == 1
    assert ai[0] > ai[2] + 50
    assert human[2] > human[0] + 50


@pytest.mark.parametrize(
    ("low", "high", "ticks"), [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-3, 3, [-2, 0, 2]), (1, 1, [1]), (0, 0.04, 5)]
)
def test_ticks_are_round_numbers(low, high, ticks):
    found = nice_ticks(low, high)
    assert len(found) == ticks if isinstance(ticks, int) else found == ticks


def test_steps_of_plain_numbers_are_never_those_of_a_clock():
    assert [nice_step(least) for least in (0.011, 0.2, 3, 12, 70)] == [0.02, 0.2, 5, 20, 100]


def test_times_are_counted_as_people_count_them():
    def texts(start, stop):
        return [text.replace("\xa0", " ") for _, text in time_ticks(start, stop)]

    assert texts(0, 2) == ["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]
    assert texts(7, 17) == ["8 s", "10 s", "12 s", "14 s", "16 s"]
    assert texts(0, 90) == ["0:00", "0:30", "1:00", "1:30"]
    assert texts(0, 7200) == ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00"]


def test_frequencies_read_well():
    assert [hertz_text(each).replace("\xa0", " ") for each in (437.3, 1520, 7993)] == ["440 Hz", "1.5 kHz", "8 kHz"]
    assert hertz_text(HERTZ[0]) == "125\xa0Hz"


def test_text_and_attributes_are_escaped_once_and_markup_not_at_all():
    drawn = element("text", HOSTILE, element("title", HOSTILE), title=HOSTILE)
    assert drawn.count("<") == 4
    assert drawn.count("&amp;") == 3
    assert "&amp;lt;" not in drawn
    assert group(drawn, "<") == drawn + "&lt;"


def test_jinja_takes_an_element_as_markup_and_its_text_as_text():
    template = jinja2.Environment(autoescape=True).from_string("{{ drawn }}{{ text }}")
    assert template.render(drawn=element("b", "<"), text="<b>") == "<b>&lt;</b>&lt;b&gt;"


def test_a_path_leaves_out_points_that_fall_together():
    assert path([(0, 0), (0.01, 0.01), (1, 1)]) == "M0.0 0.0L1.0 1.0"
