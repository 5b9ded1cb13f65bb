"""Processes that work for this one."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.connection import wait

from bonafide.memory import keep_memory


def spawned_pool(n: int, start: Callable[..., object] | None = None, *arguments: object) -> ProcessPoolExecutor:
    """Return a pool of `n` processes, each of which calls ``start(*arguments)`` first.

    Spawned, as a fork would copy the locks of other threads in whatever state they are. Ctrl-C, which reaches the
    whole process group, leaves them alone: what is being made gets done, and the parent acts on it. They end with the
    parent, however that ends: what is killed cannot tell them, and they would wait for work for ever.
    """
    first = partial(start, *arguments) if start is not None else None
    return ProcessPoolExecutor(n, multiprocessing.get_context("spawn"), partial(_start, first))


def _start(first: Callable[[], object] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_memory()
    if first is not None:
        first()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
