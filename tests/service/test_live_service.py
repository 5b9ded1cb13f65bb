"""/v1/live as its clients meet it: verdicts while they speak, places that come free, and who is refused."""

import json
import os
import signal
import sys
import time
from contextlib import ExitStack

import numpy as np
import pytest
from calling import Call
from serving import Service

from bonafide import LiveDetector
from bonafide.detection.results import as_json
from bonafide.web import live

RATE = 16000
NEVER = "only-for-these-tests-0123"


@pytest.fixture(scope="module")
def samples(speech):
    return np.round(speech[: 6 * RATE] * 32767).astype(np.int16)


@pytest.fixture(scope="module")
def own():
    with Service("--workers", 1, "--live", 3, "--max-seconds", 12) as running:
        yield running


def seconds_of(samples):
    return [samples[at : at + RATE].tobytes() for at in range(0, len(samples), RATE)]


def alike(said, result, *, final):
    """Whether the answer is `result`, whose sums may have been made by several threads."""
    expected = json.loads(json.dumps({"final": final, **as_json(result)}))
    windows = [
        (window["start"], window["stop"], pytest.approx(window["llr"], abs=1e-4)) for window in expected["windows"]
    ]
    close = ("llr", "p_ai", "windows", "segments", "reason")
    assert [(window["start"], window["stop"], window["llr"]) for window in said["windows"]] == windows
    assert (said["llr"] is None) == (expected["llr"] is None)
    assert said["llr"] is None or said["llr"] == pytest.approx(expected["llr"], abs=1e-4)
    return {name: said[name] for name in expected if name not in close} == {
        name: value for name, value in expected.items() if name not in close
    }


def soon(check, seconds=10):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def live_now(service):
    line = next(each for each in service.get("/metrics")[2].splitlines() if each.startswith("bonafide_live "))
    return float(line.split()[1])


def test_each_second_has_the_answer_that_python_gives(own, samples, detector):
    here = LiveDetector(detector, rate=RATE)
    with Call(own.port) as call:
        assert call.status == 101
        for second in seconds_of(samples):
            call.say(second)
            (said,) = call.hear(1)
            (expected,) = here.feed(np.frombuffer(second, np.int16))
            assert alike(said, expected, final=False)
        call.say("end")
        (said,) = call.hear()
        assert alike(said, here.finish(), final=True)
        assert call.closed[0] == 1000


def test_floats_are_heard_as_integers_are(own, samples):
    with Call(own.port, "?rate=16000&encoding=f32le&threshold=decisive") as call:
        call.say((samples[: 3 * RATE] / np.float32(32768)).astype("<f4").tobytes()[:196608])
        call.say("")
        assert [each["final"] for each in call.hear()] == [False] * 3 + [True]


def test_several_are_listened_to_at_once_each_by_itself(own, samples):
    with ExitStack() as stack:
        calls = [stack.enter_context(Call(own.port)) for _ in range(2)]
        for at, second in enumerate(seconds_of(samples)[:3]):
            calls[0].say(second)
            calls[1].say(bytes(len(second)))
            assert calls[0].hear(1)[0]["seconds"] == at + 1
            assert calls[1].hear(1)[0]["reason"] == "the recording is silent"
        calls[0].say("end")
        assert calls[0].hear()[-1]["llr"] is not None


def test_a_client_that_goes_away_frees_its_place(own, samples):
    soon(lambda: live_now(own) == 0)
    calls = [Call(own.port) for _ in range(4)]
    assert [call.status for call in calls] == [101, 101, 101, 429]
    assert "busy" in calls[3].refusal["error"]["message"]
    assert int(calls[3].headers["retry-after"]) >= 1
    calls[0].say(seconds_of(samples)[0])
    for call in calls:
        call.leave()
    soon(lambda: live_now(own) == 0)
    with Call(own.port) as again:
        assert again.status == 101


def test_uploads_are_answered_while_somebody_is_listened_to(own, clips, samples):
    with Call(own.port) as call:
        call.say(seconds_of(samples)[0])
        assert own.detect(clips[0].read_bytes())[0] == 200
        assert call.hear(1)[0]["seconds"] == 1


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "?rate=16000"),
        ("?rate=", "?rate=16000"),
        ("?rate=1e4", "?rate=16000"),
        ("?rate=99999999999", "?rate=16000"),
        ("?rate=100", "narrow band"),
        ("?rate=16000&encoding=mp3", "s16le or f32le"),
        ("?rate=16000&threshold=loose", "threshold"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_call(own, query, why):
    with Call(own.port, query) as call:
        assert call.status == 422
        assert why in call.refusal["error"]["message"]
        assert call.refusal["error"]["request_id"] == call.headers["x-request-id"]


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [
        (b"\0" * 999, 1008, live.TORN),
        (b"\0" * (live.MOST_BYTES + 2), 1009, ""),
    ],
)
def test_what_is_no_message_of_samples_ends_the_call(own, content, code, why):
    with Call(own.port) as call:
        call.say(content)
        said = call.hear()
        assert call.closed[0] == code
        assert not why or said[-1]["error"]["message"] == call.closed[1] == why


def test_not_a_number_ends_the_call(own):
    with Call(own.port, "?rate=16000&encoding=f32le") as call:
        call.say(b"\xff" * 4000)
        assert "NaN" in call.hear()[-1]["error"]["message"]
        assert call.closed[0] == 1008


def test_a_recording_ends_where_it_is_as_long_as_it_may_be_and_its_last_verdict_comes(own, samples):
    with Call(own.port) as call:
        for second in seconds_of(np.resize(samples, 13 * RATE)):
            call.say(second)
        said = call.hear()
        assert [each.get("final") for each in said[-2:]] == [True, None]
        assert said[-1]["error"]["message"].startswith("the recording is 13 s long")
        assert call.closed[0] == 1008


def test_whose_process_dies_learns_it_and_the_next_is_listened_to(own, samples):
    with Call(own.port) as call:
        call.say(seconds_of(samples)[0])
        call.hear(1)
        os.kill(max(own.workers()), signal.SIGKILL)  # the last that was started
        call.say(seconds_of(samples)[1])
        assert call.hear()[-1]["error"]["status"] == 500
        assert call.closed[0] == 1011
    soon(lambda: live_now(own) == 0)
    with Call(own.port) as again:
        again.say(seconds_of(samples)[0])
        assert again.hear(1)[0]["seconds"] == 1


def test_other_sites_pages_and_those_without_the_token_are_not_listened_to():
    with Service("--workers", 1, BONAFIDE_TOKEN=NEVER) as service:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer " + NEVER[::-1]}, 401),
            ({"Authorization": f"Bearer {NEVER}", "Origin": "http://evil.test"}, 403),
            ({"Authorization": f"Bearer {NEVER}", "Sec_Fetch_Site": "cross-site"}, 403),
            ({"Authorization": f"Bearer {NEVER}"}, 101),
        ):
            with Call(service.port, **headers) as call:
                assert call.status == status
        lines = [json.loads(line) for line in service.lines]
    asked = [line for line in lines if line.get("route") == "/v1/live"]
    assert [line["status"] for line in asked][:4] == [401, 401, 403, 403]
    assert NEVER not in "".join(service.lines)


def test_who_says_nothing_loses_the_place(monkeypatch):
    code = "from bonafide.web import live; live.BEHIND_SECONDS = 1.0; from bonafide.cli import main; main()"
    monkeypatch.setattr("serving.COMMAND", [sys.executable, "-c", code, "serve", "--port", "0"])
    with Service("--workers", 1) as service, Call(service.port) as call:
        began = time.monotonic()
        said = call.hear()
        assert 0.9 < time.monotonic() - began < 5
        assert said[-1]["error"]["status"] == 408
        assert call.closed == (1008, live.TOO_SLOW)


@pytest.mark.slow
def test_without_places_there_is_no_such_address():
    with Service("--workers", 1, "--live", 0) as service:
        assert service.get("/v1/live")[0] == 404


@pytest.mark.slow
def test_told_to_end_it_hangs_up_on_those_it_listens_to(samples):
    with Service("--workers", 1) as service, Call(service.port) as call:
        call.say(seconds_of(samples)[0])
        call.hear(1)
        service.terminate()
        call.hear()
        assert call.closed[0] == 1012
        assert service.process.wait(timeout=10) == 0
