"""The files of docs/clusters: they run where a scheduler of jobs or SSH is stood in for, and name what is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ...team.servers import sshd

ROOT = Path(__file__).parents[3]
FILES = ROOT / "docs" / "clusters"
CODE = "from bonafide.pipeline.executors import run_all; print(sorted(run_all(abs, [-3, -2])))"
COMMAND = [sys.executable, "-c", CODE]
SBATCH = """#!/bin/sh
# As SLURM's: takes the script of a job, starts it somewhere, and tells its number.
bash "$1" >"$HOME/job.log" 2>&1 &
echo "Submitted batch job $!"
"""


@pytest.mark.slow
def test_on_slurm_a_command_works_on_the_nodes_of_its_jobs(tmp_path):
    pytest.importorskip("dask_jobqueue", reason="needs dask-jobqueue: pip install dask-jobqueue")
    for name, script in (("sbatch", SBATCH), ("scancel", '#!/bin/sh\nkill "$@"\n')):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [sys.executable, FILES / "slurm.py", *COMMAND],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ran.returncode, ran.stdout) == (0, "[2, 3]\n"), ran.stderr
    assert "Dask: " in ran.stderr


@pytest.mark.slow
@pytest.mark.ssh
def test_by_ssh_a_command_works_on_the_machines_that_are_named(tmp_path):
    pytest.importorskip("asyncssh", reason="needs asyncssh: pip install asyncssh")
    with sshd(tmp_path / "server") as server:
        port = server.url.split(":")[2].partition("/")[0]
        (tmp_path / ".ssh").mkdir()
        key = (tmp_path / "server" / "host.pub").read_text()
        (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}")
        (tmp_path / ".ssh" / "config").write_text(
            f"Host *\n  Port {port}\n  User {server.options[1]}\n  IdentityFile {server.options[3]}\n"
        )
        ran = subprocess.run(
            [sys.executable, FILES / "ssh.py", "127.0.0.1", "127.0.0.1", "--", *COMMAND],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path), "BONAFIDE_WORKERS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert (ran.returncode, ran.stdout) == (0, "[2, 3]\n"), ran.stderr


@pytest.mark.parametrize("name", ["ssh.py", "slurm.py"])
def test_the_scripts_are_python(name):
    compile((FILES / name).read_text(), name, "exec")


def test_the_manifest_of_kubernetes_calls_dask_as_it_is_called():
    worker = pytest.importorskip("distributed.cli.dask_worker", reason="needs Dask: pip install -e '.[cluster]'")
    scheduler = pytest.importorskip("distributed.cli.dask_scheduler")
    cluster, job = yaml.safe_load_all((FILES / "kubernetes.yaml").read_text())
    service = cluster["spec"]["scheduler"]["service"]["ports"][0]["port"]
    address = job["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]
    assert address == f"dask://{cluster['metadata']['name']}-scheduler:{service}"
    for role, command in (("worker", worker.main), ("scheduler", scheduler.main)):
        args = cluster["spec"][role]["spec"]["containers"][0]["args"]
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        assert args[:2] == ["dask", role]
        assert {arg for arg in args if arg.startswith("--")} <= known
    folders = {
        pod["containers"][0]["workingDir"]
        for pod in (cluster["spec"]["worker"]["spec"], job["spec"]["template"]["spec"])
        if pod["containers"][0]["volumeMounts"][0]["mountPath"] == pod["containers"][0]["workingDir"]
    }
    assert len(folders) == 1  # one path on all
