"""Runs the service until it is told to end."""

import asyncio
import logging
import os
import resource
import signal
import socket
import ssl
import sys
from dataclasses import replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from bonafide import __version__
from bonafide.detection.choice import choice_of
from bonafide.errors import UserError
from bonafide.web import logs
from bonafide.web.app import create_app
from bonafide.web.confinement import hide
from bonafide.web.live import MOST_BYTES
from bonafide.web.metrics import Metrics
from bonafide.web.patience import MOST_CONNECTIONS, PatientProtocol
from bonafide.web.pool import Pool
from bonafide.web.settings import Settings, tls_of
from bonafide.web.slots import Slots

MOST_FILES = 16384  # that may be open: each connection is one, and each recording on its way
KEEP_ALIVE = 10  # seconds
GRACE = 10.0  # seconds beyond a recording's time limit in which answers under way are finished
ENDING_SECONDS = 3.0  # in which bodies may still come in


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; what is under way then is still answered.

    Raises
    ------
    UserError
        When the address cannot be had or the model cannot be used.
    """
    os.umask(0o077)
    logs.set_up()
    _allow_files()
    hide()
    tls = tls_of(settings)
    choice = choice_of(settings.model)
    chosen = replace(settings, model=None if choice.model is None else Path(choice.name))
    with _listening(settings) as listener, choice.explained():
        asyncio.run(_serve(chosen, listener, tls))


async def _serve(settings: Settings, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
    # uvicorn takes both signals while it serves and raises them again at its end, when there is nothing left to do.
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: loop.call_soon_threadsafe(ended.set))
    metrics = Metrics()

    def lost(cause: str) -> None:
        metrics.worker_restarts.labels(cause).inc()
        logs.event("worker replaced", level=logging.WARNING, cause=cause)

    def pool_of(size: int, queue: int) -> Pool:
        limits = {"timeout": settings.timeout, "max_seconds": settings.max_seconds}
        return Pool(size=size, queue=queue, **limits, model=settings.model, lost=lost)

    pool = pool_of(settings.workers, settings.queue)
    slots = Slots(settings.live, lambda: pool_of(1, settings.live - 1))
    metrics.watch(pool, slots)
    async with slots, pool:
        if ended.is_set():
            return
        server = _Server(_config(settings, create_app(settings, pool, slots, metrics), tls))
        _announce(settings, listener, pool)
        await server.serve(sockets=[listener])
    logs.event("ended")


class _Server(uvicorn.Server):
    """uvicorn's, which ends slow uploads soon after it was told to end, and not with the last answer."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        asyncio.get_running_loop().call_later(ENDING_SECONDS, self.config.app.state.uploads.end)  # type: ignore[union-attr]
        await super().shutdown(sockets)


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _config(settings: Settings, app: FastAPI, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="asyncio",
        http=PatientProtocol,
        ws="wsproto" if settings.live else "none",
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,  # a message would cost more than its size
        server_header=False,
        proxy_headers=False,
        limit_concurrency=4 * MOST_CONNECTIONS,  # `bonafide.web.patience` refuses before
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=round(settings.timeout + GRACE),
        ssl_context_factory=None if tls is None else lambda *_: tls,
    )


def _listening(settings: Settings) -> socket.socket:
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise UserError(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}): choose another --port"
        ) from None


def _announce(settings: Settings, listener: socket.socket, pool: Pool) -> None:
    host = f"[{settings.host.strip('[]')}]" if ":" in settings.host else settings.host
    url = f"http{'s' if settings.tls_cert else ''}://{host}:{listener.getsockname()[1]}/"
    facts = {"workers": settings.workers, "confined": pool.confined, "model": pool.model["name"]}
    logs.event("listening", url=url, version=__version__, **facts)
    if sys.stdout.isatty():
        print(f"Bonafide is at {url} (Ctrl-C ends it)", flush=True)
