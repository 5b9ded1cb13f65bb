"""Processes that work for this one."""

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial


def spawned_pool(n: int, start: Callable[..., object] | None = None, *arguments: object) -> ProcessPoolExecutor:
    """Return a pool of `n` processes, each of which calls ``start(*arguments)`` first.

    Spawned, as a fork would copy the locks of other threads in whatever state they are. Ctrl-C, which reaches the
    whole process group, leaves them alone: what is being made gets done, and the parent acts on it.
    """
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(n, mp_context=spawn, initializer=partial(_start, start, arguments))


def _start(start: Callable[..., object] | None, arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if start is not None:
        start(*arguments)
