"""Dask clusters of processes on this machine, for tests."""

import os
import socket
import subprocess
import sys
import time

import pytest


class DaskCluster:
    """A scheduler and workers, each a process in another folder than the tests'; ended with the block.

    Parameters
    ----------
    home : Path
        For logs.
    threads : sequence of int
        Of each worker.
    scheme : str
        ``"tcp"`` or ``"tls"``, with certificates of Dask's configuration in the environment.
    environment : mapping
        For all processes.
    """

    def __init__(self, home, threads=(1, 2), scheme="tcp", **environment):
        pytest.importorskip("distributed", reason="needs Dask: pip install -e '.[cluster]'")
        home.mkdir(parents=True, exist_ok=True)
        self._home, self._environment, self._scheme = home, environment, scheme
        self._processes, self.workers = [], []
        port = free_port()
        self.place = f"{scheme}://127.0.0.1:{port}"
        self.address = self.place.replace("tcp://", "dask://").replace("tls://", "dask+tls://")
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--protocol", scheme]
        self.scheduler = self._started("scheduler", *options)
        for n in threads:
            self.add_worker(n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes[::-1]:
            process.kill()  # Dask's own way out takes its time, and nothing here is worth it
            process.wait()

    def add_worker(self, threads=1, **environment):
        options = ["--no-dashboard", "--host", "127.0.0.1", "--no-nanny", "--nthreads", str(threads)]
        self.workers.append(self._started("worker", self.place, *options, **environment))

    def wait_for(self, count, seconds=60):
        """Return when the scheduler and as many workers are there."""
        from distributed import Client

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with Client(self.place, timeout=5) as client:
                    if count:
                        client.wait_for_workers(count, timeout=30)
                    return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"Dask did not start in {seconds} s")

    def _started(self, *command, **environment):
        number = len(self._processes)
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            cwd=self._home,
            stderr=(self._home / f"{number}.log").open("w"),
            env={**os.environ, **self._environment, **environment},
        )
        self._processes.append(process)
        return process


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
