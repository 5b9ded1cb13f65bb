"""Clients that are slow, that leave, or that take nothing in: what they cost ends soon, and the others are answered."""

import asyncio
import json
import os
import signal
import socket
import time
from contextlib import contextmanager

import pytest
from serving import Service, form

from bonafide.web import edge, patience
from bonafide.web.metrics import Metrics
from bonafide.web.settings import Settings
from bonafide.web.shares import Uploads, rivals, share_of

HEAD = b"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999\r\n\r\nRIFF"
HEADERS = [(b"host", b"127.0.0.1"), (b"content-length", b"10000000")]


@pytest.fixture(scope="module")
def one():
    with Service("--workers", 1, "--queue", 16, "--max-mb", 4) as running:
        yield running


@contextmanager
def connections(count, port, first=HEAD):
    """Clients that sent `first` and say nothing more."""
    clients = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
    try:
        for client in clients:
            client.sendall(first)
        yield clients
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize("count", [64, 200])
def test_however_many_slow_uploads_there_are_others_are_answered(one, clips, count):
    with connections(count, one.port) as slow:
        for _ in range(3):
            began = time.monotonic()
            assert one.detect(clips[0].read_bytes())[0] == 200
            assert time.monotonic() - began < 8
        assert b"408" in slow[0].recv(100)  # the slowest had to go, and was told why


def test_a_refused_upload_that_takes_its_time_reads_why(one):
    """As on a busy machine, where 9 MB took 6 s: its sender found the connection reset, and no reason."""
    size = 5 * 2**20  # 4 MB are allowed
    head = f"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", one.port), timeout=30) as client:
        client.sendall(head)
        for _ in range(7):
            client.sendall(bytes(size // 7))
            time.sleep(1)
        client.sendall(bytes(size % 7))
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_a_thousand_idle_connections_keep_nobody_out(one, clips):
    with connections(1000, one.port, b"GET / HT"):
        assert one.detect(clips[0].read_bytes())[0] == 200


def test_work_stops_when_its_client_leaves(long_wav, clips):
    with Service("--workers", 1) as service:
        before = service.workers()
        os.kill(before[0], signal.SIGSTOP)  # as a recording that takes its minute
        head = f"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(long_wav)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(head.encode() + long_wav)
            time.sleep(0.5)
        began = time.monotonic()
        assert service.detect(clips[0].read_bytes())[0] == 200
        assert time.monotonic() - began < 20
        assert 'restarts_total{cause="left"} 1.0' in service.get("/metrics")[2]


def test_a_worker_leaves_what_nobody_waits_for(long_wav, clips):
    """At once, and goes on with the next recording: the process stays."""
    body, kind = form(*((f"{number}.wav", long_wav) for number in range(12)))
    head = f"POST /v1/detect?evidence=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
    with Service("--workers", 1) as service:
        before = service.workers()
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            while "workers_idle 0.0" not in service.get("/metrics")[2]:
                time.sleep(0.01)
        began = time.monotonic()
        assert service.detect(clips[0].read_bytes())[0] == 200
        assert time.monotonic() - began < 6
        assert service.workers() == before


def test_a_client_that_leaves_the_queue_costs_no_worker(one, long_wav, clips):
    before = one.workers()
    head = f"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(long_wav)}\r\n\r\n"
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", one.port)) as client:
            client.sendall(head.encode() + long_wav)
    assert one.detect(clips[0].read_bytes())[0] == 200
    assert one.workers() == before
    end = time.monotonic() + 10
    while "bonafide_requests_in_flight 0.0" not in one.get("/metrics")[2]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_framing_counts_as_well(one):
    """A chunk of one byte may carry kilobytes beside it; all of them together stay below the body's limit."""
    chunk = b"1;" + b"x" * 8000 + b"\r\nR\r\n"
    head = b"POST /v1/detect HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as client:
        client.sendall(head + chunk * 1000 + b"0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_its_end_waits_for_no_slow_upload_and_is_quiet(clips):
    with Service("--workers", 1) as service, connections(20, service.port), connections(20, service.port, b"GET"):
        assert service.detect(clips[0].read_bytes())[0] == 200
        began = time.monotonic()
        service.terminate()
        assert service.process.wait(10) == 0
        assert time.monotonic() - began < 8
        service._reader.join()
        logged = [json.loads(line) for line in service.lines]
    assert {line["level"] for line in logged} == {"info"}
    assert logged[-1]["event"] == "ended"


def answered(app, receive):
    """Return what the edge around `app` answers."""
    sent = []

    async def keep(message):
        sent.append(message)

    scope = {"type": "http", "path": "/v1/detect", "method": "POST", "headers": HEADERS}
    asyncio.run(edge.Edge(app, Settings(), Metrics())(scope, receive, keep))
    return sent[0]["status"]


async def reads_all(scope, receive, send):
    try:
        while (await receive()).get("more_body"):
            pass
    except edge.TooSlow:
        await edge.problem(408, "slow", "1")(scope, receive, send)


def test_a_body_has_an_absolute_time_however_fast_it_comes(monkeypatch):
    monkeypatch.setattr(edge, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(edge, "DRAIN_SECONDS", 0.1)

    async def endless():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": bytes(10_000), "more_body": True}

    began = time.monotonic()
    assert answered(reads_all, endless) == 408
    assert 0.2 < time.monotonic() - began < 3


def test_a_request_has_an_absolute_time(monkeypatch):
    monkeypatch.setattr(edge, "REQUEST_SECONDS", 0.2)

    async def never(scope, receive, send):
        await receive()
        await asyncio.sleep(60)

    async def whole():
        return {"type": "http.request", "body": b"x", "more_body": False}

    began = time.monotonic()
    assert answered(never, whole) == 504
    assert time.monotonic() - began < 3


def test_an_answer_that_nobody_takes_in_is_given_up(bare, monkeypatch):
    monkeypatch.setattr(patience, "STALL_SECONDS", 0.3)

    async def large(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(50_000_000)})

    with bare(large) as (server, place), socket.create_connection(place, timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        end = time.monotonic() + 5
        while not server.server_state.connections:
            time.sleep(0.01)
        while server.server_state.connections:
            assert time.monotonic() < end
            time.sleep(0.05)


class Place:
    def __init__(self, address, rate=0.0):
        self.address, self._rate, self.ended = address, rate, False

    def rate(self):
        return self._rate

    def is_slow(self):
        return self._rate < 1.0

    def end(self):
        self.ended = True


def test_an_address_has_no_more_than_its_share():
    own, others = [Place("a") for _ in range(share_of(8))], [Place("b")]
    assert rivals([*own, *others], "a", 8) == own
    assert rivals([*own, *others], "b", 8) == []
    full = [*own, *others, *others]
    assert rivals(full, "c", 8) == full


def test_the_slowest_upload_makes_room_and_a_fast_one_never():
    uploads, slow, fast = Uploads(2), Place("a", 0.5), Place("b", 5.0)
    slower = Place("c", 0.1)
    with uploads.holding(slow), uploads.holding(slower):
        assert uploads.has_room("d")
        assert (slow.ended, slower.ended) == (False, True)
    with uploads.holding(fast), uploads.holding(Place("a", 5.0)):
        assert not uploads.has_room("d")
    assert not fast.ended
