"""The page in a real browser: given files, the microphone and the keyboard, wide and narrow, bright and dark."""

import json

import numpy as np
import pytest
import soundfile
from browser import CHROMIUM
from serving import Service

from bonafide import Detector
from bonafide.detection.results import TITLES, confidence
from bonafide.detection.window_scores import HOP_SECONDS
from bonafide.scoring.windows import edges_of
from bonafide.text import percent

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")

HOSTILE = "<img src=x onerror=document.title='owned'>\u202egnp.wav"
TITLE = "document.querySelector('.word')?.textContent"
PAUSED = "document.querySelector('.play').textContent === 'Play'"


def judged(page, *paths):
    before = page.js("document.querySelectorAll('tbody tr').length")
    page.upload("#files", *paths)
    page.wait(f"document.querySelectorAll('tbody tr').length === {before + len(paths)}")
    page.wait("!document.querySelector('.busy')")


def test_a_file_gets_the_verdict_that_python_gives(page, clips):
    for clip in (clips[0], clips[3]):
        page.open(page.js("location.href"))
        judged(page, clip)
        expected = Detector().predict(clip)
        assert page.js(TITLE) == TITLES[expected.verdict]
        assert page.js("document.querySelector('.share b').textContent") == percent(expected.p_ai)
        how_sure = page.js("[...document.querySelectorAll('.sure')].at(-1).textContent")
        assert how_sure.lower().startswith(f"{confidence(expected)}: of 100 " if confidence(expected) else "of 100 ")
        needle = page.js("document.querySelector('.needle').style.left")
        assert float(needle.rstrip("%")) == pytest.approx(100 * expected.p_ai, abs=0.01)
        assert "Probability that the voice is AI-generated" in page.js("document.querySelector('.track').ariaLabel")


def test_pictures_are_drawn(page, clips):
    judged(page, clips[0])
    page.wait("!document.querySelector('.note[hidden]') || true")
    for name in ("wave", "spectrum", "chance"):
        page.wait(f"({SHADES})('canvas.{name}') > 3", 5)
    bare = page.js(f"({SHADES})('canvas.spectrum', true)")
    assert bare < 0.001  # its greys hold no colour: that is for the evidence
    page.js("[...document.querySelectorAll('.tools .quiet')][0].click()")
    page.wait("document.querySelector('.tools .quiet').textContent === 'Hide evidence'")
    assert page.js(f"({SHADES})('canvas.spectrum', true)") > 0.02
    assert "spoke for AI" in page.js("document.querySelector('.spoke').textContent")


SHADES = """(selector, coloured) => {
  const canvas = document.querySelector(selector);
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  if (!coloured) return new Set(new Uint32Array(data.buffer)).size;
  let found = 0;
  for (let i = 0; i < data.length; i += 4) found += Math.abs(data[i] - data[i + 2]) > 40;
  return found / (data.length / 4);
}"""


def test_a_click_on_the_timeline_plays_from_there(page, long_wav, tmp_path):
    (tmp_path / "long.wav").write_bytes(long_wav)
    judged(page, tmp_path / "long.wav")
    seconds = soundfile.info(tmp_path / "long.wav").duration
    page.click("#plots .wave", 0.75)
    page.wait(f"!({PAUSED})")
    assert now(page) == pytest.approx(0.75 * seconds, abs=2)
    page.wait(f"Number(document.querySelector('#plots').ariaValueNow) > {now(page)}")  # it goes on
    last = "document.querySelector('.segments button:last-child')"
    begins = float(page.js(f"{last}.dataset.start"))
    page.js(f"{last}.click()")
    assert now(page) == pytest.approx(begins, abs=1)
    assert page.js("document.querySelector('.head').style.left").endswith("%")


def now(page):
    return float(page.js("document.querySelector('#plots').getAttribute('aria-valuenow')"))


def test_every_timeline_of_a_file_is_the_same(page, long_wav, tmp_path):
    """The page draws for each moment what the window says that `edges_of` gives it to, as the report and the parts."""
    (tmp_path / "long.wav").write_bytes(long_wav)
    result = Detector().predict(tmp_path / "long.wav")
    spans = [(window.start, window.stop) for window in result.windows]
    gap = [*spans[:3], *((start + 7.5, stop + 7.5) for start, stop in spans[3:6])]
    for some in (spans, gap, spans[:1]):
        windows = json.dumps([{"start": start, "stop": stop} for start, stop in some])
        drawn = page.js(f"import('/timeline.js').then(m => m.edgesOf({windows}))")
        assert np.allclose(drawn, edges_of(some, HOP_SECONDS), atol=1e-3)


def test_all_can_be_done_by_keyboard(page, clips):
    judged(page, clips[0])
    page.js("document.querySelector('#plots').focus()")
    page.press("End")
    end = now(page)
    assert end == pytest.approx(soundfile.info(clips[0]).duration, abs=0.1)
    page.press("ArrowLeft")
    assert now(page) == pytest.approx(end - 1, abs=0.1)
    page.press("Home")
    assert now(page) == 0
    page.press(" ")
    page.wait(f"!({PAUSED})")
    page.press(" ")
    page.wait(PAUSED)
    assert "of 0:" in page.js("document.querySelector('#plots').getAttribute('aria-valuetext')")
    page.js("document.activeElement.blur(); scrollTo(0, 0)")
    reached = []
    for _ in range(25):
        page.press("Tab")
        reached.append(page.js("document.activeElement.id || document.activeElement.className"))
        assert page.js("document.activeElement === document.body || document.activeElement.matches(':focus-visible')")
    for name in ("choose", "record", "threshold", "play primary", "download", "plots"):
        assert name in reached
    page.js("document.querySelector('#choose').focus()")
    page.call("Page.setInterceptFileChooserDialog", enabled=True)
    page.press("Enter", text="\r")
    page.wait("true")
    assert any(each.get("method") == "Page.fileChooserOpened" for each in page.events)
    page.call("Page.setInterceptFileChooserDialog", enabled=False)


def test_everything_that_can_be_used_has_a_name(page, clips, formats_dir):
    judged(page, clips[0], clips[3])
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    used = [each for each in nodes if each.get("role", {}).get("value") in ROLES and not each.get("ignored")]
    assert len(used) > 8
    assert [each for each in used if not each.get("name", {}).get("value")] == []


ROLES = {"button", "slider", "combobox", "textbox", "checkbox", "image", "link"}


def test_several_files_are_a_table_and_one_of_them_is_shown(page, clips, tmp_path):
    hostile = tmp_path / HOSTILE.replace("/", "")
    hostile.write_bytes(b"no recording")
    judged(page, *clips[:4], hostile)
    cells = page.js("[...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    for clip, row in zip(clips[:4], cells[:4], strict=True):
        expected = Detector().predict(clip)
        assert row[0] == clip.name
        assert row[2] == percent(expected.p_ai)
    assert cells[4][0] == hostile.name
    assert "not audio" in cells[4][1]
    assert page.js("document.querySelectorAll('main img').length") == 0
    assert page.js("document.title") != "owned"
    page.js("document.querySelectorAll('.pick')[2].click()")
    assert page.js("document.querySelector('.file').textContent") == clips[2].name
    page.js("document.querySelectorAll('.pick')[4].click()")
    assert page.js(TITLE) == "Cannot tell"


def test_each_channel_of_a_call_has_its_verdict_and_its_timeline(page, call_wav, tmp_path):
    (tmp_path / "call.wav").write_bytes(call_wav)
    judged(page, tmp_path / "call.wav")
    result = Detector().predict(tmp_path / "call.wav")
    buttons = "[...document.querySelectorAll('.channels button')]"
    assert len(page.js(f"{buttons}.map(b => b.textContent)")) == len(result.channels) == 2
    for channel in result.channels:
        text = page.js(f"{buttons}[{channel.number - 1}].textContent")
        assert text.startswith(f"Channel {channel.number}: ")
        assert channel.p_ai is None or percent(channel.p_ai) in text
        page.js(f"{buttons}[{channel.number - 1}].click()")
        starts = page.js("[...document.querySelectorAll('.segments button')].map(b => Number(b.dataset.start))")
        assert starts == [segment.start for segment in channel.segments]


def test_the_results_can_be_downloaded(page, clips, tmp_path):
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    judged(page, clips[0], clips[3])
    page.js("document.querySelector('#download').click()")
    one = wait_for(page, tmp_path / f"{clips[0].stem}.json")
    page.js("document.querySelector('#download-all').click()")
    both = wait_for(page, tmp_path / "bonafide.json")
    assert [each["file"] for each in both] == [clips[0].name, clips[3].name]
    assert both[0] == one
    assert one["llr"] == pytest.approx(Detector().predict(clips[0]).llr, abs=1e-5)


def wait_for(page, path):
    for _ in range(200):
        if path.exists() and path.stat().st_size:
            return json.loads(path.read_text())
        page.js("new Promise(done => setTimeout(done, 25))")
    raise AssertionError(f"{path.name} never came")


def test_another_threshold_judges_anew_what_is_there(page, clips):
    """Nothing is sent or heard again; the evidence that was fetched stays."""
    judged(page, *clips[:2])
    page.js("document.querySelectorAll('.pick')[0].click()")
    uploads = sum("/v1/detect" in url for url in page.asked())
    p = Detector().predict(clips[0])
    page.js(
        "{ const s = document.querySelector('#threshold'); s.value = 'recall'; s.dispatchEvent(new Event('change')); }"
    )
    page.wait("!document.querySelector('.busy')")
    page.wait(f"{TITLE} === {TITLES[Detector().predict(clips[0], threshold='recall').verdict]!r}")
    assert page.js("document.querySelector('.share b').textContent") == percent(p.p_ai)
    page.js("document.querySelectorAll('.pick')[1].click()")
    page.wait(f"{TITLE} === {TITLES[Detector().predict(clips[1], threshold='recall').verdict]!r}")
    assert sum("/v1/detect" in url for url in page.asked()) == uploads


def test_the_microphone_is_recorded_judged_and_given_with_consent(page, collecting):
    page.click("#record")
    page.wait("document.querySelector('#clock').textContent >= '0:03'")
    page.click("#record")
    page.wait(f"{TITLE} && !document.querySelector('.busy')")
    assert page.js("document.querySelector('.file').textContent") == "Recording 1"
    length = "[...document.querySelectorAll('.figures div, .time')].map(e => e.textContent).join(' ')"
    assert "0:0" in page.js(length)
    assert page.js("document.querySelector('.keep').checkValidity()") is False  # no consent, no speaker
    page.js("document.querySelector('.keep [name=speaker]').value = 'Ada'")
    page.js("document.querySelector('.keep [name=language]').value = 'en'")
    page.js("document.querySelector('.keep [name=consent]').click()")
    page.js("document.querySelector('.keep').requestSubmit()")
    page.wait("document.querySelector('.keep [role=status]').textContent.startsWith('Saved')")
    folder = next(each for each in collecting.process.args if each.endswith("given"))
    rows = open(f"{folder}/clips.csv", encoding="utf-8").read().splitlines()  # noqa: PTH123, SIM115
    assert len(rows) == 2
    assert ",Ada," in rows[1]


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_needs_no_sideways_scrolling(page, clips, long_wav, tmp_path, dark):
    (tmp_path / ("a-name-that-has-no-place-to-break" * 4 + ".wav")).write_bytes(long_wav)
    page.screen(360, 740, mobile=True, dark=dark)
    page.open(page.js("location.href"))
    judged(page, clips[0], *tmp_path.iterdir())
    page.js("document.querySelectorAll('.pick')[1].click()")
    page.js("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.js("innerWidth") == 360
    assert page.js("document.documentElement.scrollWidth") <= 360
    small = page.js(
        "[...document.querySelectorAll('button, select')].filter(e => e.offsetParent && !e.closest('.segments, td'))"
        ".filter(e => e.getBoundingClientRect().height < 36).map(e => e.textContent)"
    )
    assert small == []
    ink, paper = page.js("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    assert (bright(ink) > bright(paper)) is dark


def bright(colour):
    return sum(int(each) for each in colour[4:-1].split(","))


def test_a_token_is_asked_for_and_kept_for_this_visit(window, clips, tmp_path):
    token = "only-for-these-tests-0123"
    with Service("--workers", 1, BONAFIDE_TOKEN=token) as service:
        window.open(service.url)
        window.wait("!document.querySelector('#token-form').hidden")
        for said, hidden in (("wrong-token-wrong-token", False), (token, True)):
            window.js(f"document.querySelector('#token').value = {said!r}")
            window.js("document.querySelector('#token-form').requestSubmit()")
            shown = "document.querySelector('#card dt')" if hidden else "!document.querySelector('#message').hidden"
            window.wait(shown)
            if not hidden:
                assert "not the token" in window.js("document.querySelector('#message').textContent")
            assert window.js("document.querySelector('#token-form').hidden") is hidden
        judged(window, clips[0])
        assert window.js(TITLE) in TITLES.values()
        assert token not in window.js("location.href + document.cookie + JSON.stringify(localStorage)")
