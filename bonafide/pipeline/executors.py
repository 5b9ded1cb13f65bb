"""Who does the work: the cores of this machine, or a Dask cluster over a shared path.

Neither is a setting of params.yaml, since neither may change a result.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from bonafide.errors import UserError
from bonafide.processes import spawned_pool

CONNECT_SECONDS = 15
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
    """Yield the executor that BONAFIDE_EXECUTOR names: empty for processes here, ``dask://host:port``."""
    address = os.environ.get("BONAFIDE_EXECUTOR", "")
    if not address:
        pool = spawned_pool(workers())
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
    elif address.startswith("dask://"):
        with _dask_client("tcp://" + address.removeprefix("dask://")) as client:
            yield client.get_executor(retries=2)
    else:
        raise UserError(f"BONAFIDE_EXECUTOR must be empty or dask://host:port, not '{address}'")


def run_all(function: Callable[[Task], Result], tasks: list[Task]) -> Iterator[Result]:
    """Yield `function` of each of `tasks` as it gets done, in no set order.

    Every call runs on one thread: sums over several threads round differently, and a feature would depend on
    how many cores computed it. Relative paths mean the same in every worker as they do here.
    """
    with executor() as pool:
        here = Path.cwd()
        for future in as_completed([pool.submit(_on_one_thread, function, task, here) for task in tasks]):
            yield future.result()


def _on_one_thread(function: Callable[[Task], Result], task: Task, folder: Path) -> Result:
    # A Dask worker may run several tasks in one process, and they would share the limit, the folder and the
    # global random numbers that audiomentations draws from.
    with _ALONE, threadpool_limits(1):
        os.chdir(folder)
        return function(task)


def _dask_client(address: str) -> Any:  # noqa: ANN401 - only where distributed is installed
    try:
        from distributed import Client
    except ImportError:
        raise UserError("a Dask cluster needs: pip install 'bonafide[cluster]'") from None
    try:
        return Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise UserError(f"no Dask scheduler answers at {address} (BONAFIDE_EXECUTOR): {error}") from None
