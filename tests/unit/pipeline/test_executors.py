"""Who does the work changes nothing of the work."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from bonafide.clips.augmentation import AugmentedAudio, AugmentSettings, augment_part, augment_tasks
from bonafide.clips.preparation import prepare_part, prepare_tasks
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.errors import UserError
from bonafide.pipeline.executors import _on_one_thread, executor, run_all, workers
from bonafide.pipeline.parts import build

from ...dask_cluster import DaskCluster, free_port

CHAIN = ({"AddGaussianSNR": {"min_snr_db": 5.0, "max_snr_db": 30.0, "p": 1.0}}, {"SevenBandParametricEQ": {"p": 1.0}})
NOISE = AugmentSettings(copies=3, seed=1, chains=(CHAIN,))


@pytest.fixture(scope="module")
def dask_cluster(tmp_path_factory):
    """The address of a scheduler with two workers, of which one has two threads."""
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        cluster.wait_for(2)
        yield cluster.address


def clips_and_copies(root, settings):
    """Prepare and augment into the current folder, by relative paths as the stages do."""
    root = Path(os.path.relpath(root))
    clips, _ = settle([examine(root, known, settings) for known in read_folder(root)])
    build(prepare_part, settings, prepare_tasks(clips, root, 5), Path("clips"), what="")
    tasks = augment_tasks(Path("clips"), {row["clip"] for row in clips})
    build(augment_part, AugmentedAudio(NOISE, settings), tasks, Path("augmented"), what="")
    return {str(path): path.read_bytes() for out in ("clips", "augmented") for path in sorted(Path(out).iterdir())}


@pytest.mark.slow
def test_a_dask_cluster_makes_the_same_parts(tiny_corpus, tmp_path, audio_settings, monkeypatch, dask_cluster):
    made = []
    for name, address in (("here", ""), ("cluster", dask_cluster)):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        monkeypatch.delenv("BONAFIDE_STORE", raising=False)
        monkeypatch.setenv("BONAFIDE_WORKERS", "1")
        monkeypatch.setenv("BONAFIDE_EXECUTOR", address)
        made.append(clips_and_copies(tiny_corpus, audio_settings))
    assert made[0] == made[1]
    assert sum(name.startswith("augmented") for name in made[0]) >= 3


def test_a_dask_cluster_reports_what_fails(tmp_path, monkeypatch, dask_cluster):
    monkeypatch.setenv("BONAFIDE_EXECUTOR", dask_cluster)
    with pytest.raises(FileNotFoundError):
        list(run_all(os.stat, [tmp_path / "none"]))


def test_a_scheduler_that_is_not_there_is_said_soon(monkeypatch):
    pytest.importorskip("distributed", reason="needs Dask: pip install -e '.[cluster]'")
    monkeypatch.setattr("bonafide.pipeline.cluster.CONNECT_SECONDS", 0.5)
    monkeypatch.setenv("BONAFIDE_EXECUTOR", f"dask://127.0.0.1:{free_port()}")
    with pytest.raises(UserError, match="no Dask scheduler answers at tcp://127"), executor():
        pass


def test_without_dask_the_reason_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv("BONAFIDE_EXECUTOR", "dask://127.0.0.1:1")
    with pytest.raises(UserError, match="pip install"), executor():
        pass


def test_an_unknown_executor_is_refused(monkeypatch):
    monkeypatch.setenv("BONAFIDE_EXECUTOR", "spark://x")
    with pytest.raises(UserError, match="not 'spark://x'"), executor():
        pass


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, said):
    monkeypatch.setenv("BONAFIDE_WORKERS", said)
    with pytest.raises(UserError, match=f"not '{said}'"):
        workers()


def test_the_number_of_workers_is_that_of_the_cores_or_what_is_said(monkeypatch):
    monkeypatch.delenv("BONAFIDE_WORKERS", raising=False)
    assert workers() == os.cpu_count()
    monkeypatch.setenv("BONAFIDE_WORKERS", "3")
    assert workers() == 3


def test_all_tasks_are_done_once_and_an_error_comes_through(monkeypatch):
    monkeypatch.setenv("BONAFIDE_WORKERS", "2")
    assert sorted(run_all(abs, list(range(-20, 0)))) == list(range(1, 21))
    assert list(run_all(abs, [])) == []
    with pytest.raises(ZeroDivisionError):
        list(run_all(partial(divmod, 1), [1, 0]))


def test_a_task_has_one_thread(tmp_path):
    seen = _on_one_thread(lambda _: [library["num_threads"] for library in threadpool_info()], None, Path.cwd())
    assert seen
    assert set(seen) == {1}


def test_one_task_alone_needs_no_other_process_unless_it_may_die():
    here, task = str(os.getpid()), "/proc/self"
    assert list(run_all(os.readlink, [task])) == [here]
    assert here not in run_all(os.readlink, [task, task])
    assert here not in run_all(os.readlink, [task], rescue=os.readlink)
