"""Places among those who work and wait for a worker, and whose turn it is where there are too few."""

import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bonafide.web.shares import share_of

SMOOTHING = 0.1  # of the mean time of a recording, for Retry-After
MOST_TOLD = 10  # seconds after which to come back; the turn is kept if it is not there yet
LATE_SECONDS = 20.0  # beyond these, in which an address may still come, and its body with it
MOST_TURNS = 1024  # addresses that are remembered


class Busy(Exception):  # noqa: N818 - not a fault
    """All workers work and the queue is full; `seconds` later there may be room."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the service is busy: try again in {seconds} s")
        self.seconds = seconds


class Turns:
    """The addresses that were told to come back, in the order in which they first were.

    An address has one, for one request, so that there is nothing to gain by many; one that nobody takes ends. It is
    remembered, and nothing more: no connection, body or worker waits for it.
    """

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}  # in the order of coming; an end that moves keeps its place

    def before(self, address: str) -> int:
        """Return how many have their turn before one more request of `address`."""
        now = time.monotonic()
        self._ends = {each: end for each, end in self._ends.items() if end > now}
        addresses = list(self._ends)
        return addresses.index(address) if address in self._ends else len(addresses)

    def give(self, address: str, seconds: int) -> None:
        """Remember that `address` was told to come back after `seconds`."""
        if address in self._ends or len(self._ends) < MOST_TURNS:
            self._ends[address] = time.monotonic() + seconds + LATE_SECONDS

    def end(self, address: str) -> None:
        """Forget the turn of `address`: it is in."""
        self._ends.pop(address, None)


class Tickets:
    """So many requests at a time.

    Parameters
    ----------
    size : int
        How many are worked on.
    queue : int
        How many may wait beside them.
    """

    def __init__(self, size: int, queue: int) -> None:
        self._size, self._places = size, size + queue
        self._held: Counter[str] = Counter()  # by the address they come from
        self.turns = Turns()
        self._mean = 0.5  # seconds a recording

    @property
    def held(self) -> int:
        """Requests that are worked on or wait."""
        return self._held.total()

    @property
    def waiting(self) -> int:
        """Requests beyond the number of workers."""
        return max(0, self.held - self._size)

    def refuse_when_full(self, address: str) -> None:
        """Raise `Busy` where there is no room for one more request of `address`, in all or in its share.

        Where others are there, its share is what each of them gets if all get the same. Places that become free are
        for those who were told to come back, in their order; others get what is beyond, or any while a worker is idle.
        """
        others = len(self._held.keys() - {address})
        if self._held[address] >= min(share_of(self._places), math.ceil(self._places / (others + 1))):
            raise Busy(self._seconds_for(self.waiting + 1))
        free, before = self._places - self.held, self.turns.before(address)
        if free <= 0 or (free <= before and self.held >= self._size):
            seconds = self._seconds_for(before + 1 - free)
            self.turns.give(address, seconds)
            raise Busy(seconds)

    @asynccontextmanager
    async def ticket(self, address: str) -> AsyncIterator[None]:
        """Hold a place among those who work and wait; raises `Busy` where there is none."""
        self.refuse_when_full(address)
        self.turns.end(address)
        self._held[address] += 1
        try:
            yield
        finally:
            self._held[address] -= 1
            self._held += Counter()  # forgets addresses that have none

    def took(self, seconds: float) -> None:
        """Learn how long a recording took."""
        self._mean += SMOOTHING * (seconds - self._mean)

    def _seconds_for(self, recordings: int) -> int:
        return min(MOST_TOLD, max(1, math.ceil(self._mean * recordings / self._size)))
