"""The promise on logs: no audio, no name of a file or speaker, no address of a client, whatever goes wrong."""

import errno
import io
import json
import logging
import re
import resource
import socket
import time

import pytest
from serving import Service, form

from bonafide.web.edge import out_of_means
from bonafide.web.logs import JsonFormatter, trace_of

NAME = "Zebulon"  # in every place that a client fills
TOKEN = "only-for-these-tests-0123"


@pytest.fixture
def full(tmp_path):
    """A service whose disk takes files of up to a megabyte."""
    with Service("--workers", 1, "--collect", tmp_path / "given") as service:
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        yield service


def test_what_the_machine_lacks_is_told_apart_from_what_a_client_did(full, long_wav, clips):
    for _ in range(2):
        status, _, said = full.detect(long_wav)
        assert (status, "no room left on its disk" in said["error"]["message"]) == (507, True)
    body, kind = form((NAME, long_wav))
    assert full.ask("/v1/detect", body, Content_Type=kind)[0] == 507
    assert full.collect(long_wav, {"speaker": NAME, "language": "en", "consent": "yes"})[0] == 507
    assert full.detect(clips[0].read_bytes())[0] == 200
    faults = [json.loads(line) for line in full.lines if '"out of means"' in line]
    assert len(faults) == 4  # whoever runs it learns of it
    assert NAME not in "".join(full.lines)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "full"), 507),
        (OSError(errno.EDQUOT, "quota"), 507),
        (OSError(errno.EMFILE, "files"), 503),
        (OSError(errno.EIO, "broken"), 503),
        (MemoryError(), 503),
    ],
)
def test_each_lack_has_its_status(error, status):
    assert out_of_means(error)[0] == status


def test_nothing_that_a_client_wrote_stands_in_a_log(clips, long_wav, tmp_path):
    content = clips[0].read_bytes()
    with Service("--workers", 1, "--collect", tmp_path / "given", BONAFIDE_TOKEN=TOKEN) as service:
        key = {"Authorization": f"Bearer {TOKEN}"}
        body, kind = form((f"{NAME}.wav", content), ("broken", b"RIFF" + NAME.encode()), fields=[(NAME, NAME)])
        assert service.ask(f"/v1/detect?x={NAME}", body, Content_Type=kind, **key)[0] == 200
        said = {"speaker": NAME, "language": "en", "consent": "yes"}
        assert service.collect(long_wav, said, **key)[0] == 201
        assert service.collect(long_wav, said, **key)[0] == 422  # the same sound, whose name it tells the client
        assert service.detect(content, f"?threshold={NAME}", **key)[0] == 422
        assert service.detect(content, Authorization=f"Bearer {NAME}")[0] == 401
        assert service.get(f"/{NAME}", User_Agent=NAME, X_Request_ID=f"{NAME} {NAME}", **key)[0] == 404
        assert service.ask("/v1/detect", b"x", Content_Type=f"{NAME}/{NAME}", **key)[0] == 415
        for raw in (f"{NAME} / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", f"GET /{NAME}\r\n\r\n", f"\0{NAME}\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", service.port), timeout=5) as client:
                client.sendall(raw.encode())
                client.recv(1000)
        time.sleep(0.2)
        text = "".join(service.lines)
        assert text.count('"event": "request"') >= 8
        assert not re.search(rf"{NAME}|{TOKEN}", text, re.IGNORECASE)
        assert not re.search(r"127\.0\.0\.1(?!:\d+/)", text)  # but where it listens
        assert [json.loads(line) for line in service.lines]


def test_a_trace_tells_where_and_not_what():
    try:
        open(f"/no/such/{NAME}")  # noqa: PTH123, SIM115
    except OSError as error:
        caught = error
    assert trace_of(caught)[-1] == "FileNotFoundError 2"
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, f"never retrieved\n{NAME}", (), (OSError, caught, None))
    line = JsonFormatter().format(record)
    assert NAME not in line
    assert "test_logs.py" in line
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    handler.emit(record)
    assert NAME not in handler.stream.getvalue()
