"""What OpenAPI says of the service; its examples are made by what answers, with this service's own limits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bonafide.detection.results import Result, Window, as_json
from bonafide.detection.verdicts import Cut, cut_of, result_of
from bonafide.scoring.calibration import p_ai
from bonafide.web import edge, pool, scores, strangers, tickets, uploads, worker
from bonafide.web.metrics import CONTENT_TYPE, Metrics
from bonafide.web.settings import Settings

DESCRIPTION = """Tells human voices from AI-generated ones.

A form with several files is answered with a list, any other body with the result of that one recording. `llr` is the
natural logarithm of p(score | human) / p(score | ai): higher is more human. `p_ai` is the probability of AI where both
are equally likely beforehand; `confidence` says in words how sure a verdict of human or ai is. With `evidence=1` a
result has a map of what spoke for AI (above 0, in nats of llr) and for human (below) in cells of time and frequency,
over the most telling seconds; the llr of these is `base`, that of noise with the same spectrum, less the sum of all.
A recording that cannot be judged has the verdict "cannot tell" and a reason.

`/v1/live?rate=16000` is a WebSocket: binary messages of 16-bit samples of one channel (of floats with
`&encoding=f32le`) are answered by a result each second, with `final` whether it is the last; a text message ends
the sound."""

BINARY = {"type": "string", "format": "binary"}
FILES = {"type": "object", "properties": {"files": {"type": "array", "items": BINARY}}, "required": ["files"]}
GIVEN = ("speaker", "language", "gender", "license")  # with a recording for the corpus
LLRS = (4.1, 4.3, 3.8, 4.0, 3.9, -4.2, -4.4, -4.1, -3.9)  # of the windows of the example


@dataclass(frozen=True)
class Evidence:
    """Nats of llr in cells, a row for each stretch of time, between the edges `hertz` of their bands.

    From `start` to `stop`, whose `llr` is `base`, that of noise with the same average spectrum, less the sum of `map`.
    """

    start: float
    stop: float
    hertz: list[float]
    map: list[list[float]]
    base: float
    llr: float


@dataclass(frozen=True, kw_only=True)
class Answer(Result):
    """A result as the service gives it."""

    confidence: str
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Refusal:
    """Why one file of a form got no result."""

    status: int
    message: str


@dataclass(frozen=True)
class Item:
    """One file of a form, with its result or why it has none."""

    name: str
    result: Answer | None = None
    error: Refusal | None = None


@dataclass(frozen=True)
class Answers:
    """The answer to a form."""

    results: list[Item]


def detect(settings: Settings, model: Mapping[str, Any]) -> dict[str, Any]:
    """Describe /v1/detect of a service with these settings, whose detector is `model` (see `worker.load`)."""
    answer = as_json(_mixed(cut_of(model["thresholds"], model["band"], "balanced")))
    refused = {"status": 422, "message": worker.too_long(2 * settings.max_seconds, settings.max_seconds)}
    items = [{"name": "call.mp3", "result": answer}, {"name": "long.flac", "error": refused}]
    bodies = {"multipart/form-data": FILES, "application/octet-stream": BINARY, "audio/*": BINARY}
    examples = {"raw body": {"value": answer}, "form": {"value": {"results": items}}}
    return {
        "summary": "Judge recordings",
        "openapi_extra": {
            "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind, schema in bodies.items()}}
        },
        "responses": {
            200: {
                "model": Answer | Answers,
                "description": "The result of a raw body; of a form {results: [{name, result or error}]}",
                "content": {"application/json": {"examples": examples}},
            },
            **{status: _refusal(status, sentence) for status, sentence in refusals(settings).items()},
        },
    }


def refusals(settings: Settings) -> dict[int, str]:
    """Return what a client is told with each status of a refusal."""
    return {
        400: uploads.BROKEN_HEADERS,
        401: strangers.NO_TOKEN,
        403: strangers.OTHER_PAGES,
        408: edge.TOO_SLOW,
        413: edge.too_large(settings),
        415: uploads.NO_RECORDING,
        422: worker.too_long(2 * settings.max_seconds, settings.max_seconds),
        429: str(tickets.Busy(2)),
        500: pool.DIED,
        503: edge.OUT_OF_MEANS,
        504: pool.too_slow(settings.timeout),
        507: edge.DISK_FULL,
    }


def verdict(model: Mapping[str, Any]) -> dict[str, Any]:
    """Describe /v1/verdict of a service whose detector `model` tells of."""
    example = as_json(_mixed(cut_of(model["thresholds"], model["band"], "balanced")))
    body = {"application/json": {"example": example}}
    responses = {status: _refusal(status, sentence) for status, sentence in ((422, scores.NO_RESULT),)}
    described = answering("Judge a result under another threshold", example)
    return {
        **described,
        "responses": {**described["responses"], **responses},
        "openapi_extra": {"requestBody": {"required": True, "content": body}},
    }


def metrics() -> dict[str, Any]:
    """Describe /metrics."""
    example = Metrics()
    example.requests.labels("/v1/detect", 200).inc()
    return answering("Counters for Prometheus", example.text(), CONTENT_TYPE.partition(";")[0])


def collect() -> dict[str, Any]:
    """Describe /v1/collect."""
    texts: dict[str, Any] = {name: {"type": "string"} for name in GIVEN}
    schema = {
        "type": "object",
        "required": ["file", "speaker", "language", "consent"],
        "properties": {"file": BINARY, **texts, "consent": {"type": "string", "enum": ["yes"]}},
    }
    return {
        "summary": "Keep a recording with its speaker's consent",
        "status_code": 201,
        "openapi_extra": {"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}},
    }


def answering(summary: str, example: object, kind: str = "application/json") -> dict[str, Any]:
    """Describe an address that takes nothing and answers like `example`."""
    return {"summary": summary, "responses": {200: {"content": {kind: {"example": example}}}}}


def _mixed(cut: Cut) -> Result:
    """Return what a detector with this cut says of a recording of which a part is AI-generated."""
    windows = [Window(float(at), at + 4.0, llr, float(p_ai(llr))) for at, llr in enumerate(LLRS)]
    llr = round(sum(LLRS) / len(LLRS), 3)
    stop = windows[-1].stop
    return result_of(llr, windows, cut, hop=1.0, seconds=stop, speech_seconds=stop - 1.2)


def _refusal(status: int, sentence: str) -> dict[str, Any]:
    example = json.loads(bytes(edge.problem(status, sentence, "5f0c").body))
    described: dict[str, Any] = {
        "description": sentence,
        "content": {"application/json": {"example": example}},
    }
    if status == 429:
        described["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return described
