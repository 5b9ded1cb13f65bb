"""What a worker can reach once a stranger's file is in it: nothing but that file."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest
from serving import Service

from bonafide.web.confinement import confine
from bonafide.web.pool import OWN, PASSED_ON

SECRET = "only-for-these-tests-0123"
CODE = """
import json, os, pathlib, socket, subprocess, sys, tempfile
from bonafide.web.confinement import confine, hide
file = tempfile.TemporaryFile()
held = confine()
def tried(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"
print(json.dumps([held, {
    "network": tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=5)),
    "socket": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    "program": tried(lambda: subprocess.run([sys.executable, "-c", ""], check=True)),
    "files": tried(lambda: pathlib.Path(sys.argv[1]).read_bytes()),
    "parent": tried(lambda: pathlib.Path(f"/proc/{os.getppid()}/environ").read_bytes()),
    "own": tried(lambda: pathlib.Path(f"/dev/fd/{file.fileno()}").read_bytes()),
    "code": tried(lambda: __import__("wave")),
}]))
"""
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 43210 RTP/AVP 0\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's own means")
def test_what_is_given_up_is_out_of_reach():
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [sys.executable, "-c", CODE, "/etc/passwd", str(server.getsockname()[1])]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True, env=os.environ)
    held, tries = json.loads(done.stdout)
    assert "privileges" in held
    if {"network", "programs"} & {*held}:
        assert tries["network"] != "done"
    if "programs" in held:
        assert (tries["socket"], tries["program"]) == ("PermissionError", "PermissionError")
    if "files" in held:
        assert (tries["files"], tries["parent"]) == ("PermissionError", "PermissionError")
    assert (tries["own"], tries["code"]) == ("done", "done")


def test_a_machine_without_the_means_holds_what_it_can(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confine() == []


def test_a_worker_is_told_no_more_than_where_python_is(clips):
    with Service("--workers", 1, MY_DATABASE_PASSWORD=SECRET, BONAFIDE_TOKEN=SECRET) as service:
        pid = service.workers()[0]
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            names = {each.partition(b"=")[0].decode() for each in file.read().split(b"\0")} - {""}
        assert names <= {*PASSED_ON, *OWN, "LC_CTYPE"}
        with open(f"/proc/{pid}/status", encoding="ascii") as file:  # noqa: PTH123
            assert "NoNewPrivs:\t1" in file.read()
        held = json.loads(service.lines[0])["confined"]
        if "network" in held:
            assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")  # noqa: PTH115
        assert os.readlink(f"/proc/{pid}/cwd").endswith(" (deleted)")  # noqa: PTH115
        assert service.detect(clips[0].read_bytes(), Authorization=f"Bearer {SECRET}")[0] == 200


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's own means")
def test_the_service_hides_its_environment_from_others_of_its_user():
    code = "import ctypes; from bonafide.web.confinement import hide; hide(); print(ctypes.CDLL(None).prctl(3))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_a_text_that_names_other_places_reaches_none(service, tmp_path):
    """SDP made FFmpeg listen for 10 s on the ports that it names; ffconcat told which files there are."""
    began = time.monotonic()
    assert service.detect(SDP)[2]["verdict"] == "cannot tell"
    assert time.monotonic() - began < 5
    (tmp_path / "there.wav").write_bytes(b"RIFF")
    names = (tmp_path / "there.wav", tmp_path / "missing.wav")
    answers = [service.detect(f"ffconcat version 1.0\nfile '{name}'\n".encode())[2] for name in names]
    assert answers[0] == answers[1]
    assert answers[0]["verdict"] == "cannot tell"
