"""What OpenAPI says of the service, with examples."""

from typing import Any

from bonafide.detection.results import Result

DESCRIPTION = """Tells human recordings from machine-generated voices.

A form with several files is answered with a list, any other body with the result of that one recording. `llr` is the
natural logarithm of p(score | human) / p(score | ai): higher is more human. `p_ai` is the probability of ai where both
are equally likely beforehand. With `evidence=1` a result has a map of what spoke for ai (above 0, in nats of llr) and
for human (below) in cells of time and frequency, over the most telling seconds. A recording that cannot be judged has
the verdict "cannot tell" and a reason."""

RESULT = {
    "verdict": "mixed",
    "reason": "some parts sound human and others machine-generated",
    "llr": 0.4,
    "p_ai": 0.4013,
    "seconds": 8.0,
    "speech_seconds": 7.2,
    "windows": [
        {"start": 0.0, "stop": 4.0, "llr": 3.1, "p_ai": 0.0431},
        {"start": 4.0, "stop": 8.0, "llr": -2.3, "p_ai": 0.9089},
    ],
    "segments": [
        {"start": 0.0, "stop": 4.0, "verdict": "human"},
        {"start": 4.0, "stop": 8.0, "verdict": "ai"},
    ],
}
SHORT = RESULT | {"verdict": "human", "reason": "", "llr": 3.1, "p_ai": 0.0431, "windows": [], "segments": []}
REFUSALS = {
    400: "the form cannot be read: its headers are broken",
    401: "a token is needed: Authorization: Bearer TOKEN",
    408: "the upload was too slow",
    413: "a request may hold 64 MB at most",
    415: "send the recording as audio/* or application/octet-stream, or several in a form",
    422: "the recording is 7200 s long, and this service takes 3600 s at most",
    429: "the service is busy: try again in 2 s",
    500: "the process that worked on this recording ended unexpectedly; other requests are not affected",
    504: "the recording took longer to score than the 60 s that this service allows",
}


def _refusal(status: int, sentence: str) -> dict[str, Any]:
    error = {"status": status, "message": sentence, "request_id": "5f0c"}
    described: dict[str, Any] = {
        "description": sentence,
        "content": {"application/json": {"example": {"error": error}}},
    }
    if status == 429:
        described["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return described


_BINARY = {"type": "string", "format": "binary"}
_FILES = {"type": "object", "properties": {"files": {"type": "array", "items": _BINARY}}, "required": ["files"]}
_ITEM = {"name": "call.mp3", "result": SHORT}
_REFUSED = {"name": "long.flac", "error": {"status": 422, "message": REFUSALS[422]}}

DETECT: dict[str, Any] = {
    "summary": "Judge recordings",
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _FILES},
                "application/octet-stream": {"schema": _BINARY},
                "audio/*": {"schema": _BINARY},
            },
        }
    },
    "responses": {
        200: {
            "model": Result,
            "description": "The result of a raw body; of a form {results: [{name, result or error}]}",
            "content": {
                "application/json": {
                    "examples": {
                        "raw body": {"value": RESULT},
                        "form": {"value": {"results": [_ITEM, _REFUSED]}},
                    }
                }
            },
        },
        **{status: _refusal(status, sentence) for status, sentence in REFUSALS.items()},
    },
}


def _example(summary: str, example: dict[str, Any] | str, kind: str = "application/json") -> dict[str, Any]:
    return {"summary": summary, "responses": {200: {"content": {kind: {"example": example}}}}}


HEALTH = _example(
    "Is it up?", {"status": "ok", "version": "0.1.0", "workers": 2, "token_needed": False, "collects": False}
)
MODEL = _example(
    "The detector and the limits",
    {
        "thresholds": {"balanced": -0.05, "decisive": -0.31, "precision": -0.74, "recall": 1.56},
        "cannot_tell": {
            "balanced": [0.17, 0.68],
            "decisive": [0.58, 0.58],
            "precision": [0.68, 0.68],
            "recall": [0.17, 0.17],
        },
        "calibration": {"scale": 0.26, "offset": -0.33},
        "rate": 16000,
        "card": {"network": "small", "languages": ["en"]},
        "limits": {"max_bytes": 67108864, "max_seconds": 3600, "timeout": 60},
    },
)
METRICS = _example(
    "Counters for Prometheus", 'bonafide_requests_total{route="/v1/detect",status="200"} 7\n', "text/plain"
)
COLLECT: dict[str, Any] = {
    "summary": "Keep a recording with its speaker's consent",
    "status_code": 201,
    "openapi_extra": {
        "requestBody": {
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file", "speaker", "language", "consent"],
                        "properties": {
                            "file": _BINARY,
                            **{name: {"type": "string"} for name in ("speaker", "language", "gender", "license")},
                            "consent": {"type": "string", "enum": ["yes"]},
                        },
                    }
                }
            }
        }
    },
}
