"""The page of `bonafide corpus stats` in a real browser, on a screen and on a phone."""

import numpy as np
import pytest

from bonafide.audit.glance import Property
from bonafide.corpus.tally import COLUMNS, by_class, by_value
from bonafide.report.corpus_page import Example, Pictures, page

from .browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")
PHONE, DESK = 380, 1200  # pixels


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A page of two classes with names as long as they come."""
    draw = np.random.default_rng(1)
    facts = dict.fromkeys(COLUMNS, "a-name-that-is-as-long-as-names-of-repositories-come+and-a-half")
    rows = [{**facts, "label": label, "seconds": 4.0, "speaker": "s"} for label in ("human", "ai") for _ in range(9)]
    spectrum = np.sort(draw.normal(-40, 5, (3, 255)), axis=0)
    values = {label: draw.normal(-20, 3, 50).tolist() for label in ("human", "ai")}
    pictures = Pictures(
        name="voices",
        classes=by_class(rows),
        columns={name: by_value(rows, name) for name in COLUMNS},
        heard=18,
        hertz=np.linspace(31, 7969, 255),
        spectra={"human": spectrum, "ai": spectrum - 3},
        seconds=values,
        levels=values,
        probes={"files": {"level": 0.93, "length": 0.5}, "clips": {"level": 0.48}},
        properties=[Property("level", "dBFS", 0.93, -26.0, -14.0)],
        examples=[Example(label, "a", "b", draw.normal(-40, 9, (400, 80))) for label in ("human", "ai")],
    )
    path = tmp_path_factory.mktemp("page") / "stats.html"
    path.write_text(page(pictures), encoding="utf-8")
    return path


def test_the_page_fits_screen_and_phone_and_its_pictures_show(written, tmp_path):
    with Browser(tmp_path / "profile") as browser:
        for width, dark in ((DESK, False), (PHONE, True)):
            browser.screen(width, 900, dark=dark, mobile=width == PHONE)
            browser.open(written.as_uri())
            assert browser.js("document.documentElement.scrollWidth") == width
            assert browser.js("[...document.images].every(each => each.naturalWidth > 0)")
            assert browser.js("[...document.querySelectorAll('svg.chart')].every(each => each.clientHeight > 150)")
            ground = browser.js("getComputedStyle(document.body).backgroundColor")
            assert ground == ("rgb(18, 22, 28)" if dark else "rgb(255, 255, 255)")
        colours = browser.js(
            "['human', 'ai'].map(each => getComputedStyle(document.querySelector('.line.' + each)).stroke)"
        )
        assert len(set(colours)) == 2
