"""What pages of others and clients that mean no good get from the service: nothing, and it says so."""

import csv
import http.client
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser import CHROMIUM, Browser
from serving import Service

SAID = {"speaker": "Ada", "language": "en", "consent": "yes"}
NEVER = "only-for-these-tests-0123"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpus") / "given"


@pytest.fixture(scope="module")
def collecting(folder):
    with Service("--workers", 1, "--collect", folder) as running:
        yield running


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},  # another port of this machine
        {"Origin": "http://evil.test", "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},  # a form that is sent there
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate"},
    ],
)
def test_a_foreign_page_can_post_nothing(collecting, folder, clips, long_wav, headers):
    status, _, said = collecting.collect(long_wav, SAID, **headers)
    assert (status, said["error"]["status"]) == (403, 403)
    assert collecting.detect(clips[0].read_bytes(), **headers)[0] == 403
    assert not folder.exists()


def test_its_own_origin_may_post(collecting, clips):
    for name in ("127.0.0.1", "localhost", "[::1]"):
        own = {"Host": f"{name}:{collecting.port}", "Origin": f"http://{name}:{collecting.port}"}
        assert collecting.detect(clips[0].read_bytes(), Sec_Fetch_Site="same-origin", **own)[0] == 200
        assert collecting.detect(clips[0].read_bytes(), **own)[0] == 200


@pytest.mark.parametrize("key", ["", "guessed-guessed-guessed"])
def test_without_the_pages_own_key_nothing_is_collected(collecting, folder, long_wav, key):
    status, _, said = collecting.collect(long_wav, SAID, X_Bonafide_Page=key)
    assert (status, "own page" in said["error"]["message"]) == (403, True)
    assert not folder.exists()


@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")
def test_a_real_browser_on_a_foreign_page_gives_nothing_to_the_corpus(collecting, folder, tmp_path):
    """A form without a click, fetch without CORS, and fetch that would ask first, all from another origin."""
    page = tmp_path / "evil.html"
    page.write_text(
        f"""<form id=f method=post enctype=multipart/form-data action="{collecting.url}v1/collect" target=t>
        <input name=speaker value=Ada><input name=language value=en><input name=consent value=yes></form>
        <iframe name=t></iframe><script>
        const to = "{collecting.url}v1/collect", body = new FormData(document.querySelector("#f"));
        body.append("file", new Blob([new Uint8Array(99999)]), "a.wav");
        document.querySelector("#f").submit();
        const simple = fetch(to, {{method: "POST", mode: "no-cors", body}});
        const asking = fetch(to, {{method: "POST", headers: {{"X-Bonafide-Page": "x"}}, body}});
        Promise.allSettled([simple, asking]).then(() => {{ window.done = true; }});
        </script>"""
    )
    with Browser(tmp_path / "profile") as browser:
        browser.open(page.as_uri())
        browser.wait("window.done")
    time.sleep(0.5)
    assert not folder.exists()
    statuses = [line for line in collecting.lines if "/v1/collect" in line]
    assert len(statuses) >= 2
    assert all('"status": 403' in line or '"status": 405' in line for line in statuses)


def test_what_a_spreadsheet_would_run_is_refused(collecting, folder, long_wav):
    for fields in ({"speaker": "=1+1"}, {"speaker": "@SUM(A1)"}, {"license": "+1"}, {"license": "a;=1"}):
        status, _, said = collecting.collect(long_wav, {**SAID, **fields})
        assert (status, "spreadsheet" in said["error"]["message"]) == (422, True)
    assert not list(folder.parent.rglob("*.csv"))


def test_collecting_waits_for_a_worker_like_detecting(long_wav, tmp_path):
    """Decoded in a worker, within its time, and refused where all places are taken."""
    with Service("--workers", 1, "--queue", 0, "--timeout", 2, "--collect", tmp_path / "given") as service:
        os.kill(service.workers()[0], signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(service.collect, long_wav, SAID)
            time.sleep(0.5)
            assert service.collect(long_wav, SAID)[0] == 429
            assert not list(tmp_path.rglob("*.wav"))
            assert first.result()[0] == 504
        assert service.collect(long_wav, SAID)[0] == 201
        assert len(list(tmp_path.rglob("*.wav"))) == 1


def test_a_service_that_is_killed_while_it_collects_leaves_no_file(long_wav, tmp_path):
    folder = tmp_path / "given"
    with Service("--workers", 1, "--collect", folder, TMPDIR=str(tmp_path)) as service:
        os.kill(service.workers()[0], signal.SIGSTOP)  # as a long recording
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(service.collect, long_wav, SAID)
            time.sleep(0.5)
            os.kill(service.process.pid, signal.SIGKILL)
            assert isinstance(sent.exception(10), OSError | http.client.HTTPException)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_no_link_is_followed(long_wav, tmp_path):
    folder, elsewhere = tmp_path / "given", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "human").symlink_to(elsewhere)
    with Service("--workers", 1, "--collect", folder) as service:
        status, _, said = service.collect(long_wav, SAID)
        assert (status, "link" in said["error"]["message"]) == (422, True)
    assert list(elsewhere.iterdir()) == []


def test_what_is_collected_stands_in_the_table_as_it_was_said(collecting, folder, long_wav):
    assert collecting.collect(long_wav, {**SAID, "speaker": "Ada, Countess"})[0] == 201
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as file:
        assert [row["speaker"] for row in csv.DictReader(file)] == ["Ada, Countess"]


def test_a_wrong_token_is_told_from_none(clips):
    with Service("--workers", 1, BONAFIDE_TOKEN=NEVER) as service:
        assert "a token is needed" in service.detect(clips[0].read_bytes())[2]["error"]["message"]
        said = service.detect(clips[0].read_bytes(), Authorization="Bearer another-token-altogether")[2]
        assert "not the token" in said["error"]["message"]
