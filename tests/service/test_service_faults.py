"""What must not take the service down: killed workers, too much at once, its own end, strangers, wrong starts."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import soundfile
from serving import COMMAND, Service, form

TOKEN = "only-for-these-tests-0123"
WORKER = "bonafide.web.worker"


@pytest.fixture(scope="module")
def one():
    """A service with a single worker and room for two more requests."""
    with Service("--workers", 1, "--queue", 2) as running:
        yield running


def when_busy(service, act):
    """Do `act` as soon as a recording is being worked on."""
    for _ in range(2000):
        if "bonafide_workers_idle 0.0" in service.get("/metrics")[2]:
            act()
            return
        time.sleep(0.002)
    raise AssertionError("no worker got busy")


def test_a_killed_worker_loses_its_own_request_alone(one, clips, long_wav):
    expected = one.detect(clips[0].read_bytes())[2]
    with ThreadPoolExecutor(2) as pool:
        lost = pool.submit(one.detect, long_wav)
        when_busy(one, lambda: None)
        waits = pool.submit(one.detect, clips[0].read_bytes())
        time.sleep(0.05)
        for pid in one.workers():
            os.kill(pid, signal.SIGKILL)
        status, _, said = lost.result()
        assert status == 500
        assert "ended unexpectedly" in said["error"]["message"]
        assert waits.result()[::2] == (200, expected)
    assert 'bonafide_worker_restarts_total{cause="crash"} 1.0' in one.get("/metrics")[2]


def test_a_worker_killed_while_idle_loses_nothing(one, clips):
    assert one.detect(clips[0].read_bytes())[0] == 200
    for pid in one.workers():
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    assert one.detect(clips[0].read_bytes())[0] == 200


def test_beyond_the_queue_clients_are_told_when_to_come_back(one, clips, long_wav):
    with ThreadPoolExecutor(8) as pool:
        answers = [each.result() for each in [pool.submit(one.detect, long_wav) for _ in range(8)]]
    assert {status for status, _, _ in answers} == {200, 429}
    assert sum(status == 200 for status, _, _ in answers) >= 3
    for status, headers, said in answers:
        if status == 429:
            assert int(headers["retry-after"]) >= 1
            assert "try again in" in said["error"]["message"]
    assert one.detect(clips[0].read_bytes())[0] == 200


def test_a_recording_that_takes_too_long_is_given_up(clips):
    content = clips[0].read_bytes()
    with Service("--workers", 1, "--timeout", 2) as service:
        os.kill(service.workers()[0], signal.SIGSTOP)  # as a decoder that never ends
        body, kind = form(("endless.wav", content), ("next.wav", content))
        status, _, said = service.ask("/v1/detect", body, Content_Type=kind)
        assert status == 200
        first, then = said["results"]
        assert first["error"]["status"] == 504
        assert "longer to score than the 2 s" in first["error"]["message"]
        assert then["result"] == service.detect(content)[2]
        os.kill(service.workers()[0], signal.SIGSTOP)
        assert service.detect(content)[0] == 504
        assert 'restarts_total{cause="time"} 2.0' in service.get("/metrics")[2]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_what_is_under_way_before_it_ends(long_wav, sent):
    with Service("--workers", 1) as service, ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(service.detect, long_wav) for _ in range(2)]  # one is worked on, one waits
        when_busy(service, lambda: None)
        time.sleep(0.1)
        workers = service.workers()
        service.process.send_signal(sent)
        assert [answer.result()[0] for answer in answers] == [200, 200]
        assert service.process.wait(10) == 0
        assert not any(is_worker(pid) for pid in workers)


def is_worker(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return WORKER.encode() in file.read()
    except FileNotFoundError:
        return False


def test_workers_do_not_outlive_a_killed_service():
    with Service("--workers", 2) as service:
        workers = service.workers()
        assert all(is_worker(pid) for pid in workers)
    end = time.monotonic() + 5
    while any(is_worker(pid) for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_worker_is_limited_and_is_not_told_the_token():
    with Service("--workers", 1, BONAFIDE_TOKEN=TOKEN) as service:
        pid = service.workers()[0]
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            assert TOKEN.encode() not in file.read()
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:  # noqa: PTH123
            limits = {line[:26].strip(): line[26:].split()[0] for line in file}
        assert int(limits["Max address space"]) < 1 << 30
        assert limits["Max core file size"] == "0"
        assert limits["Max file size"] == "0"


def test_with_a_token_only_who_knows_it_is_answered(clips):
    content = clips[0].read_bytes()
    with Service("--host", "0.0.0.0", "--workers", 1, BONAFIDE_TOKEN=TOKEN) as service:
        service.url = f"http://127.0.0.1:{service.port}/"
        assert service.detect(content)[0] == 401
        assert service.detect(content, Authorization=f"Bearer {TOKEN}x")[0] == 401
        assert service.detect(content, Authorization=f"Bearer {TOKEN}\xe9")[0] == 401
        assert service.detect(content, Authorization=f"Bearer {TOKEN}", Host="voices.example")[0] == 200
        for path in ("/v1/model", "/metrics", "/v1/openapi.json"):
            status, headers, _ = service.get(path)
            assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert service.get("/")[0] == 200  # it asks for the token
        assert service.get("/v1/health")[2]["token_needed"] is True
        assert TOKEN not in "".join(service.lines)


@pytest.mark.parametrize(
    ("options", "env", "code", "words"),
    [
        (["--host", "0.0.0.0"], {}, 2, "not this machine alone"),
        (["--host", "::"], {}, 2, "not this machine alone"),
        ([], {"BONAFIDE_TOKEN": "short"}, 2, "16 characters"),
        (["--token", TOKEN], {}, 2, "No such option"),  # all who use the machine could read it
        (["--tls-cert", __file__], {}, 2, "belong together"),
        (["--tls-cert", "/no/such.pem", "--tls-key", "/no/such.pem"], {}, 1, "there is no file /no/such.pem"),
        (["--tls-cert", __file__, "--tls-key", __file__], {}, 1, "cannot be used for TLS"),
        (["--model", "/no/such.onnx"], {}, 1, "/no/such.onnx cannot be read"),
        (["--model", __file__], {}, 1, "is no detector that Bonafide wrote"),
        (["--host", "192.0.2.1"], {"BONAFIDE_TOKEN": TOKEN}, 1, "cannot be listened on"),
    ],
)
def test_a_wrong_start_ends_in_one_sentence(options, env, code, words):
    plain = {name: value for name, value in os.environ.items() if name != "BONAFIDE_TOKEN"}
    done = subprocess.run(
        [*COMMAND, *options],
        env={**plain, **env, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_it_speaks_https_with_a_certificate(tmp_path, clips):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", cert]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(["openssl", *words, *names], check=True, capture_output=True)
    with Service("--workers", 1, "--tls-cert", cert, "--tls-key", key) as service:
        assert service.url.startswith("https://")
        context = ssl.create_default_context(cafile=cert)
        headers = {"Content-Type": "audio/flac", "Origin": service.url.rstrip("/")}
        request = urllib.request.Request(service.url + "v1/detect", clips[0].read_bytes(), headers)
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:
            assert json.loads(answer.read())["seconds"] > 0
        service.url = service.url.replace("https", "http")
        with pytest.raises(OSError):
            service.get("/v1/health")


def test_recordings_are_collected_with_consent_alone(tmp_path, long_wav):
    folder = tmp_path / "corpus"
    said = {"speaker": "Ada", "language": "en", "consent": "yes"}

    def collect(fields, content=long_wav):
        return service.collect(content, fields)

    with Service("--workers", 1, "--collect", folder) as service:
        assert service.get("/v1/health")[2]["collects"] is True
        for fields, words in (
            ({**said, "consent": ""}, "consent"),
            ({**said, "speaker": ""}, "speaker"),
            ({**said, "language": "?"}, "language"),
        ):
            status, _, answer = collect(fields)
            assert (status, words in answer["error"]["message"]) == (422, True)
        assert collect(said, b"ID3 no WAV")[0] == 422
        assert not list(folder.rglob("*.wav"))
        assert collect(said)[0] == 201
    kept = list(folder.rglob("*.wav"))
    assert [soundfile.info(path).frames for path in kept] == [soundfile.info(path).frames for path in kept[:1]]
    assert kept[0].read_bytes() == long_wav
    assert ",human,Ada," in (folder / "clips.csv").read_text()


def test_nothing_is_collected_unless_it_was_started_for_that(one, long_wav):
    body, kind = form(("recording.wav", long_wav), fields=[("consent", "yes"), ("speaker", "a"), ("language", "en")])
    assert one.ask("/v1/collect", body, Content_Type=kind)[0] == 404


def test_ten_slow_uploads_keep_nobody_waiting(one, clips):
    import socket

    slow = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(10)]
    try:
        for client in slow:
            client.sendall(b"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\nRIFF")
        time.sleep(0.1)
        began = time.monotonic()
        assert one.detect(clips[0].read_bytes())[0] == 200
        assert time.monotonic() - began < 5
    finally:
        for client in slow:
            client.close()


def test_lines_of_the_log_are_json(one):
    assert {json.loads(line)["level"] for line in one.lines} <= {"info", "warning"}
    assert threading.active_count() < 50
