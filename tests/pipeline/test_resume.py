"""A stage that is killed or interrupted goes on from what is done and ends in the same bytes."""

import os
import signal
import time

import pytest

KEPT = ".bonafide/train"  # where the training keeps its state


def wait_for(process, there, seconds=120):
    """Wait until `there()` is true while `process` is still at work."""
    deadline = time.monotonic() + seconds
    while not there():
        assert process.poll() is None, f"ended with {process.returncode}: {process.communicate()}"
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.01)


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
