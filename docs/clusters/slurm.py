"""Runs the pipeline on nodes that SLURM gives: ``python docs/clusters/slurm.py [COMMAND ...]``, on a login node.

Dask's jobqueue submits the workers as jobs, more while there is work for them and fewer when there is not. The project
and its environment lie on a file system that all nodes see. COMMAND is ``dvc repro`` unless another one is given; its
exit code is this one's. What the site wants (partition, account) stands in ``~/.config/dask/jobqueue.yaml``.
"""

import os
import subprocess
import sys

from dask_jobqueue import SLURMCluster

PROCESSES, MOST_JOBS = 4, 16  # of a job, each of one thread; of jobs at a time


def main() -> int:
    """Start the scheduler here, let workers come and go, run the command."""
    options = {"cores": PROCESSES, "processes": PROCESSES, "memory": "8GB", "walltime": "02:00:00"}
    with SLURMCluster(**options, python=sys.executable) as cluster:
        cluster.adapt(minimum_jobs=1, maximum_jobs=MOST_JOBS)
        executor = cluster.scheduler_address.replace("tcp://", "dask://").replace("tls://", "dask+tls://")
        environment = {**os.environ, "BONAFIDE_EXECUTOR": executor}
        return subprocess.run(sys.argv[1:] or ["dvc", "repro"], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
