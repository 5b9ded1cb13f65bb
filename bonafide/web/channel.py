"""What a worker answers, read from its end of a socket."""

import asyncio
import json
import socket
from typing import Any

MAX_ANSWER = 256 * 2**20  # bytes


class WorkerDied(Exception):  # noqa: N818
    """The process at the other end is gone."""


async def receive(channel: socket.socket) -> dict[str, Any]:
    """Return the next answer: JSON after its length in four bytes."""
    size = int.from_bytes(await _exactly(channel, 4), "big")
    if size > MAX_ANSWER:
        raise WorkerDied
    answer: dict[str, Any] = json.loads(await _exactly(channel, size))
    return answer


async def _exactly(channel: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    content = bytearray()
    while len(content) < size:
        part = await loop.sock_recv(channel, min(size - len(content), 2**20))
        if not part:
            raise WorkerDied
        content += part
    return bytes(content)
