"""What a client has got, judged again: under another threshold, and the channels of a call each or mixed."""

import io
import json

import numpy as np
import pytest
import soundfile

from ..encoding import av_encoded


@pytest.fixture
def silence():
    content = io.BytesIO()
    soundfile.write(content, np.zeros(48_000), 16_000, format="WAV", subtype="PCM_16")
    return content.getvalue()


def test_a_result_is_judged_under_another_threshold_as_its_recording_would_be(service, clips, long_wav, silence):
    for content in (long_wav, clips[0].read_bytes(), silence):
        given = service.detect(content)[2]
        for threshold in ("balanced", "decisive", "recall", "0.3"):
            status, _, said = service.ask(f"/v1/verdict?threshold={threshold}", json.dumps(given).encode())
            assert (status, said) == (200, service.detect(content, f"?threshold={threshold}")[2])


def test_channels_with_different_voices_are_judged_each_or_mixed(service, call_wav):
    each = service.detect(call_wav)[2]
    assert [channel["number"] for channel in each["channels"]] == [1, 2]
    assert service.detect(call_wav, "?channels=mix")[2]["channels"] == []
    assert service.detect(call_wav, "?channels=left")[0] == 422
    for threshold in ("decisive", "0.3"):
        said = service.ask(f"/v1/verdict?threshold={threshold}", json.dumps(each).encode())[2]
        assert said == service.detect(call_wav, f"?threshold={threshold}")[2]


def test_tracks_with_different_voices_are_judged_as_channels_are(service, call_wav, tmp_path):
    samples, rate = soundfile.read(io.BytesIO(call_wav))
    film = av_encoded(tmp_path / "film.mp4", list(np.ascontiguousarray(samples.T)), "aac", "mp4", rate=rate)
    said = service.detect(film)[2]
    assert [channel["number"] for channel in said["channels"]] == [1, 2]
    assert said["note"] == "2 of 2 sound tracks were heard as its channels: numbers 1, 2"
    assert service.detect(film, "?channels=mix")[2]["channels"] == []


@pytest.mark.parametrize(
    "change", [{"llr": "x"}, {"llr": 1e999}, {"windows": []}, {"windows": [{}]}, {"seconds": None}]
)
def test_what_is_no_result_is_not_judged(service, clips, change):
    given = service.detect(clips[0].read_bytes())[2]
    given |= {"llr": 1.0, "windows": [{"start": 0.0, "stop": 1.0, "llr": 1.0, "p_ai": 0.2}]}
    assert service.ask("/v1/verdict", json.dumps(given).encode())[0] == 200
    for content in (json.dumps(given | change).encode(), b"", b"[" * 100_000, json.dumps([given]).encode()):
        status, _, said = service.ask("/v1/verdict", content)
        assert (status, "/v1/detect" in said["error"]["message"]) == (422, True)
    assert service.ask("/v1/verdict", b" " * 5_000_000)[0] == 413
