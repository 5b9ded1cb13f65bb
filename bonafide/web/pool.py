"""The worker processes: one recording each at a time, killed when it takes too long, replaced when they die."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonafide.errors import UserError
from bonafide.web import logs
from bonafide.web.channel import WorkerDied, receive
from bonafide.web.tickets import Tickets

MEMORY = 768 * 2**20  # bytes of address space of a worker, some 200 MB of it libraries
START_SECONDS = 60.0  # for imports from a cold disk
DIED = "the process that worked on this recording ended unexpectedly; other requests are not affected"
LEFT_SECONDS = 5.0  # in which a worker leaves what nobody waits for any more; one that hangs is replaced
# What a worker is told of this process's environment: where Python and its libraries are, and the language.
PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")
OWN = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "PYTHONDONTWRITEBYTECODE": "1",  # it may write nothing
}


class Unanswered(Exception):  # noqa: N818 - said to the client as it is
    """A recording that got no result; `status` is the HTTP status, the message a sentence for the client."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Ask:
    """What is asked of one recording: its result, or what the corpus has to know of its sound.

    Of a message of one that is heard live: what `bonafide.web.slots.Order` says.
    """

    threshold: str | float = "balanced"
    evidence: bool = False
    channels: str = "each"
    for_corpus: bool = False
    live: dict[str, Any] | None = None


@dataclass
class _Worker:
    process: asyncio.subprocess.Process
    channel: socket.socket
    model: dict[str, Any]


class Pool:
    """Processes that decode and score.

    Parameters
    ----------
    size : int
        How many processes.
    queue : int
        How many requests may wait beside those that are being worked on.
    timeout : float
        Seconds for one recording.
    max_seconds : float
        Longest recording.
    model : Path or None
        The detector; None is the packaged one.
    lost : callable
        Told the cause ("crash", "time", "left": nobody waited any more) whenever a worker had to be replaced.
    """

    def __init__(
        self,
        *,
        size: int,
        queue: int,
        timeout: float,
        max_seconds: float,
        model: Path | None,
        lost: Callable[[str], None] = lambda cause: None,
    ) -> None:
        self.model: dict[str, Any] = {}
        self.confined: list[str] = []  # what holds of `bonafide.web.confinement`
        self.tickets = Tickets(size, queue)
        self._size, self._timeout, self._max_seconds = size, timeout, max_seconds
        path = None if model is None else str(model.absolute())
        self._orders = json.dumps({"memory": MEMORY, "model": path, "temporary": tempfile.gettempdir()})
        self._lost = lost
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers: dict[int, _Worker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> "Pool":
        """Start all workers; raises `UserError` where the model cannot be used."""
        try:
            for worker in await asyncio.gather(*(self._started() for _ in range(self._size))):
                self._take_in(worker)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all workers; none is in use any more."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in list(self._workers.values()):
            await self._end(worker)

    @property
    def idle(self) -> int:
        """Workers that wait."""
        return self._idle.qsize()

    def pids(self) -> list[int]:
        """Return the process ids of the workers."""
        return list(self._workers)

    async def ask(self, file: int, ask: Ask) -> dict[str, Any]:
        """Return the result of the recording in the open file descriptor `file`; hold one of `tickets`.

        Raises
        ------
        Unanswered
            When the recording breaks a limit, takes too long or takes the worker down.
        """
        worker = await self._given(file, ask)
        began = time.monotonic()
        receiving = asyncio.ensure_future(receive(worker.channel))
        try:
            answer = await asyncio.wait_for(asyncio.shield(receiving), self._timeout)
        except TimeoutError:
            receiving.cancel()
            self._replace(worker, "time")
            raise Unanswered(504, too_slow(self._timeout)) from None
        except (WorkerDied, OSError):
            self._replace(worker, "crash")
            raise Unanswered(500, DIED) from None
        except BaseException:  # nobody waits for it any more
            self._in_background(self._abandoned(worker, receiving))
            raise
        self._idle.put_nowait(worker)
        self.tickets.took(time.monotonic() - began)
        if "refused" in answer:
            raise Unanswered(answer["status"], answer["refused"])
        if "fault" in answer:
            logs.event("fault in a worker", level=logging.ERROR, trace=answer["fault"])
            raise Unanswered(500, "the detector has a defect that this recording shows; the service's log tells more")
        result: dict[str, Any] = answer["result"]
        return result

    async def _given(self, file: int, ask: Ask) -> _Worker:
        """Hand the recording to an idle worker, passing over those that died while they were idle."""
        request = {**vars(ask), "timeout": self._timeout, "max_seconds": self._max_seconds}
        content = json.dumps(request).encode()
        while True:
            worker = await self._idle.get()
            try:
                # One request is under way at a time, so that this short message always fits the empty socket.
                socket.send_fds(worker.channel, [content], [file])
            except OSError:
                self._replace(worker, "crash")
                continue
            return worker

    async def _started(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        env = OWN | {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            # -P: a file of the working folder must not stand in for a module
            *(sys.executable, "-P", "-m", "bonafide.web.worker", self._orders),
            stdin=theirs.fileno(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,  # decoders print there what they find in files
            env=env,
            start_new_session=True,
        )
        theirs.close()
        worker = _Worker(process, ours, {})
        self._workers[process.pid] = worker
        try:
            hello = await asyncio.wait_for(receive(ours), START_SECONDS)
        except (WorkerDied, TimeoutError):
            await self._end(worker)
            raise UserError("a scoring process does not start: see whether `bonafide detect` works") from None
        if "error" in hello:
            await self._end(worker)
            raise UserError(hello["error"])
        worker.model, self.confined = hello["model"], hello["confined"]
        return worker

    def _take_in(self, worker: _Worker) -> None:
        self.model = worker.model
        self._idle.put_nowait(worker)

    def _replace(self, worker: _Worker, cause: str) -> None:
        self._lost(cause)
        self._in_background(self._replaced(worker))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _abandoned(self, worker: _Worker, receiving: asyncio.Future[dict[str, Any]]) -> None:
        """Let a worker leave what nobody waits for, or replace it where it does not."""
        try:
            worker.process.send_signal(signal.SIGUSR1)
            await asyncio.wait_for(receiving, LEFT_SECONDS)
        except (TimeoutError, WorkerDied, OSError):  # ProcessLookupError is one of the last
            self._replace(worker, "left")
        else:
            self._idle.put_nowait(worker)

    async def _replaced(self, worker: _Worker) -> None:
        await self._end(worker)
        pause = 1.0
        while not self._closed:
            try:
                self._take_in(await self._started())
                return
            except (UserError, OSError):  # the model is being replaced, memory is short: it may pass
                await asyncio.sleep(pause)
                pause = min(60.0, 2 * pause)

    async def _end(self, worker: _Worker) -> None:
        self._workers.pop(worker.process.pid, None)
        worker.channel.close()
        with suppress(ProcessLookupError):
            worker.process.kill()
        await worker.process.wait()


def too_slow(seconds: float) -> str:
    """Return the sentence for a recording that took longer than a time limit."""
    return f"the recording took longer to score than the {seconds:g} s that this service allows"
