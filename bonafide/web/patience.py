"""Connections that are not used: uvicorn would keep them forever, and with enough of them nobody else gets one.

A connection that says nothing, a request's head that never ends and an answer that nobody takes in are given up; a
new connection takes the place of an idle one where all are taken.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from bonafide.web.shares import address_of, rivals, share_of

HEAD_SECONDS = 10.0
STALL_SECONDS = 10.0  # within which a client takes in STALL_BYTES of its answer, or all of it
STALL_BYTES = 64 * 1024
MOST_CONNECTIONS = 512
WIRE = "wire"  # in a request's scope: the bytes that came for it, with head and framing


class PatientProtocol(H11Protocol):
    """uvicorn's protocol with time limits on a request's head and on the taking in of its answer.

    That on the request's body is `bonafide.web.edge`'s, which learns from here how much came over the wire.
    """

    address = ""  # where the client is
    _limit: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None
    _unsent = 0  # bytes when it was last looked
    _wire = 0
    _since = 0.0
    _is_call = False  # a WebSocket, which another protocol goes on with

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self.address = address_of(self.client[0] if self.client else "")
        self._since = self.loop.time()
        self._make_room()
        self._watch()
        self._looking = self.loop.call_later(STALL_SECONDS, self._look)

    def data_received(self, data: bytes) -> None:
        """Go on waiting, or stop where the head is whole; count what came."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not None:
            self._wire = len(data) if self.cycle is not before else self._wire + len(data)
            self.cycle.scope[WIRE] = self._wire  # type: ignore[literal-required] # uvicorn knows no such key
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave what follows to another protocol; a client that takes nothing in is still given up."""
        self._is_call = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        self._stop()
        if self._looking is not None:
            self._looking.cancel()

    @property
    def _idle(self) -> bool:
        return not self._is_call and (self.cycle is None or self.cycle.response_complete)

    def _make_room(self) -> None:
        """Give up the longest idle connection where there are too many; with none idle, uvicorn refuses this one."""
        if len(self.connections) <= share_of(MOST_CONNECTIONS):
            return
        others = [each for each in self.connections if isinstance(each, PatientProtocol) and each is not self]
        competing = rivals(others, self.address, MOST_CONNECTIONS)
        idle = [each for each in competing if each._idle]
        if idle:
            min(idle, key=lambda each: each._since).transport.abort()
        elif len(others) >= 2 * MOST_CONNECTIONS:
            self.transport.abort()
        elif competing:
            self.limit_concurrency = 0  # uvicorn answers its request with 503

    def _watch(self) -> None:
        if not self._idle:
            self._stop()
            self._since = self.loop.time()
        elif self._limit is None and not self.transport.is_closing():
            self._limit = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        self._limit = None
        if self._idle:
            self.transport.close()

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _look(self) -> None:
        """Give up a client that takes in too little of what is there for it."""
        if self.transport.is_closing():  # of a WebSocket the end is not told here
            return
        unsent = self.transport.get_write_buffer_size()
        if self._unsent and unsent > max(0, self._unsent - STALL_BYTES):
            self.transport.abort()
            return
        self._unsent = unsent
        self._looking = self.loop.call_later(STALL_SECONDS, self._look)
