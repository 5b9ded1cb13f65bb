"""Who was told to come back is in before those who came later, within a stated time: on a clock of the test's own."""

import asyncio
import heapq
from collections import deque
from contextlib import AsyncExitStack
from itertools import count

import pytest

from bonafide.web.tickets import LATE_SECONDS, MOST_TOLD, MOST_TURNS, Busy, Tickets

SIZE, QUEUE, SECONDS = 2, 4, 0.5  # workers, places beside them, and what a recording takes


class Day:
    """The places of a service, its workers and its clients, from event to event."""

    def __init__(self, monkeypatch):
        self.now, self._events, self._order = 0.0, [], count()
        self.tickets, self._idle, self._line = Tickets(SIZE, QUEUE), SIZE, deque()
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def at(self, seconds, deed, *arguments):
        heapq.heappush(self._events, (self.now + seconds, next(self._order), deed, arguments))

    def run(self, seconds):
        async def until():
            while self._events[0][0] < seconds:
                self.now, _, deed, arguments = heapq.heappop(self._events)
                await deed(*arguments)

        asyncio.run(until())

    async def work(self, ticket, then):
        """Let a worker have it as soon as one is idle; `then` comes after it."""
        if not self._idle:
            self._line.append((ticket, then))
            return
        self._idle -= 1
        self.at(SECONDS, self._done, ticket, then)

    async def _done(self, ticket, then):
        await ticket.__aexit__(None, None, None)
        self._idle += 1
        self.tickets.took(SECONDS)
        if self._line:
            await self.work(*self._line.popleft())
        await then()


class Client:
    """Asks again and again and comes back when it is told, or every `pause` seconds."""

    def __init__(self, day, address, upload=0.0, pause=None):
        self._day, self._address, self._upload, self._pause = day, address, upload, pause
        self._since, self._gaps = 0.0, []
        day.at(0.0, self._begin)

    def longest(self):
        """Return the longest time that it was without a place."""
        return max([*self._gaps, self._day.now - self._since])

    async def _begin(self):
        self._since = self._day.now
        await self._come()

    async def _come(self):
        try:
            self._day.tickets.refuse_when_full(self._address)
        except Busy as busy:
            self._day.at(self._pause or busy.seconds, self._come)
        else:
            self._day.at(self._upload, self._enter)

    async def _enter(self):
        ticket = self._day.tickets.ticket(self._address)
        try:
            await ticket.__aenter__()
        except Busy as busy:
            self._day.at(self._pause or busy.seconds, self._come)
        else:
            self._gaps.append(self._day.now - self._since)
            await self._day.work(ticket, self._begin)


class Hoarder(Client):
    """Comes back when it is told, and sends no body when it is let in."""

    async def _enter(self):
        self._day.at(1.0, self._come)


class Strangers:
    """A new address every `pause` seconds, which does not come back."""

    def __init__(self, day, pause):
        self._day, self._pause, self._number = day, pause, count()
        day.at(0.0, self._come)

    async def _come(self):
        self._day.at(self._pause, self._come)
        ticket = self._day.tickets.ticket(f"stranger {next(self._number)}")
        try:
            await ticket.__aenter__()
        except Busy:
            return
        await self._day.work(ticket, self._nothing)

    async def _nothing(self):
        pass


@pytest.mark.parametrize("upload", [0.0, 2.0])
def test_who_comes_back_when_it_is_told_is_in_after_a_turn_of_each_other_address(monkeypatch, upload):
    """However often others try: 8 of them do 10 times a second."""
    day = Day(monkeypatch)
    honest = [Client(day, f"honest {number}", upload) for number in range(24)]
    for number in range(8):
        Client(day, f"hasty {number}", pause=0.1)
    day.run(100)
    # A place is free for at most the second that the one on turn was told, and its upload.
    a_turn = max(SECONDS / SIZE, (1 + upload) / QUEUE)
    assert max(each.longest() for each in honest) <= (24 + 8 + SIZE + QUEUE) * a_turn


def strangers(day):
    """20 new addresses a second that are told to come back, and do not."""
    Strangers(day, 0.05)


def hoarders(day):
    """As many as there are places, who come back each time and send nothing: before the others they hold them once."""
    for number in range(SIZE + QUEUE):
        Hoarder(day, f"hoarder {number}")


@pytest.mark.parametrize("come", [strangers, hoarders])
def test_turns_end_that_nobody_takes_or_uses(monkeypatch, come):
    day = Day(monkeypatch)
    come(day)
    honest = [Client(day, f"honest {number}") for number in range(24)]
    day.run(100)
    assert max(each.longest() for each in honest) <= MOST_TOLD + LATE_SECONDS + (24 + SIZE + QUEUE) * SECONDS / SIZE


def test_turns_are_bounded(monkeypatch):
    """In number, and an address that has its share of places gets none."""
    day = Day(monkeypatch)
    for number in range(SIZE + QUEUE):
        Client(day, f"honest {number}")

    async def look():
        assert _refused(day.tickets, "honest 0")
        assert day.tickets.turns.before("new") == 0
        for number in range(MOST_TURNS + 100):
            assert _refused(day.tickets, f"stranger {number}")
        assert day.tickets.turns.before("new") == MOST_TURNS
        day.now += MOST_TOLD + LATE_SECONDS
        assert day.tickets.turns.before("new") == 0

    day.at(0.1, look)
    day.run(0.2)


def test_while_a_worker_is_idle_everybody_is_let_in(monkeypatch):
    """However many have a turn and are not there."""
    monkeypatch.setattr("time.monotonic", lambda: 0.0)

    async def look():
        tickets = Tickets(SIZE, QUEUE)
        async with AsyncExitStack() as stack:
            for number in range(SIZE + QUEUE):
                await stack.enter_async_context(tickets.ticket(f"first {number}"))
            for number in range(100):
                assert _refused(tickets, f"stranger {number}")
        async with AsyncExitStack() as stack:
            for number in range(SIZE):
                assert not _refused(tickets, "new")
                await stack.enter_async_context(tickets.ticket(f"other {number}"))
            assert _refused(tickets, "new")
            assert not _refused(tickets, "stranger 0")

    asyncio.run(look())


def _refused(tickets, address):
    try:
        tickets.refuse_when_full(address)
    except Busy:
        return True
    return False
