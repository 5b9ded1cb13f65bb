"""The report as its readers get it: known scores in, a real browser looks at what comes out."""

import html
import json
import re
import socketserver
import subprocess
import threading
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from bonafide.report.examples import examples_of
from bonafide.report.run import Files, ReportSettings, read_run
from bonafide.report.verdict import better_probe, judge, verdict_of

from .browser import CHROMIUM, FLAGS
from .left_run import FILES, known_scores, leave, make

ROOT = Path(__file__).parents[2]
# What the browser may ask of its maker whatever page it shows, beside what it asks for an empty one.
OF_THE_BROWSER = {"update.googleapis.com", "clients2.google.com", "accounts.google.com", "safebrowsing.googleapis.com"}
HOSTILE = "\"><script>document.title='owned'</script><img src=http://x.test/a>&amp;\u202egnp.|`*[a](javascript:b)\n"
PHONE = 380  # pixels

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")


class Text(HTMLParser):
    """Collects the text of a page, that of style sheets left out."""

    def __init__(self):
        super().__init__()
        self.parts, self.tags, self.skipping = [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.skipping = tag in ("style", "script")

    def handle_endtag(self, tag):
        self.skipping = False

    def handle_data(self, data):
        if not self.skipping:
            self.parts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.parts))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page and the card of a run with known errors: of 100 human clips 12 flagged, of 80 ai clips 20 missed."""
    return make(tmp_path_factory.mktemp("report"), known_scores())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The same from a corpus whose every name is an attack."""
    names = ["path", "speaker", "source", "generator", "language", "license"]
    scores = known_scores()
    for name in names:
        scores[name] = [value and HOSTILE + value for value in scores[name]]
    return make(tmp_path_factory.mktemp("hostile"), scores)


def seen_by_browser(page, folder, *flags):
    """Return what the browser makes of `page`, parsed."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()]
    dump = subprocess.run(command, capture_output=True, timeout=60, check=True)
    parser = Text()
    parser.feed(dump.stdout.decode())
    return parser


@needs_browser
def test_the_page_says_the_numbers_of_the_run(made, tmp_path):
    text = seen_by_browser(made[0], tmp_path).text
    assert "Of 100 human clips it wrongly flags 12 (7 to 18), and of 100 AI clips it misses 25 (7 to 18)" in text
    assert "it calls 82 (7 to 18) of 100 test clips rightly" in text
    assert re.search(r"human clips 88 88 % 12 12 % AI clips 20 25 % 60 75 %", text)  # the confusion matrix
    assert "100 human test clips of 10 speakers from 1 source, and 80 AI test clips of 2 generators" in text
    assert "wrongly flags up to 66 of 100 human clips (GSM; 12 as they are) and misses no more AI clips than" in text
    assert "EER 30 %, llr moved by −1.5 human" in text
    assert "From −2.50 to 2.50 it says that it cannot tell." in text
    assert "No known speaker, source or generator of the test clips was heard in training" in text
    assert "tested but never trained on: de" in text
    assert "Only as a hint to listen more closely" in text
    assert "1 file could not be used: 1 more carry a remark. 1 × the file is empty" in text
    assert "hifigan 40 AI" in text
    assert "human clips wrongly flagged 12 12 0" in text  # female, male, difference


@needs_browser
def test_no_request_leaves_the_machine(made, tmp_path):
    with recording_proxy() as (port, asked):
        through = [f"--proxy-server=127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>"]
        (tmp_path / "empty").mkdir()
        seen_by_browser("<p>nothing</p>", tmp_path / "empty", *through)
        of_the_browser = OF_THE_BROWSER | hosts(asked)
        seen_by_browser(made[0], tmp_path, *through)
        assert hosts(asked) <= of_the_browser
        seen_by_browser("<img src='http://x.test/picture'>", tmp_path, *through)
        assert "x.test" in hosts(asked)  # the recorder hears what there is to hear


def test_nothing_in_the_page_points_to_another_place(made):
    parser = Text()
    parser.feed(made[0])
    for tag, attributes in parser.tags:
        for name in ("src", "href", "action", "srcset", "poster"):
            assert attributes.get(name, "data:").startswith(("data:", "#")), (tag, attributes)
    assert not re.search(r"url\(|@import", made[0])
    assert [tag for tag, _ in parser.tags].count("script") == 1  # our own


@needs_browser
@pytest.mark.parametrize("page", ["made", "hostile"])
def test_a_phone_does_not_scroll_sideways(page, request, tmp_path):
    shown = request.getfixturevalue(page)[0]
    wide = seen_by_browser(in_frame(shown), tmp_path, "--window-size=900,900", "--virtual-time-budget=5000")
    measured = json.loads(next(attributes["data-found"] for _, attributes in wide.tags if "data-found" in attributes))
    assert measured["client"] == PHONE
    assert measured["scroll"] <= PHONE
    assert measured["wider"] == []
    assert measured["smallest"] >= 10


@needs_browser
def test_names_from_the_corpus_stay_text(hostile, tmp_path):
    found = seen_by_browser(hostile[0], tmp_path)
    assert [tag for tag, _ in found.tags].count("script") == 1  # our own
    assert all(attributes["src"].startswith("data:") for tag, attributes in found.tags if tag == "img")
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert "<script>document.title='owned'</script>" in found.text
    assert "\u202e" not in hostile[0]
    assert "\\u202e" in found.text
    assert re.search(r"<title>\s*Bonafide", hostile[0])


def test_names_in_the_card_stay_text(hostile):
    assert "<script" not in hostile[1]
    assert "](javascript" not in hostile[1].replace("\\](", "")
    rows = [line for line in hostile[1].splitlines() if line.startswith("| Source |")]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)


def test_the_card_says_the_same_as_the_page(made):
    page, card = made
    assert "Of 100 human clips it wrongly flags 12 (7 to 18)" in card
    assert "| test | human | 100 |" in card
    value = re.search(r"\| AUC \| ([\d.]+) \|", card)[1]
    assert f"<span>AUC</span> <b>{value}</b>" in page
    assert re.findall("[0-9a-f]{64}", card) == re.findall("[0-9a-f]{64}", page)


def test_wrong_and_right_verdicts_can_be_seen_and_heard_unless_the_settings_forbid_it(made, tmp_path):
    assert made[0].count('src="data:audio/flac') == 6  # two wrong ones and a right one of each class
    assert made[0].count('src="data:image/png') == 6
    silent = make(tmp_path, known_scores(), players=False, spectrograms=False)[0]
    assert "data:audio" not in silent
    assert "data:image" not in silent
    assert len(silent) < 500_000


def test_long_recordings_do_not_swell_the_page(tmp_path, monkeypatch):
    run = run_of(tmp_path, known_scores())
    settings = ReportSettings(worst=6, right=0, players=True, spectrograms=True)
    monkeypatch.setattr("bonafide.report.examples.MEDIA_BYTES", 100_000)
    found = [each for side in examples_of(run, tmp_path / "clips", settings)["wrong"].values() for each in side]
    assert len(found) == 12
    assert 0 < sum(len(each.sound) + len(each.picture) for each in found) <= 100_000


def test_the_page_is_the_same_each_time(made, tmp_path):
    again = make(tmp_path, known_scores())
    assert [each.replace(str(tmp_path), "") for each in again] == [
        re.sub(r"/\S*/report\d+", "", each) if str(tmp_path) not in each else each for each in made
    ]


def run_of(folder, scores):
    leave(folder, scores)
    return read_run(Files(*(folder / name for name in FILES)), {"audit": {"warn_above": 0.7}})


def test_a_detector_that_is_no_better_than_chance_is_not_to_be_used(tmp_path):
    run = run_of(tmp_path, known_scores())
    assert judge(run)[0] == "hint"
    chance = replace(run, intervals=run.intervals | {"auc": {"low": 0.45, "high": 0.9}})
    assert judge(chance)[0] == "no"
    assert judge(replace(run, intervals={}))[0] == "no"  # what is not known is not claimed
    wrong_way = replace(run, intervals=run.intervals | {"auc": {"low": 0.1, "high": 0.4}})
    assert "wrong way round" in verdict_of(wrong_way).headline


def test_a_detector_that_a_deaf_probe_matches_is_not_to_be_used(tmp_path):
    run = run_of(tmp_path, known_scores())
    assert better_probe(run) is None
    run.audit["probes"]["clips"]["length"]["auc"] = 0.97
    assert judge(run)[0] == "no"
    assert "'length'" in judge(run)[1][0]


def test_shortcuts_few_voices_and_known_ones_each_keep_a_good_detector_a_hint(tmp_path):
    good = well_tested(run_of(tmp_path, known_scores()))
    assert judge(good) == ("care", [])
    assert verdict_of(good).answer.startswith("Yes, as one piece of evidence")
    few = replace(good, scores=good.scores.assign(speaker="one"))
    seen = replace(good, scores=good.scores.assign(speaker_seen=True))
    probes = {"clips": {"level": {"auc": 0.55, "train_auc": 0.8}}}
    leak = replace(good, audit=good.audit | {"duplicates": {"across_splits": 1, "across_labels": 0, "clips": []}})
    shortcut = replace(good, audit=good.audit | {"probes": probes})
    for run, word in ((few, "1 human speaker"), (seen, "share speakers"), (shortcut, "level"), (leak, "1 pair")):
        level, reasons = judge(run)
        assert level == "hint"
        assert any(word in reason for reason in reasons)


def well_tested(run):
    low = {rate: {"low": 0.0, "high": 0.02} for rate in ("fpr", "fnr", "hter")}
    names = [f"voice{n % 30}" for n in range(len(run.scores))]
    generators = np.where(run.human, "", names)
    clean = run.audit | {"duplicates": {"across_splits": 0, "across_labels": 0, "clips": []}}
    return replace(
        run, audit=clean, intervals=run.intervals | low, scores=run.scores.assign(speaker=names, generator=generators)
    )


MEASURE = """
<script>
const frame = document.querySelector('iframe');
frame.onload = () => {
  const inside = frame.contentDocument, root = inside.documentElement, wider = [];
  let smallest = 99;
  for (const each of inside.querySelectorAll('body *')) {
    const box = each.getBoundingClientRect();
    const free = each.closest('.scroll, nav, svg');
    if (!free && box.right > %d + 0.5) wider.push(each.className || each.tagName);
  }
  for (const text of inside.querySelectorAll('svg.chart text')) {
    smallest = Math.min(smallest, parseFloat(frame.contentWindow.getComputedStyle(text).fontSize)
      * text.ownerSVGElement.getBoundingClientRect().width / 400);
  }
  const found = {client: root.clientWidth, scroll: root.scrollWidth, wider: wider.slice(0, 5), smallest};
  document.body.dataset.found = JSON.stringify(found);
};
</script>
"""


def in_frame(page):
    """Return a page that shows `page` as wide as a phone and says what it measured: a window cannot be so narrow."""
    inner = html.escape(page, quote=True)
    return f'<body><iframe width="{PHONE}" height="800" style="border:0" srcdoc="{inner}"></iframe>{MEASURE % PHONE}'


def hosts(asked):
    """Return the hosts in the first lines of requests to a proxy."""
    return {re.sub(r"^\w+ (\w+://)?([^/: ]+).*", r"\2", line, flags=re.DOTALL) for line in asked}


class recording_proxy:  # noqa: N801 - used like a function
    """A proxy that writes down what it is asked for, and gives nothing."""

    def __enter__(self):
        asked = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                asked.append(self.rfile.readline().decode(errors="replace"))

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1], asked

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
