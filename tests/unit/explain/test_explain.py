"""What spoke for the verdict: the map finds what moved the score, and the page shows it offline."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bonafide.audio.spectrogram import log_spectrogram
from bonafide.detection.detector import Detector
from bonafide.detection.results import Result, Segment, Window
from bonafide.errors import UserError
from bonafide.explain import evidence
from bonafide.explain.evidence import evidence_map, explain, places
from bonafide.explain.page import page
from bonafide.explain.panels import sound_panels
from bonafide.explain.picture import picture
from bonafide.explain.timeline import timeline_panels
from bonafide.explain.words import about_sound
from bonafide.text import decimal
from bonafide.web.worker import evidence_of

RATE = 16000
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def detector():
    try:
        return Detector()
    except UserError as error:
        pytest.skip(f"no weights are packaged here: {error}")


@pytest.fixture(scope="module")
def short(tmp_path_factory, voice):
    path = tmp_path_factory.mktemp("explain") / "a <b> & c.wav"
    soundfile.write(path, voice[: 3 * RATE], RATE)
    return path


@pytest.fixture(scope="module")
def explained(detector, short):
    return explain(detector, short)


class OneBand:
    """Stands in for the network, of which nobody knows what it listens to: it hears one band for one while."""

    def __init__(self, frames, band):
        self.frames, self.band = frames, band

    def __call__(self, batch):
        return batch[:, self.frames, self.band].astype(np.float64).mean(axis=1)


def test_the_map_finds_what_the_network_listens_to(detector, voice, monkeypatch):
    settings = detector.facts.spectrogram
    size = (detector.scorer.crop_frames - 1) * settings.hop_length  # one crop, so that its frames are the file's
    mel = log_spectrogram(voice[:size], RATE, settings)
    bands = settings.n_bands  # what a second spectrogram hears is shown at the place of these
    band = bands // 3
    # The loudest stretch in that band: to take it away lowers what the network hears.
    start = int(np.convolve(mel[:, band].astype(float), np.ones(20), "valid").argmax())
    monkeypatch.setattr(detector.scorer, "logits", OneBand(slice(start, start + 20), band))
    evidence = evidence_map(detector.scorer, mel)
    assert evidence.shape == (len(mel), bands)
    frame, found = np.unravel_index(int(evidence.argmax()), evidence.shape)
    assert abs(found - band) <= bands // 8
    assert start - 20 <= frame < start + 40
    far = np.abs(np.arange(bands) - band) > bands // 8
    assert np.abs(evidence[:, far]).max() < 1e-9
    assert evidence.max() > 0


def test_the_parts_add_up_to_the_llr(detector, explained, voice, tmp_path):
    """Whatever the network is: what noise of the same spectrum has, less all parts, is the llr of what is shown."""
    path = tmp_path / "long.wav"
    soundfile.write(path, voice[: 12 * RATE], RATE)
    for each in (explained, explain(detector, path)):
        assert each.base - each.evidence.sum() == pytest.approx(each.llr, abs=1e-4)  # of sums in float32
        shown = evidence_of(each)
        assert shown["base"] - np.sum(shown["map"]) == pytest.approx(each.llr, abs=1e-3)
        assert decimal(each.base) in about_sound(each)
        assert f"{decimal(each.llr)}." in about_sound(each)


@pytest.mark.parametrize(("verdict", "side", "heading"), [("human", -1, "a human voice"), ("ai", 1, "AI:")])
def test_what_is_named_spoke_for_the_verdict(explained, verdict, side, heading):
    turned = replace(explained, result=replace(explained.result, verdict=verdict))
    assert places(turned)
    assert all(side * place.evidence > 0 for place in places(turned))
    for text in (page(turned), picture(turned)):
        assert f"spoke most for {heading}" in " ".join(text.split())
        assert ("falls by" if side < 0 else "rises by") in text


@pytest.mark.parametrize(
    ("frames", "bands", "width"), [(1, 64, 20), (19, 7, 20), (300, 64, 20), (5000, 80, 20), (9, 1, 3)]
)
def test_patches_leave_no_place_out_and_are_not_too_many(frames, bands, width):
    covered = np.zeros((frames, bands), int)
    patches = list(evidence._patches(frames, bands, width))
    for time, band in patches:
        covered[time, band] += 1
    assert covered.min() == covered.max() == 1
    assert len(patches) <= evidence.MOST_PATCHES + 2 * 64


def test_a_tone_at_the_place_of_a_band_is_loudest_in_it(detector, explained):
    assert len(explained.hertz) == explained.spectrogram.shape[1]
    time = np.arange(RATE // 2) / RATE
    settings = detector.facts.spectrogram
    for band, hertz in enumerate(explained.hertz):
        tone = np.sin(2 * np.pi * hertz * time).astype(np.float32)
        loudest = log_spectrogram(tone, RATE, settings)[10, : settings.n_bands].argmax()
        # The lowest mel bands are narrower than the window resolves.
        assert loudest == band or abs(explained.hertz[loudest] - hertz) < RATE / settings.n_fft


def test_the_page_is_whole_escaped_and_asks_the_network_for_nothing(explained):
    html = page(explained)
    asked = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            asked.extend(value for key, value in attributes if key in ("src", "href", "data", "action"))
            assert tag not in ("script", "link", "iframe", "b") or not attributes

    Reader().feed(html)
    assert len(asked) >= 3
    assert all(url.startswith("data:") for url in asked)
    assert not re.search(r"url\(|@import", html)
    assert "a &lt;b&gt; &amp; c.wav" in html
    assert "$" not in re.sub(r"data:[^\"]*", "", html), "a placeholder was left"
    assert len(html) < 1_000_000
    for heading in ("What it heard", "Where the score lies", "Evidence map"):
        assert heading in html


def test_the_picture_is_an_svg_that_needs_nothing_else(explained):
    svg = picture(explained)
    tree = ElementTree.fromstring(svg)
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in svg  # programs other than browsers draw it black
    pictures = [each.get("href") for each in tree.iter("{http://www.w3.org/2000/svg}image")]
    assert len(pictures) == 2
    assert all(url.startswith("data:image/png;base64,") for url in pictures)
    assert not re.search(r"url\(|@import|<script", svg)
    _, _, width, height = map(float, tree.get("viewBox").split())
    lowest = max(float(each.get("transform").split()[1].rstrip(")")) for each in tree if each.get("transform"))
    assert (width, lowest < height) == (960, True)


@pytest.mark.slow
def test_page_and_picture_show_the_same_drawings_and_say_the_same(detector, tmp_path, voice):
    path = tmp_path / "several windows.wav"
    soundfile.write(path, voice[: 7 * RATE], RATE)
    explanation = explain(detector, path)
    html, svg = page(explanation), picture(explanation)
    panels = [*sound_panels(explanation), *timeline_panels(explanation)]
    assert len(panels) == 10
    for panel in panels:
        assert panel.content in html
        assert panel.content in svg
    words = [" ".join(" ".join(ElementTree.fromstring(svg).itertext()).split()), re.sub(r"<[^>]+>", " ", html)]
    for text in (
        f"{decimal(explanation.result.llr)}; higher is more human",
        "covered, the llr ",
        "Made by Bonafide",
    ):
        assert all(text in " ".join(each.split()) for each in words)


def test_a_bar_stands_where_its_window_speaks_also_where_the_last_one_is_nearer(explained):
    starts = [0.0, 1.0, 2.0, 3.0, 3.4]  # the last window of a recording ends where it ends
    windows = tuple(Window(at, at + 4.0, -1.0, 0.73) for at in starts)
    result = Result("ai", "", -1.0, 0.73, 8.0, 8.0, windows, (Segment(0.0, 8.0, "ai"),))
    drawn = timeline_panels(replace(explained, result=result))[0].content
    bars = re.findall(r'class="window [\w-]+".*? x="([\d.]+)%" width="([\d.]+)%"', drawn)
    edges = [(float(x) * 0.08, (float(x) + float(width)) * 0.08) for x, width in bars]
    assert edges == [
        pytest.approx(ends, abs=0.01) for ends in ((0, 2.5), (2.5, 3.5), (3.5, 4.5), (4.5, 5.2), (5.2, 7.4))
    ]


def test_numbers_of_places_stand_over_all_frames(explained):
    drawn = next(panel.content for panel in sound_panels(explained) if panel.label == "Evidence map")
    assert places(explained)
    assert drawn.rindex('class="place"') < drawn.index('class="number"')


@pytest.mark.slow
def test_a_long_file_is_explained_by_its_most_telling_part(detector, tmp_path, voice):
    path = tmp_path / "long.flac"
    soundfile.write(path, np.concatenate([voice, voice, voice]), RATE)
    found = explain(detector, path)
    assert found.samples.size == evidence.EXCERPT_SECONDS * RATE
    side = 1 if found.result.verdict == "human" else -1
    best = max(found.result.windows, key=lambda window: side * window.llr)
    assert found.start - 1e-6 <= best.start
    assert best.stop <= found.stop + 1e-6
    html = page(found)
    assert "Over time" in html
    assert html.count('class="window') == len(found.result.windows)


def test_what_cannot_be_scored_is_shown_without_a_map(detector, tmp_path, voice):
    path = tmp_path / "short.wav"
    soundfile.write(path, voice[:6000], RATE)
    found = explain(detector, path)
    assert found.result.verdict == "cannot tell"
    assert (found.evidence, found.llr, places(found)) == (None, None, [])
    html = page(found)
    assert "Evidence map" not in html
    assert found.result.reason[1:20] in picture(found)
    assert found.result.reason[1:20] in html


def test_silence_and_what_is_no_sound_end_in_a_sentence(detector, tmp_path):
    (tmp_path / "no.wav").write_bytes(b"RIFF no sound at all")
    with pytest.raises(UserError, match=r"no\.wav"):
        explain(detector, tmp_path / "no.wav")
    with pytest.raises(UserError, match=r"none\.wav"):
        explain(detector, tmp_path / "none.wav")
    soundfile.write(tmp_path / "zeros.wav", np.zeros(3 * RATE), RATE)
    assert page(explain(detector, tmp_path / "zeros.wav")).count("<image") == 1


@pytest.mark.parametrize("verdict", ["human", "ai", "mixed", "cannot tell"])
@pytest.mark.parametrize("llr", [-30.0, 0.0, 30.0])
def test_every_verdict_and_score_has_a_page(explained, verdict, llr):
    result = Result(verdict, "", llr, 1 / (1 + float(np.exp(llr))), 3.0, 3.0, (), ())
    html = page(replace(explained, result=result))
    for drawn in (html, picture(replace(explained, result=result))):
        assert not re.search(r"\b(nan|inf)\b", re.sub(r"data:[^\"]*", "", drawn), re.IGNORECASE)
    circle = re.search(r'class="here [\w-]+" cx="([\d.]+)" cy="([\d.]+)"', html)
    assert 64 <= float(circle[1]) <= 640
    assert 30 <= float(circle[2]) <= 210


def test_the_command_writes_a_page_or_a_picture_and_names_both_for_anything_else(short, tmp_path):
    line = [sys.executable, "-c", "from bonafide.cli import main; main()", "explain", str(short), "-o"]
    done = subprocess.run([*line, tmp_path / "e.html"], capture_output=True, text=True)
    if "no packaged weights" in done.stderr:
        pytest.skip("no weights are packaged here")
    assert done.returncode == 0, done.stderr
    assert f", answered by the packaged detector; {tmp_path / 'e.html'} says why" in done.stdout
    assert (tmp_path / "e.html").read_text().startswith("<!doctype html>")
    subprocess.run([*line, tmp_path / "e.svg"], check=True)
    assert ElementTree.parse(tmp_path / "e.svg").getroot().tag.endswith("svg")
    wrong = subprocess.run([*line, tmp_path / "e.png"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert ".html or .svg" in wrong.stderr


def test_explaining_needs_no_more_than_the_light_install():
    heavy = "tensorflow keras librosa pandas pyarrow scipy sklearn jinja2 markupsafe matplotlib PIL"
    code = (
        "import sys, bonafide.explain.page, bonafide.explain.picture, bonafide.gathering.collecting;"
        "import bonafide.commands.explain;"
        f"print(*({{*'{heavy}'.split()}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
