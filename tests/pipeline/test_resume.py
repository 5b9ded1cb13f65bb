"""A stage that is killed or interrupted goes on from what is done and ends in the same bytes."""

import os
import random
import shutil
import signal
import time

import pytest

KEPT = ".bonafide/train"  # where the training keeps its state
DATA_STAGES = ("catalog", "split", "prepare", "augment", "features")
DATA = ("data/catalog.parquet", "data/split.parquet", "data/clips", "data/augmented", "data/features")


def wait_for(process, there, seconds=120):
    """Wait until `there()` is true while `process` is still at work."""
    deadline = time.monotonic() + seconds
    while not there():
        assert process.poll() is None, f"ended with {process.returncode}: {process.communicate()}"
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.01)


def contents(root):
    """Return the content of every file that the data stages made."""
    paths = [path for name in DATA for path in [root / name, *(root / name).glob("*")] if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def remove_data(root):
    for name in (*DATA, ".bonafide"):
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def timed_cold(project, name):
    """Return how long a stage takes without a part store or a memo of its own."""
    shutil.rmtree(project.root / ".bonafide", ignore_errors=True)
    started = time.monotonic()
    project.run(*project.stage_command(name))
    return time.monotonic() - started


@pytest.mark.slow
def test_a_killed_training_ends_in_the_same_model(project):
    project.set("features", scale="mel", n_bands=40)
    project.set("train", model="cnn")
    project.repro("train")
    model, history = project.root / "models" / "bonafide.keras", project.root / "metrics" / "history.csv"
    expected = model.read_bytes(), history.read_text()
    model.unlink()
    history.unlink()
    process = project.start(*project.stage_command("train"))
    wait_for(process, lambda: list((project.root / KEPT).glob("*/state.json")))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL and not model.exists()
    done = project.run(*project.stage_command("train"))
    assert "going on after epoch 1" in done.stdout
    assert (model.read_bytes(), history.read_text()) == expected
    assert not list((project.root / KEPT).iterdir())


@pytest.mark.slow
def test_ctrl_c_in_training_leaves_one_sentence(project):
    project.set("features", scale="mel", n_bands=40)
    project.set("train", model="cnn", cnn={"epochs": 500})
    project.repro("features")
    process = project.start(*project.stage_command("train"))
    wait_for(process, lambda: list((project.root / KEPT).glob("*/state.json")))
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "train: interrupted" in said and "Traceback" not in said


def test_ctrl_c_with_workers_leaves_one_sentence_and_no_half_part(project):
    """Ctrl-C reaches the workers too, as they are of the same process group."""
    project.environment["BONAFIDE_STORE"] = str(project.root / "store")
    project.set("prepare", parts=40)
    process = project.start(*project.stage_command("prepare"))
    wait_for(process, lambda: list((project.root / "store").glob("[!.]*.parquet")))
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "prepare: interrupted" in said and "Traceback" not in said, said
    assert not list((project.root / "store").glob(".*"))
    done = project.run(*project.stage_command("prepare"))
    assert "parts were known" in done.stderr


@pytest.mark.slow
def test_data_stages_killed_at_ten_random_moments_end_in_the_same_bytes(fresh):
    """As a machine that is switched off kills them: the whole group at once, at any moment of a cold run."""
    project = fresh("killed")
    seconds = {name: timed_cold(project, name) for name in DATA_STAGES}
    expected = contents(project.root)
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    moments = {name: [rng.uniform(0, seconds[name]) for _ in range(2)] for name in DATA_STAGES}
    remove_data(project.root)
    for name in DATA_STAGES:
        for moment in moments[name]:
            process = project.start(*project.stage_command(name))
            time.sleep(moment)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        project.run(*project.stage_command(name))
    assert contents(project.root) == expected, f"seed {seed}, moments {moments}"
