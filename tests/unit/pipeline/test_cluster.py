"""A cluster that makes the same bytes whatever becomes of its workers, and says what is wrong with it."""

import os
import re
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bonafide.errors import UserError
from bonafide.pipeline import cluster
from bonafide.pipeline.code_version import PACKAGE
from bonafide.pipeline.executors import executor, run_all

from ...dask_cluster import DaskCluster, free_port
from .test_executors import clips_and_copies

HERE = cluster.Expected(cluster.versions(), (), "secret")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder to work in."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("BONAFIDE_STORE", str(tmp_path / "store"))
    return tmp_path / "project"


def kill_when_at_work(one, victim, killed):
    """Kill the worker `victim` when it has a task in hand."""
    from distributed import Client

    with Client(one.place) as client:
        address = next(address for address, pid in client.run(os.getpid).items() if pid == victim.pid)
        while not client.processing().get(address):
            time.sleep(0.05)
        victim.kill()
        victim.wait()
        killed.append(address)


@pytest.mark.slow
def test_workers_are_asked_for_all_that_decodes_and_scores():
    assert {"av", "onnxruntime", "soundfile", "soxr"} <= HERE.versions.keys()


def test_with_a_worker_killed_in_the_middle_the_bytes_are_the_same(
    tiny_corpus, tmp_path, audio_settings, monkeypatch, capfd
):
    made = []
    monkeypatch.setenv("BONAFIDE_WORKERS", "1")
    monkeypatch.delenv("BONAFIDE_STORE", raising=False)
    monkeypatch.setattr(cluster, "WATCH_SECONDS", 0.1)
    with DaskCluster(tmp_path / "dask", threads=(1, 1)) as one:
        one.wait_for(2)
        killed = []
        killer = threading.Thread(target=kill_when_at_work, args=(one, one.workers[0], killed))
        for name, address in (("here", ""), ("cluster", one.address)):
            (tmp_path / name).mkdir()
            monkeypatch.chdir(tmp_path / name)
            monkeypatch.setenv("BONAFIDE_EXECUTOR", address)
            if address:
                killer.start()
            made.append(clips_and_copies(tiny_corpus, audio_settings))
        killer.join()
    assert killed
    assert made[0] == made[1]
    errors = capfd.readouterr().err
    assert "Dask: 2 workers, 2 threads\n" in errors.replace("\N{NO-BREAK SPACE}", " ")
    assert "Dask: 1 worker, 1 thread" in errors.replace("\N{NO-BREAK SPACE}", " ")
    assert not list(Path(".bonafide").glob("cluster-*"))


@pytest.mark.slow
def test_workers_of_another_version_are_named_before_any_work(project, tmp_path, monkeypatch):
    """One that has another soxr, one that has other code, and one that joins when the work has begun."""
    (tmp_path / "other" / "soxr-0.0.1.dist-info").mkdir(parents=True)
    (tmp_path / "other" / "soxr-0.0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: soxr\nVersion: 0.0.1\n"
    )
    monkeypatch.setattr(cluster, "WATCH_SECONDS", 0)
    with DaskCluster(tmp_path / "dask", threads=(1,)) as one:
        one.wait_for(1)
        monkeypatch.setenv("BONAFIDE_EXECUTOR", one.address)
        assert list(run_all(abs, [-1, -2])) in ([1, 2], [2, 1])
        with executor() as pool:
            one.add_worker(PYTHONPATH=with_path(tmp_path / "other"))
            one.wait_for(2)
            with pytest.raises(UserError, match=r"worker tcp://\S+ has soxr 0\.0\.1, and this machine has"):
                pool.watch()
        with pytest.raises(UserError, match=r"worker tcp://\S+ has soxr 0\.0\.1"):
            list(run_all(abs, [1]))


@pytest.mark.slow
def test_a_worker_with_other_code_is_named(project, tmp_path, monkeypatch):
    shutil.copytree(PACKAGE, tmp_path / "other" / "bonafide", ignore=shutil.ignore_patterns("weights", "__pycache__"))
    with (tmp_path / "other" / "bonafide" / "text.py").open("a") as file:
        file.write("# another version\n")
    with DaskCluster(tmp_path / "dask", threads=()) as one:
        one.add_worker(PYTHONPATH=with_path(tmp_path / "other"))
        one.wait_for(1)
        monkeypatch.setenv("BONAFIDE_EXECUTOR", one.address)
        with pytest.raises(UserError, match=r"has Bonafide's code [0-9a-f]{12}, and this machine has"):
            list(run_all(abs, [1]))
        one.workers[0].kill()


def with_path(folder):
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_said(project, tmp_path, monkeypatch):
    """A task that kills its workers, all workers gone, the scheduler gone."""
    monkeypatch.setattr(cluster, "NONE_SECONDS", 1.0)
    with DaskCluster(tmp_path / "dask", threads=(1,), DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as one:
        one.wait_for(1)
        monkeypatch.setenv("BONAFIDE_EXECUTOR", one.address)
        with pytest.raises(UserError, match="1 workers died on one task"):
            list(run_all(os._exit, [1]))
        one.workers[0].wait()
        one.add_worker()
        one.wait_for(1)
        later = threading.Timer(2, one.workers[1].kill)
        later.start()
        with pytest.raises(UserError, match=r"no worker for 1 s|workers died"):
            list(run_all(time.sleep, [3.0]))
        one.add_worker()
        one.wait_for(1)
        threading.Timer(2, one.scheduler.kill).start()
        with pytest.raises(UserError, match=r"scheduler at tcp://.* went away"):
            list(run_all(time.sleep, [20.0]))


class Client:
    """Stands for Dask's, whose workers are what they are said to be."""

    def __init__(self):
        self.threads, self.problems = {}, {}

    def get_executor(self, retries):
        return None

    def nthreads(self):
        return dict(self.threads)

    def run(self, function, expected, workers, on_error):
        return {worker: self.problems.get(worker, "") for worker in workers}


def test_workers_that_come_and_go_are_told_and_one_that_dies_when_it_is_asked_is_no_reason_to_end(monkeypatch, capsys):
    monkeypatch.setattr(cluster, "WATCH_SECONDS", 0)
    client = Client()
    client.threads, client.problems = {"a": 2, "b": 1}, {"b": OSError("the stream is closed")}
    watched = cluster.Cluster(client, HERE)
    assert watched.ahead == 2 * cluster.AHEAD
    client.problems = {}
    watched.watch()
    assert watched.ahead == 3 * cluster.AHEAD
    client.threads = {"b": 1}
    watched.watch()
    lines = capsys.readouterr().err.replace("\N{NO-BREAK SPACE}", " ").splitlines()
    assert lines == [
        "Dask: 1 worker, 2 threads",
        "Dask: 2 workers, 3 threads",
        "Dask: 1 worker, 1 thread, 1 worker lost: what it had in hand is done again",
    ]
    for problem, why in (
        ("has numpy 0.1", "worker c has numpy 0.1"),
        (ImportError("cluster"), "another Bonafide, or none"),
    ):
        client.threads, client.problems = {"b": 1, "c": 1}, {"c": problem}
        with pytest.raises(UserError, match=why):
            watched.watch()
    monkeypatch.setattr(cluster, "NONE_SECONDS", -1.0)
    client.threads = {}
    with pytest.raises(UserError, match="has had no worker for"):
        watched.watch()


def test_without_a_worker_nobody_waits_for_ever(project, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "FIRST_SECONDS", 0.5)
    with DaskCluster(tmp_path / "dask", threads=()) as one:
        one.wait_for(0)
        monkeypatch.setenv("BONAFIDE_EXECUTOR", one.address)
        with pytest.raises(UserError, match=r"has had no worker for 0\.5 s: `dask worker tcp://"):
            list(run_all(abs, [1]))


def test_what_is_not_as_expected_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "SEEN_TRIES", 1)
    monkeypatch.setattr(cluster, "SEEN_SECONDS", 0)
    assert cluster.problem_of(HERE) == ""
    old = replace(HERE, versions={**HERE.versions, "numpy": "0.1"})
    assert re.fullmatch(r"has numpy \S+, and this machine has 0\.1: install the same .*", cluster.problem_of(old))
    with pytest.raises(UserError, match=r"the Dask worker on \S+ has numpy"):
        cluster.call_alike(replace(old, secret="of another cluster"), abs, -1)
    assert cluster.call_alike(HERE, abs, -1) == 1
    there = tmp_path / "shared" / "seen"
    assert cluster.problem_of(replace(HERE, files=(there,))) == (
        f"does not see {there.parent} of this machine: mount it there, under the same path"
    )
    there.parent.mkdir()
    there.write_text("another project's")
    assert "does not see" in cluster.problem_of(replace(HERE, files=(there,)))
    there.write_text("secret")
    assert cluster.problem_of(replace(HERE, files=(there,))) == ""


def certificates(home):
    """Make an authority and a certificate that it signed, by OpenSSL's command."""
    home.mkdir()
    key = ["-newkey", "rsa:2048", "-nodes"]
    run = [
        ["req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2"],
        ["req", *key, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=own"],
        ["x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "own.pem"],
    ]
    for each in run:
        subprocess.run(["openssl", *each], cwd=home, check=True, capture_output=True)
    return home


def tls(home):
    """Return Dask's configuration as docs/clusters.md has it, with the certificates in `home`."""
    text = (Path(__file__).parents[3] / "docs" / "clusters.md").read_text(encoding="utf-8")
    block = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    assert block.count("/etc/dask") == 7
    return yaml.safe_load(block.replace("/etc/dask", str(home)))


def leaves(settings, above=""):
    """Return nested settings by names with dots: Dask would put a nested one in the place of all beside it."""
    for name, value in settings.items():
        yield from leaves(value, f"{above}{name}.") if isinstance(value, dict) else [(above + name, value)]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_by_tls_those_work_together_whose_certificates_one_authority_signed(project, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="needs Dask: pip install -e '.[cluster]'")
    import dask

    right, wrong = certificates(tmp_path / "right"), certificates(tmp_path / "wrong")
    (right / "dask.yaml").write_text(yaml.safe_dump(tls(right)))
    with DaskCluster(tmp_path / "dask", threads=(1,), scheme="tls", DASK_CONFIG=str(right / "dask.yaml")) as one:
        monkeypatch.setenv("BONAFIDE_EXECUTOR", one.address)
        with dask.config.set(dict(leaves(tls(right)))):
            one.wait_for(1)
            assert list(run_all(abs, [-3])) == [3]
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2)
        for own, why in (({}, "no Dask scheduler answers"), (tls(wrong), "no Dask scheduler answers")):
            with dask.config.set(dict(leaves(own))), pytest.raises(UserError, match=why):
                list(run_all(abs, [-3]))
        monkeypatch.setenv("BONAFIDE_EXECUTOR", one.address.replace("+tls", ""))
        with pytest.raises(UserError, match="no Dask scheduler answers"):
            list(run_all(abs, [-3]))


def test_tls_without_a_certificate_is_said(monkeypatch):
    pytest.importorskip("distributed", reason="needs Dask: pip install -e '.[cluster]'")
    monkeypatch.setenv("BONAFIDE_EXECUTOR", f"dask+tls://127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match="no Dask scheduler answers at tls://127"), executor():
        pass
