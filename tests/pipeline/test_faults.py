"""Through `dvc repro` itself: what DVC cannot read stops nothing, and what it cannot see is seen."""

import csv
import os
import shutil


def test_a_corpus_with_faults_and_a_linked_folder_runs_and_runs_again_where_that_changes(project):
    raw = project.root / "data" / "raw"
    clip = next(path for path in sorted((raw / "human").rglob("*.flac")))
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
    (far / "copy.flac").write_text("no sound any more")
    assert project.repro("catalog") == ["catalog"]
    assert rejects()["human/far/copy.flac"] == "not audio: the content is of no known format"
    assert project.repro("catalog") == []


def test_a_tracked_file_is_not_lost_when_a_stage_fails(project):
    outs = [out for stage in project.stages().values() for out in stage["outs"]]
    tracked = [next(iter(out)) for out in outs if isinstance(out, dict)]
    project.set("audio", colour="green")
    project.dvc("repro", "--keep-going", code=255)
    assert {"metrics/rejects.csv", "metrics/audit.csv"} <= set(tracked)
    assert [out for out in tracked if not (project.root / out).exists()] == []
