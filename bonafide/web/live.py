"""/v1/live: a WebSocket that takes samples as they come and gives a verdict each second."""

import asyncio
import time
from typing import Any

from starlette.datastructures import State
from starlette.websockets import WebSocket, WebSocketDisconnect

from bonafide.audio.pcm import DTYPES, encoding_of
from bonafide.audio.recording import UnusableError
from bonafide.detection.streaming import refuse_implausible
from bonafide.errors import UserError
from bonafide.web import logs
from bonafide.web.admission import cut_asked
from bonafide.web.edge import out_of_means, problem
from bonafide.web.pool import Unanswered
from bonafide.web.slots import Order, Slot
from bonafide.web.tickets import Busy
from bonafide.web.uploads import BadUpload
from bonafide.web.worker import too_long

MOST_BYTES = 256 * 1024  # of a message
BEHIND_SECONDS = 30.0  # that sound may come later than it was said, before its place goes to others
AHEAD_SECONDS = 10.0  # that it may come earlier: what comes faster waits
REASON_BYTES = 123  # of a WebSocket's close frame
TOO_SLOW = f"no sound, or less than was said, came for {BEHIND_SECONDS:.0f} s"
TORN = "a message must hold whole samples"
NO_RATE = "say what the samples are: ?rate=16000, and &encoding=f32le where they are not s16le"


async def live(socket: WebSocket) -> None:
    """Listen to one recording: binary messages of samples of one channel, until a text message or the end.

    Each answer is a message of JSON: a result, with ``final`` whether it is the last, or an error.
    """
    state, exchange = socket.app.state, socket.scope["state"]["exchange"]
    try:
        order = _order(socket, state)
        async with state.slots.slot(exchange.address, order) as slot:
            await socket.accept()
            await _listen(socket, slot, order)
    except WebSocketDisconnect:
        return
    except Busy as busy:
        await _refuse(socket, 429, str(busy), {"Retry-After": str(busy.seconds)})
    except (BadUpload, Unanswered) as error:
        await _refuse(socket, error.status, str(error))
    except (OSError, MemoryError) as error:
        logs.fault("out of means", error)
        await _refuse(socket, *out_of_means(error))


def _order(socket: WebSocket, state: State) -> Order:
    query = socket.query_params
    threshold = query.get("threshold", "balanced")
    cut_asked(state, threshold)
    rate = query.get("rate", "")
    if not (rate.isdecimal() and rate.isascii() and len(rate) < 10):
        raise BadUpload(422, NO_RATE)
    try:
        refuse_implausible(int(rate), channels=1)
        return Order(int(rate), encoding_of(query.get("encoding", "s16le")), threshold)
    except (UserError, UnusableError) as error:
        raise BadUpload(422, str(error)) from None


async def _listen(socket: WebSocket, slot: Slot, order: Order) -> None:
    state, began, seconds = socket.app.state, time.monotonic(), 0.0
    size, most = int(DTYPES[order.encoding][-1]), state.settings.max_seconds
    while True:
        content = await _received(socket, began + seconds + BEHIND_SECONDS - time.monotonic())
        if content is not None and len(content) % size:
            raise BadUpload(422, TORN)
        ends = content is None or seconds + len(content) / size / order.rate > most
        answer = await slot.hear(content or b"", ends=ends)
        for update in answer["updates"]:
            await socket.send_json({"final": False, **update})
        seconds = answer["seconds"]
        socket.scope["state"]["noted"] = {"seconds": round(seconds, 1)}
        if ends:
            await _finish(socket, state, answer["final"])
            if content is not None:
                raise BadUpload(422, too_long(seconds, most))
            await socket.close()
            return
        await asyncio.sleep(seconds - (time.monotonic() - began) - AHEAD_SECONDS)


async def _received(socket: WebSocket, patience: float) -> bytes | None:
    """Return the next samples, None where a text ends them; raises `WebSocketDisconnect`, and `BadUpload` when late."""
    try:
        async with asyncio.timeout(patience):
            message = await socket.receive()
    except TimeoutError:
        raise BadUpload(408, TOO_SLOW) from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    content: bytes | None = message.get("bytes")
    return content


async def _finish(socket: WebSocket, state: State, result: dict[str, Any]) -> None:
    state.metrics.files.labels(result["verdict"]).inc()
    state.metrics.audio_seconds.inc(result["seconds"])
    await socket.send_json({"final": True, **result})


async def _refuse(socket: WebSocket, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
    """Say what is wrong: instead of taking the call, or as its last message."""
    response = problem(status, sentence, socket.scope["state"]["id"], headers)
    if socket.application_state.name == "CONNECTING":
        await socket.send_denial_response(response)
        return
    try:
        await socket.send_text(bytes(response.body).decode())
        reason = sentence.encode()[:REASON_BYTES].decode(errors="ignore")
        await socket.close(1011 if status >= 500 else 1008, reason)
    except WebSocketDisconnect:
        return
