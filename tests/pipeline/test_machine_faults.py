"""Faults of the machine, in the order of docs/faults.md: one sentence, nothing half-written, and then the same outs."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus.catalog import examine_all
from bonafide.corpus.readers.folder import read_folder
from bonafide.errors import UserError
from bonafide.files import sha256
from bonafide.pipeline import parts
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run

from .conftest import ROOT, Project
from .faulty import (
    check,
    content,
    damage,
    documented,
    fault_tests,
    objects_of,
    rows,
    started_anew,
    store_of,
    wait_until,
    workers_of,
)  # fmt: skip

PREPARE = (str(ROOT / "stages" / "prepare.py"), "params.yaml", "data/catalog.parquet")
ONE_STAGE = {  # the pipeline's own, between a corpus and parts
    "stages": {
        "prepare": {
            "cmd": " ".join(("python", *PREPARE, "data/clips")),
            "deps": ["data/catalog.parquet"],
            "outs": ["data/clips"],
        }
    }
}


def test_the_page_has_a_row_for_each_test_in_their_order():
    assert list(rows()) == fault_tests(Path(__file__))


@pytest.fixture
def as_documented(request):
    return documented(request.node.originalname, rows())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, small_corpus):
    """A project of one stage over a few clips, run once; copy it, never change it."""
    pytest.importorskip("dvc")
    project = Project(tmp_path_factory.mktemp("one") / "project", tmp_path_factory.mktemp("dvc"), BONAFIDE_WORKERS="1")
    project.environment["PYTHONPATH"] = str(ROOT)
    root = project.root / "corpus"
    for label in ("human", "ai"):
        (root / label).mkdir(parents=True)
        for path in sorted(path for path in (small_corpus / label).rglob("*.*") if path.is_file())[:4]:
            shutil.copy(path, root / label)
    shutil.copy(ROOT / "params.yaml", project.root)
    project.set("corpus", root="corpus")
    project.set("prepare", parts=5)
    (project.root / "dvc.yaml").write_text(yaml.safe_dump(ONE_STAGE))
    (project.root / ".gitignore").write_text(".bonafide/\ndata/\ncorpus/\n")
    project.run(
        sys.executable, ROOT / "stages" / "catalog.py", "params.yaml", "data/catalog.parquet", "data/rejects.csv"
    )
    project.git("init", "--quiet", "--initial-branch", "main")
    project.dvc("init", "--quiet")
    assert project.repro() == ["prepare"]
    project.commit("the first run")
    return project


@pytest.fixture
def one(undisturbed, tmp_path):
    """A copy of the project that has run."""
    return undisturbed.copy(tmp_path / "project", BONAFIDE_WORKERS="1", PYTHONPATH=str(ROOT))


@pytest.fixture
def here(one, monkeypatch):
    """The same, where its stage runs in this process: `prepare(out)` returns the exit code."""
    monkeypatch.chdir(one.root)
    monkeypatch.setattr(parts, "run_all", map)
    spec = importlib.util.spec_from_file_location("prepare_stage", PREPARE[0])
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)

    def prepare(out="data/clips"):
        monkeypatch.setattr(sys, "argv", [*PREPARE, str(out)])
        try:
            run(stage.prepare)
        except SystemExit as end:
            return end.code
        return 0

    one.prepare, one.stage = prepare, stage
    return one


@pytest.fixture
def disk(tmp_path):
    """A file system of 64 KiB, less than the parts take."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_fault_full_disk_under_the_part_store(here, undisturbed, disk, monkeypatch, capfd, as_documented):
    monkeypatch.setenv("BONAFIDE_STORE", str(disk / "store"))
    shutil.rmtree(here.root / "data" / "clips")
    assert here.prepare() == 1
    as_documented(capfd.readouterr().err)
    assert not (here.root / "data" / "clips").exists() and not list(disk.rglob(".*.parquet"))
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    assert here.prepare() == 0
    assert content(here.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")


def test_fault_full_disk_under_the_outs(here, undisturbed, disk, capfd, as_documented):
    assert here.prepare(disk / "clips") == 1
    as_documented(capfd.readouterr().err)
    expected = content(undisturbed.root / "data" / "clips")
    assert content(disk / "clips").items() < expected.items()
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    assert here.prepare(disk / "clips") == 0
    assert content(disk / "clips") == expected


def test_fault_read_only_folder(here, undisturbed, disk, capfd, as_documented):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert here.prepare(disk / "clips") == 1
    as_documented(capfd.readouterr().err)
    subprocess.run(["mount", "-o", "remount,rw,size=64m", disk], check=True)
    assert here.prepare(disk / "clips") == 0
    assert content(disk / "clips") == content(undisturbed.root / "data" / "clips")


def test_fault_no_memory(here, undisturbed, monkeypatch, capfd, as_documented):
    shutil.rmtree(store_of(here))
    with monkeypatch.context() as patch:
        patch.setattr(parts, "run_all", lambda make, tasks: (np.zeros(2**50) for _ in tasks))
        assert here.prepare() == 1
    as_documented(capfd.readouterr().err)
    assert here.prepare() == 0
    assert content(here.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")


def test_fault_killed_worker(one, undisturbed, as_documented):
    shutil.rmtree(store_of(one))
    process = one.start(sys.executable, *PREPARE, "data/clips")
    wait_until(lambda: workers_of(process), process)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 1
    as_documented(text)
    one.run(sys.executable, *PREPARE, "data/clips")
    assert content(one.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")


@pytest.mark.slow
def test_fault_killed_run(one, undisturbed, as_documented):
    process = started_anew(one)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    again = one.dvc("repro")
    as_documented(again.stdout + again.stderr)
    assert one.outs() == undisturbed.outs()
    assert content(one.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")


def test_fault_empty_dvc_lock(one, undisturbed, as_documented):
    (one.root / "dvc.lock").write_text("")
    assert "validation failed" in one.dvc("repro", code=255).stderr  # all that DVC says
    as_documented(check(one, code=1))
    one.git("checkout", "dvc.lock")
    assert one.repro() == []
    (one.root / "dvc.lock").unlink()  # where git has none
    assert one.repro() == []
    assert one.outs() == undisturbed.outs()


@pytest.mark.slow
def test_fault_two_runs_at_once(one, undisturbed, as_documented):
    first = started_anew(one)
    os.killpg(first.pid, signal.SIGSTOP)  # or it would be done before the second one has started
    try:
        as_documented(one.dvc("repro", "--force", code=255).stderr)
    finally:
        os.killpg(first.pid, signal.SIGCONT)
    assert "prepare" in first.communicate(timeout=120)[0] and first.returncode == 0
    assert one.outs() == undisturbed.outs()


def test_fault_read_only_corpus(here, undisturbed, capfd, as_documented):
    shutil.rmtree(store_of(here))
    corpus = here.root / "corpus"
    if subprocess.run(["mount", "--bind", corpus, corpus]).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", corpus], check=True)
        with pytest.raises(OSError, match="Read-only"):
            (corpus / "new").touch()
        assert here.prepare() == 0
    finally:
        subprocess.run(["umount", "--lazy", corpus], check=True)
    as_documented(capfd.readouterr().err)
    assert content(here.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")


def test_fault_vanished_corpus(here, undisturbed, capfd, as_documented):
    shutil.rmtree(store_of(here))
    catalog = (here.root / "data" / "catalog.parquet").read_bytes()
    settings = read_section(here.root / "params.yaml", "audio", AudioSettings)
    rows = examine_all(Path("corpus"), read_folder(Path("corpus")), settings)
    next(rows)
    (here.root / "corpus").rename(here.root / "away")
    with pytest.raises(UserError) as stopped:
        list(rows)
    assert here.prepare() == 1
    as_documented(f"{stopped.value}\n{capfd.readouterr().err}")
    (here.root / "away").rename(here.root / "corpus")
    (here.root / "data" / "catalog.parquet").write_bytes(catalog)
    assert here.prepare() == 0
    assert content(here.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")


@pytest.mark.slow
def test_fault_damaged_object_in_dvcs_cache(one, undisturbed, as_documented):
    damage(objects_of(one)[0])
    shutil.rmtree(one.root / "data" / "clips")
    one.dvc("checkout")
    assert content(one.root / "data" / "clips") != content(undisturbed.root / "data" / "clips")  # for all DVC knows
    as_documented(check(one, code=1) + check(one, "--mend"))
    one.repro()
    assert one.outs() == undisturbed.outs()
    assert content(one.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")
    assert check(one).startswith("whole")


def test_fault_damaged_part_in_the_store(here, undisturbed, capfd, as_documented):
    prepared = sha256(here.root / "data" / "clips" / "part-0000.parquet")
    damage(next(path for path in store_of(here).glob("*.parquet") if sha256(path) == prepared))
    assert here.prepare() == 0
    as_documented(capfd.readouterr().err)
    assert content(here.root / "data" / "clips") == content(undisturbed.root / "data" / "clips")
