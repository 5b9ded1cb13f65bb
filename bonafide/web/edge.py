"""What surrounds every request: its id, limits on its body, who may ask, safe headers, a log line and counters.

Plain ASGI, so that a limit acts while bytes arrive and not after them.
"""

import asyncio
import hmac
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.resources import files
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from bonafide.web import logs
from bonafide.web.metrics import Metrics
from bonafide.web.settings import Settings, is_loopback

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

UPLOAD_SECONDS = 20.0  # for any body, and one second more for each of:
UPLOAD_RATE = 16 * 1024  # bytes
DRAIN_SECONDS = 3.0  # of a refused body, so that its sender gets to read why
NO_TOKEN = "a token is needed: Authorization: Bearer TOKEN"
TOO_SLOW = "the upload was too slow"
GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PARTS = sorted(each.name for each in files("bonafide.web").iterdir() if each.name.endswith((".css", ".js")))
PAGE = {"/": "page.html", **{f"/{name}": name for name in PARTS}}
ROUTES = {*PAGE, "/metrics", *(f"/v1/{name}" for name in ("detect", "health", "model", "collect", "openapi.json"))}
OPEN = {*PAGE, "/v1/health"}  # hold no secret: the page asks for the token
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
    """The ASGI application around `app`."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._settings.max_bytes)
        try:
            await self._answer(scope, request)
        finally:
            self._note(scope, request)

    async def _answer(self, scope: MutableMapping[str, Any], request: "_Request") -> None:
        refusal = self._refusal(scope["path"], request.headers)
        try:
            if refusal is None:
                await self._app(scope, request.receive, request.send)
            else:
                await problem(*refusal, request.id)(scope, request.receive, request.send)
        except Exception as fault:  # a defect of ours: the client learns its id, the log what it was
            logs.LOGGER.error("fault", exc_info=fault, extra={"facts": {"id": request.id}})
            if not request.status:
                await problem(500, "the service has a defect; its log tells more", request.id)(
                    scope, request.receive, request.send
                )

    def _refusal(self, path: str, headers: Headers) -> tuple[int, str] | None:
        token = self._settings.token
        if not token and not is_loopback(_host(headers.get("host", ""))):
            # A page elsewhere could have its name point here, and then read the answers.
            return 421, "without a token this service answers to the names of its own machine alone"
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return 403, "other sites' pages may not use this service"
        if token and path not in OPEN:
            given = headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {token}".encode()):
                return 401, NO_TOKEN
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._settings.max_bytes:
            return 413, too_large(self._settings)
        return None

    def _note(self, scope: MutableMapping[str, Any], request: "_Request") -> None:
        seconds = time.monotonic() - request.began
        route = scope["path"] if scope["path"] in ROUTES else "other"  # what a client wrote may hold anything
        self._metrics.requests.labels(route, request.status).inc()
        self._metrics.received_bytes.inc(request.taken)
        self._metrics.request_seconds.labels(route).observe(seconds)
        facts = {"id": request.id, "method": scope["method"][:16], "route": route, "status": request.status}
        facts |= {"bytes": request.taken, "ms": round(1000 * seconds, 1)}
        logs.event("request", **facts, **scope.get("state", {}).get("noted", {}))


class _Request:
    """One request's channels, watched."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send, most: int) -> None:
        self.headers = Headers(scope=scope)
        given = self.headers.get("x-request-id", "")
        self.id = given if GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["id"] = self.id
        self.began = time.monotonic()
        self.status = 0
        self.taken = 0
        self._receive, self._send, self._most = receive, send, most
        no_body = self.headers.get("content-length", "0") == "0" and "transfer-encoding" not in self.headers
        self._whole = no_body

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        left = self.began + UPLOAD_SECONDS + self.taken / UPLOAD_RATE - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, left))
        except TimeoutError:
            raise TooSlow from None
        self.taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self.taken > self._most:
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [(b"x-request-id", self.id.encode()), *SAFE_HEADERS]
            if not self._whole:
                own.append((b"connection", b"close"))
            message["headers"] = [*message.get("headers", []), *own]
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if last and not self._whole and "expect" not in self.headers:
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


def _host(header: str) -> str:
    """Return the name in a Host header, without its port; `[::1]:80` and `::1` are told apart by the brackets."""
    return re.sub(r":\d*$", "", header.strip()).strip("[]") if not header.endswith("]") else header.strip("[]")
