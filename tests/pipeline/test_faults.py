"""Through `dvc repro` itself: what DVC cannot read stops nothing, and what it cannot see is seen."""

import csv
import os
import shutil


def test_a_corpus_with_faults_and_a_linked_folder_runs_and_runs_again_where_that_changes(project):
    """A stage that fails loses no file that git tracks, either."""
    raw = project.root / "data" / "raw"
    clip = min((raw / "human").rglob("*.flac"))
    far = project.root.parent / "far"
    far.mkdir()
    shutil.copy(clip, far / "copy.flac")
    (raw / "human" / "far").symlink_to(far)
    os.mkfifo(raw / "human" / "pipe.wav")
    (raw / "ai" / "gone.wav").symlink_to("nowhere.wav")
    shutil.copy(clip, raw / "ai" / os.fsdecode(b"caf\xe9.flac"))
    tracked = project.root / "metrics" / "rejects.csv"

    def rejects():
        with tracked.open(encoding="utf-8") as lines:
            return {row["path"]: row["reason"] for row in csv.DictReader(lines)}

    before = rejects()
    assert project.repro("catalog") == ["catalog"]
    new = rejects()
    same = new.pop("human/far/copy.flac")
    assert {path: reason for path, reason in new.items() if path not in before} == {
        "human/pipe.wav": "it is a FIFO, not a file",
        "ai/gone.wav": "the link leads to what is not there",
        "ai/caf\\xe9.flac": "the file's name is not in UTF-8: rename it",
    }
    assert same.startswith("the same content as human/")
    kept = tracked.read_bytes()
    os.utime(far / "copy.flac", (1, 1))
    project.environment["BONAFIDE_WORKERS"] = "none"  # so that the stage fails, and a third run is none that is needed
    done = project.dvc("repro", "catalog", code=255)
    assert "BONAFIDE_WORKERS must be a whole number" in done.stdout + done.stderr  # it ran, as the file has changed
    assert tracked.read_bytes() == kept
