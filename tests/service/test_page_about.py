"""What the page tells of the detector, of what it reads, and of what programs may ask, in a real browser."""

import pytest
from browser import CHROMIUM

from bonafide import Detector
from bonafide.audio.apart import av_is_there
from bonafide.audio.formats import FORMATS
from bonafide.text import percent

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")


def test_the_page_says_how_often_the_detector_answers(page):
    card = page.js("document.querySelector('#card').textContent")
    answered = percent(Detector().facts.card["held_out"]["answered"])
    assert "cannot tell" in card and f"for {answered} of clips of sources that it has not heard" in card


def test_the_page_tells_how_large_the_model_is_and_how_often_it_errs(page):
    rates = Detector().facts.card["held_out"]
    about = page.js("document.querySelector('#card').textContent")
    assert "undefined" not in about
    assert f"{Detector().facts.card['parameters']:,}".replace(",", "\u202f") + " parameters" in about
    assert f"{percent(rates['fpr'])} of the human ones were called AI" in about
    assert f"{percent(rates['fnr'])} of the AI ones human" in about


def test_the_page_reads_what_the_command_says_that_it_reads(page):
    about = page.js("document.querySelector('#card').textContent")
    accepted = page.js("document.querySelector('#files').accept").split(",")
    for each in FORMATS:
        assert av_is_there() is False or each.name in about
        assert each.by_pyav or ({*each.suffixes} <= {*accepted} and each.codings in about)


def test_what_programs_may_ask_is_described_without_the_net(page):
    page.open(page.js("location.origin") + "/docs")
    page.wait("document.querySelectorAll('#docs h2').length > 4")
    text = page.js("document.querySelector('#docs').textContent")
    for word in ("POST /v1/detect", "GET /v1/health", "threshold", "multipart/form-data", '"verdict": "mixed"'):
        assert word in text
    assert page.js("document.documentElement.scrollWidth") <= 1200


def test_the_page_tells_which_detector_answers(page):
    assert f"packaged (SHA-256 {Detector('packaged').sha256[:12]})" in page.js(
        "document.querySelector('#card').textContent"
    )
