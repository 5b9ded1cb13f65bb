"""The service: recordings in, verdicts out."""

import asyncio
import re
import secrets
import wave
from collections import Counter
from collections.abc import Callable, Coroutine
from importlib.resources import files
from pathlib import Path
from typing import IO, Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bonafide import __version__
from bonafide.audio.apart import av_is_there
from bonafide.audio.formats import FORMATS
from bonafide.detection.voices import Channels
from bonafide.detection.window_scores import HOP_SECONDS
from bonafide.errors import UserError
from bonafide.gathering.collecting import Sound, facts_of, keep
from bonafide.web import describing, logs, scores
from bonafide.web.admission import cut_asked, place, taken_in, while_there
from bonafide.web.edge import TOO_SLOW, Edge, TooLarge, TooSlow, out_of_means, problem, too_large
from bonafide.web.live import live
from bonafide.web.metrics import CONTENT_TYPE, Metrics
from bonafide.web.pool import Ask, Pool, Unanswered
from bonafide.web.settings import Settings
from bonafide.web.shares import Uploads
from bonafide.web.slots import Slots
from bonafide.web.strangers import PAGE
from bonafide.web.tickets import Busy
from bonafide.web.uploads import BadUpload, Body, Upload

MOST_UPLOADS = 64  # at a time; a slow client holds one of these, until others need it, and no worker
MOST_SCORES = 4 << 20  # bytes of a result that is judged anew
KEY_PLACE = b"PAGE-KEY"  # in page.html
INCLUDE = re.compile(rb"<!-- (\w+\.html) -->\n")  # what the pages share
MEDIA = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}

Threshold = Annotated[
    str,
    Query(description="balanced, decisive, precision, recall, or the probability of AI from which on it is called AI"),
]

Evidence = Annotated[bool, Query(description="with a map of what spoke for AI and for human")]
ChannelsAsked = Annotated[
    Channels,
    Query(description="where channels carry different voices: a verdict for each, or one for their mix"),
]


def create_app(settings: Settings, pool: Pool, slots: Slots, metrics: Metrics) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings : Settings
        Limits, the token and the folder for collected recordings.
    pool : Pool
        Started workers.
    slots : Slots
        For those who are listened to.
    metrics : Metrics
        What /metrics shows; the pool counts there as well.
    """
    # No docs_url: those pages load their scripts from elsewhere.
    app = FastAPI(
        title="Bonafide",
        version=__version__,
        description=describing.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.settings, app.state.pool, app.state.slots, app.state.metrics = settings, pool, slots, metrics
    app.state.uploads = Uploads(MOST_UPLOADS)
    page_key = secrets.token_urlsafe(16)
    app.add_middleware(Edge, settings=settings, metrics=metrics, page_key=page_key)
    _add_refusals(app, settings)
    _add_page(app, page_key)
    app.post("/v1/detect", **describing.detect(settings, pool.model))(detect)
    app.post("/v1/verdict", **describing.verdict(pool.model))(verdict)
    app.get("/v1/health", **describing.answering("Is it up?", health_of(app.state)))(health)
    app.get("/v1/model", **describing.answering("The detector and the limits", model_of(app.state)))(model)
    app.get("/metrics", **describing.metrics())(show_metrics)
    if settings.live:
        app.websocket("/v1/live")(live)
    if settings.collect is not None:
        app.post("/v1/collect", **describing.collect())(collect)
    return app


async def detect(
    request: Request, threshold: Threshold = "balanced", evidence: Evidence = False, channels: ChannelsAsked = "each"
) -> Response:
    """Say of one or several recordings whether the voice is human or AI-generated."""
    state = request.app.state
    cut_asked(state, threshold)
    ask = Ask(threshold, evidence, channels)
    async with taken_in(request) as body:
        answers = await while_there(request, _answers(state, body, ask))
    verdicts = Counter(answer["result"]["verdict"] if "result" in answer else "refused" for answer in answers)
    request.scope["state"]["noted"] = {"files": len(answers), "verdicts": dict(verdicts)}
    return _packed(body, answers, request)


async def verdict(request: Request, threshold: Threshold = "balanced") -> Response:
    """Say what a result that this service gave would have been under another threshold; nothing is heard again."""
    state = request.app.state
    cut = cut_asked(state, threshold)
    async with place(request):
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > MOST_SCORES:
                raise BadUpload(413, f"a result may hold {MOST_SCORES >> 20} MB at most")
    longest = state.settings.max_seconds / HOP_SECONDS
    return JSONResponse(await asyncio.to_thread(scores.answer, bytes(content), cut, longest))


async def health(request: Request) -> JSONResponse:
    """Say whether recordings can be scored; 503 while no worker is alive."""
    answer = health_of(request.app.state)
    return JSONResponse(answer, status_code=200 if answer["workers"] else 503)


async def model(request: Request) -> JSONResponse:
    """Say what the detector is, its thresholds, and what this service takes."""
    return JSONResponse(model_of(request.app.state))


async def show_metrics(request: Request) -> Response:
    """Give counters to Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE)


async def collect(request: Request) -> JSONResponse:
    """Put a recording of a person who agreed to it into the corpus folder."""
    state = request.app.state
    async with taken_in(request) as body:
        if body.fields.get("consent") != "yes":
            raise BadUpload(422, "a recording is kept only with its speaker's consent: consent=yes")
        file = body.uploads[0].file
        if len(body.uploads) > 1 or not _is_plain_wav(file):
            raise BadUpload(422, "the recording must be one WAV file with 16-bit samples, as the page makes it")
        try:
            facts = facts_of(**{name: body.fields.get(name, "") for name in describing.GIVEN})
            sound = Sound(**await while_there(request, state.pool.ask(file.fileno(), Ask(for_corpus=True))))
            clip = await asyncio.to_thread(keep, state.settings.collect, file, sound, facts)
        except UserError as error:
            raise BadUpload(422, str(error)) from None
        except Unanswered as none:
            raise BadUpload(none.status, str(none)) from None
    return JSONResponse({"saved": clip.name}, status_code=201)


def health_of(state: State) -> dict[str, Any]:
    """Return what /v1/health says."""
    settings, alive = state.settings, len(state.pool.pids())
    return {
        "status": "ok" if alive else "starting",
        "version": __version__,
        "workers": alive,
        "token_needed": bool(settings.token),
        "collects": settings.collect is not None,
    }


def model_of(state: State) -> dict[str, Any]:
    """Return what /v1/model says."""
    limits = {name: getattr(state.settings, name) for name in ("max_bytes", "max_seconds", "timeout", "live")}
    readable = [each for each in FORMATS if av_is_there() or not each.by_pyav]
    formats = [{"name": each.name, "codings": each.codings, "suffixes": each.suffixes} for each in readable]
    return {**state.pool.model, "limits": limits, "formats": formats}


async def _answers(state: State, body: Body, ask: Ask) -> list[dict[str, Any]]:
    return [await _answer(state, upload, ask) for upload in body.uploads]


async def _answer(state: State, upload: Upload, ask: Ask) -> dict[str, Any]:
    """Return the result of one recording, or why it has none, with its name."""
    try:
        result = await state.pool.ask(upload.file.fileno(), ask)
    except Unanswered as none:
        state.metrics.files.labels("refused").inc()
        return {"name": upload.name, "error": {"status": none.status, "message": str(none)}}
    state.metrics.files.labels(result["verdict"]).inc()
    state.metrics.audio_seconds.inc(result["seconds"])
    return {"name": upload.name, "result": result}


def _packed(body: Body, answers: list[dict[str, Any]], request: Request) -> Response:
    """Answer a raw body with its bare result, a form with a list; an error where there is nothing else."""
    errors = [answer["error"] for answer in answers if "error" in answer]
    if len(errors) == len(answers):
        worst = max(errors, key=lambda error: error["status"])
        if not body.several or len(errors) == 1:
            return problem(worst["status"], worst["message"], request.scope["state"]["id"])
        return JSONResponse({"results": answers}, status_code=worst["status"])
    return JSONResponse({"results": answers} if body.several else answers[0]["result"])


def _is_plain_wav(file: IO[bytes]) -> bool:
    """Whether it is what the page's recorder makes: nothing that a decoder of C would have to make sense of."""
    try:
        file.seek(0)
        with wave.open(file, "rb") as sound:
            return bool(sound.getsampwidth() == 2 and sound.getnchannels() <= 2)
    except (wave.Error, EOFError):
        return False


def _add_page(app: FastAPI, page_key: str) -> None:
    for path, name in PAGE.items():
        content = INCLUDE.sub(lambda include: _own(include[1].decode()), _own(name))
        content = content.replace(KEY_PLACE, page_key.encode())
        app.get(path, include_in_schema=False)(_file(content, MEDIA[Path(name).suffix]))


def _own(name: str) -> bytes:
    return files("bonafide.web").joinpath(name).read_bytes()


def _file(content: bytes, media: str) -> Callable[[], Coroutine[Any, Any, Response]]:
    async def give() -> Response:
        return Response(content, media_type=media)

    return give


def _add_refusals(app: FastAPI, settings: Settings) -> None:
    """Let every refusal have one form: {"error": {"status", "message", "request_id"}}."""

    def on(kind: type[Exception], say: Callable[[Any], tuple[int, str]]) -> None:
        async def answer(request: Request, error: Exception) -> Response:
            status, sentence = say(error)
            headers = {"Retry-After": str(error.seconds)} if isinstance(error, Busy) else None
            return problem(status, sentence, request.scope["state"]["id"], headers)

        app.add_exception_handler(kind, answer)

    on(TooLarge, lambda _: (413, too_large(settings)))
    on(TooSlow, lambda _: (408, TOO_SLOW))
    on(Busy, lambda error: (429, str(error)))
    on(BadUpload, lambda error: (error.status, str(error)))
    for kind in (OSError, MemoryError):  # of this machine: whoever runs it must learn of it
        on(kind, _out_of_means)
    on(ClientDisconnect, lambda _: (499, "the client went away"))
    on(RequestValidationError, lambda error: (422, _invalid(error)))
    on(HTTPException, lambda error: (error.status_code, _plain(error.status_code)))


def _out_of_means(error: OSError | MemoryError) -> tuple[int, str]:
    logs.fault("out of means", error)
    return out_of_means(error)


def _invalid(error: RequestValidationError) -> str:
    first = error.errors()[0]
    return f"{first['loc'][-1]}: {first['msg']}"


def _plain(status: int) -> str:
    return {404: "there is no such address here", 405: "this address takes another method"}.get(status, "refused")
