"""What the service says of itself: its description, its examples, its counters."""

import io

import numpy as np
import pytest
import soundfile
from prometheus_client.parser import text_string_to_metric_families
from serving import form

from bonafide import Detector


@pytest.fixture(scope="module")
def detector():
    return Detector()


def test_it_says_what_it_is(service, detector):
    status, headers, said = service.get("/v1/health")
    assert (status, said["status"], said["workers"], said["token_needed"]) == (200, "ok", 2, False)
    assert not any(name.lower().startswith("access-control") for name in headers)
    model = service.get("/v1/model")[2]
    assert model["thresholds"] == dict(detector.facts.thresholds)
    assert model["band"] == list(detector.facts.cannot_tell)
    assert model["limits"]["max_bytes"] == 4 * 2**20
    assert model["cannot_tell"]["balanced"][0] <= model["cannot_tell"]["balanced"][1]
    described = service.get("/v1/openapi.json")[2]
    assert "/v1/collect" not in described["paths"]


def shape(answer):
    """The keys of an answer, within one another; a list is like its first item."""
    if isinstance(answer, dict):
        return {name: shape(each) for name, each in answer.items()}
    return [shape(answer[0])] if isinstance(answer, list) and answer else None


@pytest.mark.slow
def test_examples_are_what_the_service_answers(service, long_wav, clips):
    described = service.get("/v1/openapi.json")[2]
    schemas = described["components"]["schemas"]
    responses = described["paths"]["/v1/detect"]["post"]["responses"]
    examples = responses["200"]["content"]["application/json"]["examples"]
    raw, form_like = (examples[name]["value"] for name in ("raw body", "form"))
    real = service.detect(long_wav, "?evidence=1")[2]
    assert set(schemas["Answer"]["properties"]) == set(real)
    assert set(schemas["Evidence"]["properties"]) == set(real.pop("evidence"))
    assert shape(raw) == shape(real)
    assert (raw["verdict"], raw["reason"][:16]) == ("mixed", "AI-generated at ")
    hours = io.BytesIO()
    with soundfile.SoundFile(hours, "w", 8000, 1, format="FLAC") as file:
        file.write(np.zeros(240 * 8000))
    body, kind = form(("a.wav", long_wav), ("long.flac", hours.getvalue()))
    answers = service.ask("/v1/detect", body, Content_Type=kind)[2]
    assert [shape(each) for each in form_like["results"]] == [shape(each) for each in answers["results"]]
    assert form_like["results"][1] == answers["results"][1]
    refused = service.detect(b"x", Content_Type="text/plain")[2]
    example = responses["415"]["content"]["application/json"]["example"]
    assert example["error"] | {"request_id": refused["error"]["request_id"]} == refused["error"]
    assert {"400", "401", "408", "413", "415", "422", "429", "500", "504"} <= set(responses)
    for path in ("/v1/health", "/v1/model"):
        example = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        assert example == service.get(path)[2]


def test_prometheus_can_read_the_counters(service, clips):
    service.detect(clips[0].read_bytes())
    _, headers, text = service.get("/metrics")
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {
        "bonafide_requests",
        "bonafide_request_seconds",
        "bonafide_files",
        "bonafide_audio_seconds",
        "bonafide_live",
        "bonafide_received_bytes",
        "bonafide_worker_restarts",
        "bonafide_requests_in_flight",
        "bonafide_recordings_waiting",
        "bonafide_workers_idle",
        "process_resident_memory_bytes",
    }

    def values(name, **labels):
        samples = [each for family in families.values() for each in family.samples if each.name == name]
        return [each.value for each in samples if labels.items() <= each.labels.items()]

    assert values("bonafide_requests_total", route="/v1/detect", status="200")[0] >= 1
    count = values("bonafide_request_seconds_count", route="/v1/detect")
    assert count == values("bonafide_request_seconds_bucket", route="/v1/detect", le="+Inf")
    assert sum(values("bonafide_files_total")) >= count[0] >= 1
    assert values("bonafide_audio_seconds_total")[0] > 0
    assert values("bonafide_workers_idle") == [2]
    assert values("process_resident_memory_bytes")[0] > 10e6
