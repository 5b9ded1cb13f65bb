"""What surrounds every request: its id, limits on its time and body, who may ask, safe headers, a log line, counters.

Plain ASGI, so that a limit acts while bytes arrive and not after them.
"""

import asyncio
import errno
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from bonafide.web import logs
from bonafide.web.metrics import Metrics
from bonafide.web.patience import WIRE
from bonafide.web.settings import Settings
from bonafide.web.shares import address_of
from bonafide.web.strangers import PAGE, refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

UPLOAD_SECONDS = 20.0  # for any body, and one second more for each of:
UPLOAD_RATE = 16 * 1024  # bytes
BODY_SECONDS = 300.0  # for any body, however fast it is
REQUEST_SECONDS = 900.0  # from a request's head to the end of its answer
FRAMING = 1 / 8  # of a body's limit, that its framing may take beside it
HEAD_BYTES = 64 * 1024
DRAIN_SECONDS = UPLOAD_SECONDS  # of a refused body, so that its sender, slow or busy, gets to read why
PATIENT_SECONDS = 1.0  # for which no upload is called slow
SLOW_RATE = 64 * 1024  # bytes a second; a slower upload goes where others wait for its place
TOO_SLOW = "the upload was too slow"
TOO_LONG = f"the request took longer than {REQUEST_SECONDS:.0f} s: send fewer or shorter recordings at a time"
ENDS = "the service is ending"
DISK_FULL = "the machine that serves this has no room left on its disk"
OUT_OF_MEANS = "the machine that serves this is out of memory or of files that it may open: try again later"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # that a log may name
GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
ROUTES = {*PAGE, "/metrics"}
ROUTES |= {f"/v1/{name}" for name in ("detect", "health", "model", "collect", "live", "verdict", "openapi.json")}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
SAFE_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=()"),
    (b"cache-control", b"no-store"),
]


class TooLarge(Exception):  # noqa: N818 - said to the client
    """A body beyond the limit."""


class TooSlow(Exception):  # noqa: N818 - said to the client
    """A body that arrives at less than the rate that we wait for."""


class Edge:
    """The ASGI application around `app`; `page_key` is what `bonafide.web.strangers.refusal` asks for."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics, page_key: str = "") -> None:
        self._app, self._settings, self._metrics, self._page_key = app, settings, metrics, page_key

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        is_call = scope["type"] == "websocket"
        request = Call(scope, receive, send) if is_call else Exchange(scope, receive, send, self._settings.max_bytes)
        try:
            await self._answer(scope, request)
        finally:
            self._note(scope, request)

    async def _answer(self, scope: MutableMapping[str, Any], request: "Exchange | Call") -> None:
        method = scope.get("method", "POST")  # a page of another site may not call either
        refused = refusal(self._settings, self._page_key, method, scope["path"], request.headers)
        length = request.headers.get("content-length", "0")
        if refused is None and length.isdigit() and int(length) > self._settings.max_bytes:
            refused = 413, too_large(self._settings)
        try:
            if refused is None:
                async with asyncio.timeout(REQUEST_SECONDS if scope["type"] == "http" else None):
                    await self._app(scope, request.receive, request.send)
                return
        except TimeoutError:
            refused = 504, TOO_LONG
        except asyncio.CancelledError:  # uvicorn cancels what is not done when its time to end is over
            refused = 503, ENDS
        except Exception as fault:  # a defect of ours: the client learns its id, the log what it was
            logs.fault("fault", fault, id=request.id)
            refused = 500, "the service has a defect; its log tells more"
        if not request.status:
            await problem(*refused, request.id)(scope, request.receive, request.send)

    def _note(self, scope: MutableMapping[str, Any], request: "Exchange | Call") -> None:
        seconds = time.monotonic() - request.began
        route = scope["path"] if scope["path"] in ROUTES else "other"  # what a client wrote may hold anything
        self._metrics.requests.labels(route, request.status).inc()
        self._metrics.received_bytes.inc(request.taken)
        self._metrics.request_seconds.labels(route).observe(seconds)
        asked = scope.get("method", "GET")
        method = asked if asked in METHODS else "other"
        facts: dict[str, Any] = {"id": request.id, "method": method, "route": route, "status": request.status}
        facts |= {"bytes": request.taken, "ms": round(1000 * seconds, 1)}
        logs.event("request", **facts, **scope.get("state", {}).get("noted", {}))


class _Watched:
    """What is known of a request or a call from the beginning on."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.headers = Headers(scope=scope)
        given = self.headers.get("x-request-id", "")
        self.id = given if GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {}).update(id=self.id, exchange=self)
        self.address = address_of((scope.get("client") or ("",))[0])
        self.began = time.monotonic()
        self.status = 0
        self.taken = 0  # bytes that came
        self._scope, self._receive, self._send = scope, receive, send

    def _own_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"x-request-id", self.id.encode()), *SAFE_HEADERS]


class Call(_Watched):
    """One WebSocket, watched; how long it may take says who takes it."""

    async def receive(self) -> Message:
        """Return the next message."""
        message = await self._receive()
        self.taken += len(message.get("bytes") or b"")
        return message

    async def send(self, message: Message) -> None:
        """Send a message, or the answer in place of it."""
        if message["type"] == "websocket.accept":
            self.status = 101
        elif message["type"] == "websocket.http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), *self._own_headers()]
        elif message["type"] == "websocket.close" and not self.status:
            self.status = 403
        await self._send(message)


class Exchange(_Watched):
    """One request and its answer, watched."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send, most: int) -> None:
        super().__init__(scope, receive, send)
        self._most = most
        no_body = self.headers.get("content-length", "0") == "0" and "transfer-encoding" not in self.headers
        self._whole = no_body
        self._ended = False
        self._waiting: asyncio.Timeout | None = None

    def rate(self) -> float:
        """Return the mean bytes of the body a second so far."""
        return self.taken / max(1e-3, time.monotonic() - self.began)

    def is_slow(self) -> bool:
        """Whether others should not wait for the body."""
        return time.monotonic() - self.began > PATIENT_SECONDS and self.rate() < SLOW_RATE

    def end(self) -> None:
        """Refuse the rest of the body."""
        self._ended = True
        if self._waiting is not None:
            self._waiting.reschedule(0.0)

    async def receive(self) -> Message:
        """Return the next part of the request; raises `TooSlow` and `TooLarge`."""
        if self._whole:
            return await self._receive()
        left = self.began + min(BODY_SECONDS, UPLOAD_SECONDS + self.taken / UPLOAD_RATE) - time.monotonic()
        try:
            async with asyncio.timeout(0.0 if self._ended else left) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._waiting = None
        self.taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self.taken > self._most or self._scope.get(WIRE, 0) > HEAD_BYTES + (1 + FRAMING) * self._most:
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with what every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = self._own_headers()
            if not self._whole:
                own.append((b"connection", b"close"))
            message["headers"] = [*message.get("headers", []), *own]
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if last and not self._whole and not self._ended and "expect" not in self.headers:
            # Closing on a sender makes its machine throw away our answer: take in a bit more first.
            await self._send({**message, "more_body": True})
            await self._drain()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while (await self._receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass


def problem(status: int, sentence: str, request_id: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer to a request that is refused or went wrong."""
    error = {"status": status, "message": sentence, "request_id": request_id}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def too_large(settings: Settings) -> str:
    """Return the sentence for a body beyond the limit."""
    return f"a request may hold {settings.max_bytes / 2**20:g} MB at most"


def out_of_means(error: OSError | MemoryError) -> tuple[int, str]:
    """Return status and sentence for what this machine, and no client, lacks."""
    return (507, DISK_FULL) if isinstance(error, OSError) and error.errno in FULL else (503, OUT_OF_MEANS)
