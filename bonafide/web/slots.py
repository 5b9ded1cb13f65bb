"""The places of those who are listened to, and the one process that listens to all of them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from bonafide.errors import UserError
from bonafide.web.pool import Ask, Pool, Unanswered

LOST = "the process that listened ended unexpectedly: begin again"
NO_PROCESS = "the process that listens does not start: try again later"


@dataclass(frozen=True)
class Order:
    """What is asked of a message: how its samples lie, whether the recording begins or ends with it, and its slot."""

    rate: int
    encoding: str
    threshold: str | float
    slot: int = -1
    begins: bool = True
    ends: bool = False


class Slots:
    """Places for recordings that are heard while they come; the process starts with the first of them.

    Parameters
    ----------
    size : int
        At a time.
    pool : callable
        Makes a pool of one worker and `size` tickets.
    """

    def __init__(self, size: int, pool: Callable[[], Pool]) -> None:
        self._make = pool
        self._pool: Pool | None = None
        self._free = list(range(size))
        self._starting = asyncio.Lock()
        self.size = size

    async def __aenter__(self) -> "Slots":
        """Start nothing yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the process."""
        if self._pool is not None:
            await self._pool.__aexit__()

    @property
    def held(self) -> int:
        """Recordings that are listened to."""
        return self.size - len(self._free)

    @asynccontextmanager
    async def slot(self, address: str, order: Order) -> AsyncIterator["Slot"]:
        """Hold a place; raises `Busy` where there is none for `address`, and `Unanswered` where no process starts."""
        pool = await self._started()
        async with pool.tickets.ticket(address):
            number = self._free.pop()
            try:
                yield Slot(pool, replace(order, slot=number))
            finally:
                self._free.append(number)

    async def _started(self) -> Pool:
        async with self._starting:
            if self._pool is None:
                try:
                    self._pool = await self._make().__aenter__()
                except UserError:
                    raise Unanswered(503, NO_PROCESS) from None
            return self._pool


class Slot:
    """A place of one recording."""

    def __init__(self, pool: Pool, order: Order) -> None:
        self._pool, self._order = pool, order

    async def hear(self, samples: bytes, *, ends: bool) -> dict[str, Any]:
        """Return what `bonafide.web.hearing.heard` does of the next samples.

        Raises
        ------
        Unanswered
            When they cannot be heard, or the process is gone with what it had heard before.
        """
        order = replace(self._order, ends=ends)
        self._order = replace(order, begins=False)
        with tempfile.TemporaryFile() as file:
            file.write(samples)
            file.seek(0)
            answer = await self._pool.ask(file.fileno(), Ask(live=asdict(order)))
        if not answer:
            raise Unanswered(500, LOST)
        return answer
