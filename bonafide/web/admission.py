"""How a request gets in: a place for its body, then one among those who work and wait, while its client is there."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from starlette.datastructures import State
from starlette.requests import ClientDisconnect, Request

from bonafide.detection.verdicts import Cut, cut_of
from bonafide.errors import UserError
from bonafide.web.tickets import Busy
from bonafide.web.uploads import BadUpload, Body, received

LOOKS, LOOK_SECONDS = 8, 0.2  # for a place for an upload: for longer than slow ones need to show that they are
Anything = TypeVar("Anything")


@asynccontextmanager
async def taken_in(request: Request) -> AsyncIterator[Body]:
    """Yield the body of `request`, with a place among those who work and wait for a worker."""
    tickets, address = request.app.state.pool.tickets, request.scope["state"]["exchange"].address
    tickets.refuse_when_full(address)  # before a body is taken in for nothing
    async with AsyncExitStack() as stack:
        async with place(request):
            body = await stack.enter_async_context(received(request))
        async with tickets.ticket(address):
            yield body


@asynccontextmanager
async def place(request: Request) -> AsyncIterator[None]:
    """Hold a place among the uploads, in which a body comes in."""
    state, upload = request.app.state, request.scope["state"]["exchange"]
    for _ in range(LOOKS):
        if state.uploads.has_room(upload.address):
            break
        await asyncio.sleep(LOOK_SECONDS)
    else:
        raise Busy(1)
    with state.uploads.holding(upload):
        yield


def cut_asked(state: State, threshold: str) -> Cut:
    """Return the cut that `threshold` names; raises `BadUpload` where it names none."""
    try:
        return cut_of(state.pool.model["thresholds"], state.pool.model["band"], threshold)
    except UserError as error:
        raise BadUpload(422, str(error)) from None


async def while_there(request: Request, work: Coroutine[Any, Any, Anything]) -> Anything:
    """Return what `work` does; it ends where the client leaves before."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
