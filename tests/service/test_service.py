"""The service as its clients meet it: a real server on a free port, real recordings, and what strangers send."""

import asyncio
import io
import json
import re
import socket
import time
import zipfile

import numpy as np
import pytest
import soundfile
from serving import Service, form

from bonafide import Detector
from bonafide.detection.results import as_json
from bonafide.web import edge, patience
from bonafide.web.metrics import Metrics
from bonafide.web.settings import Settings

RATE = 16000
NAME = "call \u202e\n of\r <b>J\u00f6rg.wav"


@pytest.fixture(scope="module")
def detector():
    return Detector()


def test_a_file_gets_the_same_score_as_from_python(service, clips, detector):
    for clip in clips:
        status, _, said = service.detect(clip.read_bytes())
        assert status == 200
        assert said == json.loads(json.dumps(as_json(detector.predict(clip))))


def test_a_form_gets_a_result_for_each_file_in_its_order(service, clips):
    files = [(clip.name, clip.read_bytes()) for clip in clips]
    body, kind = form(*files[:2], ("notes.txt", b"no recording at all"), *files[2:])
    status, _, said = service.ask("/v1/detect", body, Content_Type=kind)
    assert status == 200
    assert [each["name"] for each in said["results"]] == [
        files[0][0],
        files[1][0],
        "notes.txt",
        *(n for n, _ in files[2:]),
    ]
    alone = service.detect(files[3][1])[2]
    assert said["results"][4]["result"] == alone
    assert said["results"][2]["result"]["verdict"] == "cannot tell"
    assert "not audio" in said["results"][2]["result"]["reason"]


def test_the_threshold_decides(service, clips):
    content = clips[0].read_bytes()
    p = service.detect(content)[2]["p_ai"]
    assert service.detect(content, f"?threshold={p - 0.001}")[2]["verdict"] == "ai"
    assert service.detect(content, f"?threshold={p + 0.001}")[2]["verdict"] == "human"
    for wrong in ("loose", "nan", "1", "-0.5"):
        status, _, said = service.detect(content, f"?threshold={wrong}")
        assert (status, said["error"]["status"]) == (422, 422)
        assert "probability between 0 and 1" in said["error"]["message"]


def test_the_page_offers_thresholds_that_the_detector_has(service):
    offered = re.findall(r'<option value="(.*?)">', service.get("/")[2])
    assert offered and set(offered) <= service.get("/v1/model")[2]["thresholds"].keys()


def test_evidence_comes_when_it_is_asked_for(service, clips):
    content = clips[3].read_bytes()
    plain = service.detect(content)[2]
    assert "evidence" not in plain
    said = service.detect(content, "?evidence=1")[2]
    evidence = said.pop("evidence")
    assert said == plain
    assert 0 <= evidence["start"] < evidence["stop"] <= plain["seconds"] + 0.1
    assert {len(row) for row in evidence["map"]} == {len(evidence["hertz"]) - 1}
    assert evidence["hertz"] == sorted(evidence["hertz"])
    assert np.abs(evidence["map"]).max() > 0


def test_both_pages_have_what_they_share(service):
    for path in ("/", "/docs"):
        content = service.get(path)[2]
        assert "<!--" not in content
        assert content.count("/page.css") == content.count('id="token-form"') == 1


def test_the_page_is_bound_to_this_server(service):
    for path in ("/", "/page.js", "/page.css"):
        status, headers, _ = service.get(path)
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"", "audio/wav", 422, "empty"),
        (b"{}", "application/json", 415, "audio/*"),
        (b"x", "multipart/form-data", 400, "form cannot be read"),
        (b"x", "multipart/form-data; boundary=y", 400, "form cannot be read"),
        (b"--y\r\nbroken: \r\n\r\n\r\n--y--\r\n", "multipart/form-data; boundary=y", 400, "form cannot be read"),
        (b"--y--\r\n", "multipart/form-data; boundary=y", 422, "no file"),
    ],
)
def test_what_is_no_upload_is_told_so(service, body, kind, status, words):
    found, headers, said = service.ask("/v1/detect", body, Content_Type=kind)
    assert found == status, said
    assert words in said["error"]["message"]
    assert said["error"]["request_id"] == headers["x-request-id"]


def test_other_addresses_and_methods_are_refused_in_the_same_form(service):
    assert service.get("/nothing")[2]["error"]["status"] == 404
    assert service.get("/v1/detect")[2]["error"]["status"] == 405
    assert service.get("/v1/health", X_Request_ID="mine-1")[1]["x-request-id"] == "mine-1"
    assert service.get("/v1/health", X_Request_ID='"}{forged')[1]["x-request-id"] != '"}{forged'


def test_broken_recordings_get_a_reason_and_cost_no_worker(service, formats_dir):
    before = service.workers()
    for path in sorted((formats_dir / "broken").iterdir()):
        status, _, said = service.detect(path.read_bytes())
        if path.stat().st_size == 0:
            assert status == 422
            continue
        assert status == 200, (path, said)
        assert said["verdict"] in ("cannot tell", "human", "ai", "mixed")
        assert said["reason"] or said["verdict"] != "cannot tell", path
    assert service.workers() == before


def test_bombs_are_defused(service):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 100_000_000)
    assert "not audio" in service.detect(zipped.getvalue(), Content_Type="audio/flac")[2]["reason"]
    hours = io.BytesIO()
    with soundfile.SoundFile(hours, "w", 8000, 1, format="FLAC") as file:
        for _ in range(180):
            file.write(np.zeros(60 * 8000))
    status, _, said = service.detect(hours.getvalue())
    assert (status, "10800 s long" in said["error"]["message"]) == (422, True)
    wide = io.BytesIO()
    soundfile.write(wide, np.random.default_rng(1).normal(0, 0.1, (192000, 8)), 192000, format="FLAC")
    assert service.detect(wide.getvalue())[0] == 200


def test_a_lying_header_takes_no_more_memory_than_allowed(service, clips):
    riff = bytearray(service_wav(3))
    riff[22:24] = (60000).to_bytes(2, "little")  # channels
    status, _, said = service.detect(bytes(riff))
    assert status in (200, 422)
    assert said.get("reason") or said["error"]["message"]
    assert service.detect(clips[0].read_bytes())[0] == 200


def service_wav(seconds):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(seconds * RATE), RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def test_a_body_beyond_the_limit_is_refused_while_it_comes(service):
    big = b"\0" * (5 * 2**20)
    status, _, said = service.detect(big)
    assert (status, said["error"]["message"]) == (413, "a request may hold 4 MB at most")
    status, _, said = service.detect(iter([big[: 2**20]] * 200))  # of a length that nobody told
    assert status == 413
    body, kind = form(("a.wav", big))
    assert service.ask("/v1/detect", iter([body]), Content_Type=kind)[0] == 413
    received = counter(service, "bonafide_received_bytes_total")
    assert received < 100 * 2**20


def counter(service, name):
    return float(
        next(line for line in service.get("/metrics")[2].splitlines() if line.startswith(name + " ")).split()[1]
    )


def test_names_stay_out_of_the_logs_and_cannot_break_an_answer(service, clips):
    body, kind = form((NAME, clips[0].read_bytes()), ("../../etc/passwd", clips[1].read_bytes()))
    said = service.ask("/v1/detect", body, Content_Type=kind)[2]
    names = [each["name"] for each in said["results"]]
    assert all(name.isprintable() for name in names)
    assert "J\u00f6rg" in names[0]
    assert names[1] == "passwd"
    time.sleep(0.2)
    logged = [json.loads(line) for line in service.lines]  # every line is JSON
    assert {line["event"] for line in logged} <= {"listening", "request", "worker replaced"}
    text = "".join(service.lines)
    assert not re.search(r"passwd|call|rg<|\.wav", text)


def test_pages_of_others_get_nothing(service, clips):
    content = clips[0].read_bytes()
    assert service.detect(content, Host="evil.test")[0] == 421
    assert service.detect(content, Host="127.0.0.1.evil.test:80")[0] == 421
    assert service.detect(content, Sec_Fetch_Site="cross-site")[0] == 403
    assert service.detect(content, Host=f"localhost:{service.port}")[0] == 200


def test_a_client_that_hangs_up_leaves_the_service_well(service, clips):
    for part in (b"", b"RIFF1234", b"\0" * 100_000):
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            head = "POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n\r\n"
            client.sendall(head.encode() + part)
    assert service.detect(clips[0].read_bytes())[0] == 200
    assert counter(service, "bonafide_requests_in_flight") == 0


def test_a_slow_client_is_sent_away(monkeypatch):
    monkeypatch.setattr(edge, "UPLOAD_SECONDS", 0.2)
    monkeypatch.setattr(edge, "DRAIN_SECONDS", 0.1)
    sent = []

    async def reads_all(scope, receive, send):
        try:
            while (await receive()).get("more_body"):
                pass
        except edge.TooSlow:
            await edge.problem(408, "slow", "1")(scope, receive, send)

    async def trickle():
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def keep(message):
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-length", b"1000")]
    scope = {"type": "http", "path": "/v1/detect", "method": "POST", "headers": headers}
    began = time.monotonic()
    asyncio.run(edge.Edge(reads_all, Settings(), Metrics())(scope, trickle, keep))
    assert sent[0]["status"] == 408
    assert time.monotonic() - began < 2


def test_a_head_that_never_ends_is_not_waited_for(bare, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)

    async def well(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    with bare(well) as (_, place):
        for first in (b"", b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"):  # as the second request as well
            with socket.create_connection(place, timeout=5) as client:
                client.sendall(first)
                if first:
                    assert b"200 OK" in client.recv(1000)
                began = time.monotonic()
                client.sendall(b"GET / HTT")
                assert client.recv(1000) == b""
                assert 0.2 < time.monotonic() - began < 3


def test_recordings_never_have_a_name_on_disk(tmp_path, clips, long_wav):
    with Service("--workers", 1, TMPDIR=str(tmp_path)) as service:
        body, kind = form(*((clip.name, clip.read_bytes()) for clip in clips), ("long.wav", long_wav))
        for content, of in ((long_wav, "audio/wav"), (body, kind)):
            assert service.ask("/v1/detect", content, Content_Type=of)[0] == 200
            assert list(tmp_path.iterdir()) == []
