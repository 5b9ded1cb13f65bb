"""The process that decodes by PyAV for another one, which `bonafide.audio.apart` speaks for: it may crash.

It ends when its standard input does, which is when the other process ends, however that ends.
"""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from bonafide.audio.av_decoding import av_sound
from bonafide.audio.recording import UnusableError

STUCK_SECONDS = 120  # without a frame: a decoder that hangs ends with its process
MEMORY = 3 << 30  # bytes of address space: more than any sound needs, less than a hostile file may ask for


def main() -> None:
    """Answer until there are no more questions."""
    _limit()
    for line in iter(_lines().get, None):
        question = json.loads(line)
        _answer(Path(question["path"]), question["most_seconds"])
        sys.stdout.buffer.flush()


def _answer(path: Path, most_seconds: float | None) -> None:
    try:
        with _not_stuck():
            sound = av_sound(path)
        _say({"rate": sound.rate, "channels": sound.channels, "format": sound.format})
        left = round(most_seconds * sound.rate) if most_seconds is not None else sys.maxsize
        for block in _in_seconds(sound.blocks, sound.rate):
            some = np.ascontiguousarray(block[:left], np.float32)
            _say({"block": len(some)})
            sys.stdout.buffer.write(some.tobytes())
            left -= len(some)
            if left <= 0:
                break
        _say({"notes": sound.notes, "until": sound.until})
    except (UnusableError, MemoryError) as error:
        _say({"unusable": str(error) or _why(error)})


def _why(error: Exception) -> str:
    return "it needs more memory to decode than sound does" if isinstance(error, MemoryError) else ""


def _in_seconds(blocks: Iterator[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """Yield blocks of a second or more, as frames are too small to send one by one."""
    waiting, size = list[np.ndarray](), 0
    while True:
        with _not_stuck():
            block = next(blocks, None)
        if block is not None:
            waiting.append(block)
            size += len(block)
        if waiting and (block is None or size >= rate):
            yield np.concatenate(waiting)
            waiting, size = [], 0
        if block is None:
            return


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")


def _lines() -> "queue.Queue[bytes | None]":
    """Return a queue of what comes by standard input; where that ends, so does the process, whatever it is at."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


@contextmanager
def _not_stuck() -> Iterator[None]:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, STUCK_SECONDS)
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def _limit() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent acts on it
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main()
