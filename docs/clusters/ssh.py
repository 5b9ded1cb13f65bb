"""Runs the pipeline on machines that SSH reaches: ``python docs/clusters/ssh.py HOST HOST ... [-- COMMAND ...]``.

The first host runs Dask's scheduler, each of the others one worker a core. How they are reached stands in
``~/.ssh/config``. The project and its environment lie under one path on all of them. COMMAND is ``dvc repro`` unless
another one is given; its exit code is this one's.
"""

import os
import subprocess
import sys

from dask.distributed import SSHCluster


def main() -> int:
    """Start the cluster, run the command, end the cluster."""
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    hosts, command = sys.argv[1:end], sys.argv[end + 1 :] or ["dvc", "repro"]
    if len(hosts) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    options = {
        "worker_options": {"nthreads": 1, "n_workers": int(os.environ.get("BONAFIDE_WORKERS", "4"))},
        "remote_python": sys.executable,
    }
    with SSHCluster(hosts, **options) as cluster:
        executor = cluster.scheduler_address.replace("tcp://", "dask://").replace("tls://", "dask+tls://")
        environment = {**os.environ, "BONAFIDE_EXECUTOR": executor}
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
