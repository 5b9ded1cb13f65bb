"""`bonafide detect --out` on a Dask cluster: the same rows as on one machine, whatever becomes of its workers."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from bonafide.commands import cluster_detection
from bonafide.commands.cluster_detection import MOST, Answer, on_cluster
from bonafide.commands.detect import _written
from bonafide.detection import many
from bonafide.detection.many import Asked
from bonafide.detection.results import Result
from bonafide.errors import UserError
from bonafide.pipeline.cluster import Cluster

from ..dask_cluster import DaskCluster
from ..unit.pipeline.test_cluster import kill_when_at_work

COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()", "detect"]
RATE = 16000
SILENT = Result.refused("the recording is silent", seconds=1.0)


@pytest.fixture
def folder(small_corpus, tmp_path, monkeypatch):
    """Real clips under relative names, of which one cannot be read."""
    for label in ("human", "ai"):
        shutil.copytree(small_corpus / label, tmp_path / "project" / "recordings" / label)
    (tmp_path / "project" / "recordings" / "broken.wav").write_text("no recording")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def detect(*arguments, executor=""):
    environment = {**os.environ, "BONAFIDE_EXECUTOR": executor}
    return subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=300)


def rows_of(name):
    with Path(name).open(newline="") as file:
        return sorted(csv.reader(file))


@pytest.mark.slow
def test_with_a_worker_killed_in_the_middle_the_rows_are_those_of_one_machine(folder, tmp_path):
    assert detect("recordings", "--out", "here.csv").returncode == 1  # one cannot be read
    with DaskCluster(tmp_path / "dask", threads=(1, 1)) as one:
        one.wait_for(2)
        killed = []
        killer = threading.Thread(target=kill_when_at_work, args=(one, one.workers[0], killed))
        killer.start()
        ran = detect("recordings", "--out", "cluster.csv", executor=one.address)
        killer.join()
    assert (ran.returncode, ran.stdout, len(killed)) == (1, "", 1), ran.stderr
    assert rows_of("cluster.csv") == rows_of("here.csv")
    assert len(rows_of("cluster.csv")) == 1 + sum(path.is_file() for path in Path("recordings").rglob("*"))


@pytest.mark.slow
def test_interrupted_in_the_middle_it_goes_on_where_it_was(folder, tmp_path):
    with DaskCluster(tmp_path / "dask", threads=(1,)) as one:
        one.wait_for(1)
        environment = {**os.environ, "BONAFIDE_EXECUTOR": one.address}
        command = [*COMMAND, "recordings", "--out", "t.csv"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            table = Path("t.csv")
            while not table.exists() or table.read_bytes().count(b"\n") < 3:
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
            assert process.stderr.read().endswith("interrupted; a new run goes on from what is done\n")
        before = table.read_bytes()
        assert detect("recordings", "--out", "t.csv", "--resume", executor=one.address).returncode == 1
    assert table.read_bytes().startswith(before[: before.rindex(b"\n") + 1])  # judged once
    files = {str(path) for path in Path("recordings").rglob("*") if path.is_file()}
    rows = rows_of("t.csv")
    assert len(before.splitlines()) < len(rows) == len(files) + 1
    assert {row[0] for row in rows} == files | {"path"}


class StandIn(Cluster):
    """A cluster with one worker, which is this process and answers by `answer`."""

    ahead = 4

    def __init__(self, answer):
        self.answer = answer

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(self.answer(function, *arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def watch(self):
        pass


@pytest.fixture
def judge(tmp_path, monkeypatch, detector):
    """Judge paths on a cluster whose worker answers by a function."""
    pytest.importorskip("distributed", reason="needs Dask: pip install -e '.[cluster]'")
    monkeypatch.chdir(tmp_path)
    cluster_detection._detector.cache_clear()

    def judge(paths, answer, total=1000):
        @contextmanager
        def executor():
            yield StandIn(answer)

        monkeypatch.setattr(cluster_detection, "executor", executor)
        return on_cluster(detector, paths, total, Asked(), lambda: None)

    return judge


def test_what_workers_die_of_is_judged_here_and_costs_itself_alone(judge, detector, speech, tmp_path, monkeypatch):
    from distributed import KilledWorker

    names = [Path(f"{number}.wav") for number in range(3)]
    for name in names:
        soundfile.write(name, speech[: 2 * RATE], RATE)
    (tmp_path / "deadly.py").write_text(
        "import os\nfrom bonafide.detection import many\n"
        "def in_worker(path, asked):\n"
        "    return os.abort() if path.stem == '1' else many._predict(many._WORKER['detector'], path, asked)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)  # of the processes that judge as well
    monkeypatch.setattr(many, "_in_worker", __import__("deadly").in_worker)

    def answer(function, question, batch):
        if any(path.stem == "1" for path in batch):
            raise KilledWorker("judged", None, 3)
        return function(question, batch)

    results = dict(judge(names, answer, total=4))
    assert results[names[1]].reason == many.CRASHED
    assert results[names[0]] == results[names[2]] == detector.predict(names[0])


def test_a_file_that_a_worker_cannot_read_is_no_row_but_a_sentence(judge, speech):
    blind = lambda function, question, batch: Answer("node7", (None,) * len(batch))  # noqa: E731
    missing = Path("missing.wav")
    assert list(judge([missing], blind)) == [(missing, Result.missing(missing))]
    soundfile.write("there.wav", speech[: 2 * RATE], RATE)
    with pytest.raises(UserError, match=r"worker on node7 cannot read there\.wav, which this machine can: mount"):
        list(judge([Path("there.wav")], blind))


def test_few_batches_are_in_hand_however_many_recordings_there_are(judge):
    taken = []

    def paths():
        for number in range(2000):
            taken.append(number)
            yield Path(f"{number}.wav")

    sizes = []

    def answer(function, question, batch):
        sizes.append(len(batch))
        return Answer("here", (SILENT,) * len(batch))

    most = 0
    for done, _ in enumerate(judge(paths(), answer), 1):
        most = max(most, len(taken) - done)
    assert (done, set(sizes)) == (2000, {MOST})
    assert most < (StandIn.ahead + 1) * MOST
    sizes.clear()
    assert len(list(judge([Path(f"{number}.wav") for number in range(9)], answer, total=9))) == 9
    assert sizes == [2, 2, 2, 2, 1]  # so that all workers have some


def test_a_cluster_is_let_go_before_a_failure_is_told():
    """Not when the process ends: the threads that close a connection are gone by then."""
    ended = []

    def judge(paths, total, line):
        try:
            yield "a.wav", SILENT
        finally:
            ended.append(True)

    class Full:
        def write(self, name, result):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left") as failure:  # its traceback holds on to what is under way
        _written(Full(), [__file__], judge)
    assert ended, failure


def test_processes_of_this_machine_and_a_cluster_are_not_asked_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = detect("a.wav", "--out", "t.csv", "--jobs", "2", executor="dask://127.0.0.1:1")
    assert (ran.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "BONAFIDE_EXECUTOR" in ran.stderr
