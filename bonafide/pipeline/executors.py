"""Who does the work: the cores of this machine, or a Dask cluster over a shared path.

Neither is a setting of params.yaml, since neither may change a result.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from threadpoolctl import threadpool_limits

from bonafide.errors import UserError
from bonafide.pipeline.cluster import SCHEMES, WATCH_SECONDS, Cluster, connected
from bonafide.processes import spawned_pool

CLUSTER = "BONAFIDE_EXECUTOR"
AHEAD = 4  # tasks a worker that are in hand at a time
_ALONE = threading.Lock()

Task = TypeVar("Task")
Result = TypeVar("Result")


def workers() -> int:
    """Return how many processes work at a time: BONAFIDE_WORKERS, or all cores."""
    setting = os.environ.get("BONAFIDE_WORKERS", "")
    if setting and not (setting.isdigit() and int(setting) > 0):
        raise UserError(f"BONAFIDE_WORKERS must be a whole number from 1 on, not '{setting}'")
    return int(setting) if setting else os.cpu_count() or 1


@contextmanager
def executor() -> Iterator[Executor]:
    """Yield the executor that BONAFIDE_EXECUTOR names: empty for processes here, else a Dask cluster.

    That is ``dask://host:port``, or ``dask+tls://host:port``.
    """
    address = os.environ.get(CLUSTER, "")
    if not address:
        pool = spawned_pool(workers())
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
    elif address.startswith(tuple(SCHEMES)):
        with connected(address) as cluster:
            yield cluster
    else:
        raise UserError(f"{CLUSTER} must be empty or dask://host:port, not '{address}'")


def run_all(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, rescue: Callable[[Task], Result] | None = None
) -> Iterator[Result]:
    """Yield `function` of each of `tasks` as it gets done, in no set order.

    Every call runs on one thread: sums over several threads round differently, and a feature would depend on
    how many cores computed it. Relative paths mean the same in every worker as they do here. One task alone is done
    here, which spares the start of a process, unless it needs a `rescue`.

    Parameters
    ----------
    function : callable
        A module's own, or a `functools.partial` of one.
    tasks : iterable
        Few are handed out at a time, so that neither these nor their results pile up.
    rescue : callable, optional
        Called here, in place of `function`, with each task that was in hand when a process died.

    Raises
    ------
    UserError
        When a process dies and there is no `rescue`.
    """
    call, waiting, lost = partial(_on_one_thread, function, folder=Path.cwd()), iter(tasks), list[Task]()
    first = list(islice(waiting, 2))
    if len(first) < 2 and rescue is None and not os.environ.get(CLUSTER):
        yield from map(call, first)
        return
    waiting = chain(first, waiting)
    while True:
        with executor() as pool:
            yield from _handed_out(pool, call, waiting, lost)
        if not lost:
            return
        if rescue is None:
            raise UserError("a process that did some of the work died, killed perhaps for lack of memory: run it again")
        yield from map(rescue, lost)
        lost.clear()


def run_alone(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result | None]:
    """Yield `function` of each of `tasks`, one at a time in a process of its own; None where that process died."""
    call = partial(_on_one_thread, function, folder=Path.cwd())
    pool = spawned_pool(1)
    try:
        for task in tasks:
            try:
                yield pool.submit(call, task).result()
            except BrokenProcessPool:
                pool.shutdown()
                pool = spawned_pool(1)
                yield None
    finally:
        pool.shutdown(cancel_futures=True)


def _handed_out(
    pool: Executor, call: Callable[[Task], Result], waiting: Iterator[Task], lost: list[Task]
) -> Iterator[Result]:
    """Yield what `pool` makes of the tasks `waiting`; those in hand when one of its processes died go to `lost`."""
    running: dict[Future[Result], Task] = {}
    cluster = pool if isinstance(pool, Cluster) else None
    while not lost:
        ahead = cluster.ahead if cluster else AHEAD * workers()
        for task in islice(waiting, max(0, ahead - len(running))):
            try:
                running[pool.submit(call, task)] = task
            except BrokenProcessPool:
                lost.append(task)
                break
        if not running:
            return
        for future in wait(running, WATCH_SECONDS if cluster else None, FIRST_COMPLETED).done:
            task = running.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                lost.append(task)
            else:
                yield result
        if cluster:
            cluster.watch()
    lost += running.values()


def _on_one_thread(function: Callable[[Task], Result], task: Task, folder: Path) -> Result:
    # A Dask worker may run several tasks in one process, and they would share the limit, the folder and the
    # global random numbers that audiomentations draws from.
    with _ALONE, threadpool_limits(1):
        os.chdir(folder)
        return function(task)
