"""The part store makes a second run fast and changes no byte of any; nothing is ever half there."""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from bonafide.audio.conditioning import to_flac
from bonafide.clips.augmentation import AugmentedAudio, augment_part, augment_tasks
from bonafide.clips.features import FeatureSettings, feature_part, feature_tasks
from bonafide.clips.preparation import prepare_part, prepare_tasks
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import AUDIO, as_table
from bonafide.errors import UserError
from bonafide.pipeline import links, parts
from bonafide.pipeline.parts import Task, build, fingerprint, part_files, tasks_from_parts
from bonafide.pipeline.tables import write_table

from ..building import MEL, NOISE, PARTS, clips_in, content, prepare

pytestmark = pytest.mark.usefixtures("store")


def test_every_clip_is_in_the_part_of_its_id_in_order(tiny_corpus, tmp_path, audio_settings, made):
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert len(clips_in(tmp_path / "out")) == 8
    for part, path in part_files(tmp_path / "out").items():
        clips = pq.read_table(path)["clip"].to_pylist()
        assert clips == sorted(clips)
        assert {parts.part_name(part)} == {path.name}


def test_a_second_build_makes_nothing_and_gives_the_same(tiny_corpus, tmp_path, audio_settings, made):
    first = prepare(tiny_corpus, tmp_path / "one", audio_settings)
    assert made == [len(first)]
    assert len(first) >= 3
    assert prepare(tiny_corpus, tmp_path / "two", audio_settings) == first
    assert made == [len(first), 0]


def test_a_changed_clip_recomputes_its_part_alone(tiny_corpus, tmp_path, audio_settings, made, voice):
    first = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    changed = tiny_corpus / "human" / "clip0.wav"
    soundfile.write(changed, voice[5:32000], 16000)
    second = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert 1 <= made[1] <= 2  # another content is another id, which may lie in another part
    assert sum(first.get(name) != part for name, part in second.items()) <= made[1]
    assert prepare(tiny_corpus, tmp_path / "fresh", audio_settings) == second


def test_what_is_said_of_a_clip_recomputes_its_part_alone(tiny_corpus, tmp_path, audio_settings, made):
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    (tiny_corpus / "clips.csv").write_text("path,speaker\nhuman/clip0.wav,Ada\n")
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert made[1] == 1


def test_a_deleted_clip_leaves_no_trace(tiny_corpus, tmp_path, audio_settings, made, monkeypatch):
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    before = clips_in(tmp_path / "out")
    for path in (tiny_corpus / "human" / "clip0.wav", tiny_corpus / "human" / "clip2.wav"):
        path.unlink()
    after = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert len(clips_in(tmp_path / "out")) == 6
    gone = before - clips_in(tmp_path / "out")
    assert not any(clip.encode() in part for clip in gone for part in after.values())
    monkeypatch.setenv("BONAFIDE_STORE", str(tmp_path / "another-store"))
    assert prepare(tiny_corpus, tmp_path / "fresh", audio_settings) == after


def test_a_part_without_rows_is_no_file(tiny_corpus, tmp_path, audio_settings, made):
    prepare(tiny_corpus, tmp_path / "clips", audio_settings)
    none = AugmentedAudio(replace(NOISE, copies=0), audio_settings)
    build(
        augment_part, none, augment_tasks(tmp_path / "clips", clips_in(tmp_path / "clips")), tmp_path / "out", what=""
    )
    assert content(tmp_path / "out") == {}


def test_a_setting_recomputes_everything_and_the_old_parts_are_still_known(tiny_corpus, tmp_path, audio_settings, made):
    first = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    second = prepare(tiny_corpus, tmp_path / "out", replace(audio_settings, level_dbfs=-30))
    assert made == [len(first)] * 2
    assert all(first[name] != second[name] for name in first)
    assert prepare(tiny_corpus, tmp_path / "out", audio_settings) == first
    assert made[2] == 0


@dataclass(frozen=True)
class Some:
    number: int = 1


def test_the_fingerprint_tells_all_that_a_part_is_made_from():
    plain = fingerprint(Task(1, "in", "x"), Some(), "make", "v1")
    assert plain == fingerprint(Task(1, "in", "another place"), Some(), "make", "v1")
    others = {
        fingerprint(Task(2, "in", "x"), Some(), "make", "v1"),
        fingerprint(Task(1, "other", "x"), Some(), "make", "v1"),
        fingerprint(Task(1, "in", "x"), Some(2), "make", "v1"),
        fingerprint(Task(1, "in", "x"), Some(), "remake", "v1"),
        fingerprint(Task(1, "in", "x"), Some(), "make", "v2"),
    }
    assert len(others | {plain}) == 6


@pytest.mark.parametrize(
    ("name", "changed"),
    [("code_version", lambda path: "other code"), ("_library_versions", lambda: ["another soxr"])],
)
def test_other_code_and_other_libraries_recompute(
    tiny_corpus, tmp_path, audio_settings, made, monkeypatch, name, changed
):
    first = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    monkeypatch.setattr(parts, name, changed)
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert made == [len(first)] * 2


def test_an_out_takes_no_disk_beside_the_store_where_files_can_be_linked(
    tiny_corpus, tmp_path, store, audio_settings, made
):
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    try:
        os.link(next((tmp_path / "out").iterdir()), tmp_path / "link")
    except OSError:
        pytest.skip("files cannot be linked here")
    inodes = {path.stat().st_ino for path in store.glob("*.parquet")}
    reflinked = all(path.stat().st_nlink == 1 for path in store.glob("*.parquet"))
    assert reflinked or {path.stat().st_ino for path in (tmp_path / "out").iterdir()} <= inodes


def test_where_nothing_can_be_linked_parts_are_copied(tiny_corpus, tmp_path, audio_settings, made, monkeypatch):
    first = prepare(tiny_corpus, tmp_path / "out", audio_settings)

    def refuse(*arguments):
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(links, "_reflink", refuse)
    monkeypatch.setattr(os, "link", refuse)
    assert prepare(tiny_corpus, tmp_path / "copied", audio_settings) == first
    assert all(path.stat().st_nlink == 1 for path in (tmp_path / "copied").iterdir())


def test_the_store_keeps_to_its_limit_and_the_least_recently_used_goes(
    tiny_corpus, tmp_path, store, audio_settings, made, monkeypatch
):
    settings = [replace(audio_settings, level_dbfs=-20.0 - number) for number in range(4)]
    for number in (0, 1, 2):
        prepare(tiny_corpus, tmp_path / "out", settings[number])
        for path in store.iterdir():  # as if an hour had passed
            os.utime(path, (path.stat().st_atime - 3600, path.stat().st_mtime))
    one = sum(path.stat().st_size for path in store.iterdir()) / 3
    prepare(tiny_corpus, tmp_path / "out", settings[0])  # used again: now 1 is the oldest
    monkeypatch.setenv("BONAFIDE_STORE_GB", str(3.3 * one / 1e9))
    prepare(tiny_corpus, tmp_path / "out", settings[3])
    assert sum(path.stat().st_size for path in store.iterdir()) <= 3.3 * one
    made.clear()
    for number in (0, 2, 3):
        prepare(tiny_corpus, tmp_path / "out", settings[number])
    assert made == [0, 0, 0]
    prepare(tiny_corpus, tmp_path / "out", settings[1])
    assert made[3] > 0


def test_a_part_that_is_used_again_keeps_its_time_so_that_dvc_need_not_read_it(
    tiny_corpus, tmp_path, store, audio_settings
):
    def times() -> list[tuple[int, int]]:
        return [(path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(store.glob("*.parquet"))]

    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    first = times()
    time.sleep(0.02)
    prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert times() == first


def test_a_part_of_another_person_in_a_shared_store_is_used(tiny_corpus, tmp_path, store, audio_settings, monkeypatch):
    first = prepare(tiny_corpus, tmp_path / "one", audio_settings)

    def refused(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(parts.os, "utime", refused)
    assert prepare(tiny_corpus, tmp_path / "two", audio_settings) == first


def test_what_is_in_use_is_kept_whatever_the_limit(tiny_corpus, tmp_path, store, audio_settings, made, monkeypatch):
    prepare(tiny_corpus, tmp_path / "out", replace(audio_settings, level_dbfs=-20))
    monkeypatch.setenv("BONAFIDE_STORE_GB", "0")
    last = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert len(list(store.iterdir())) == len(last)


KILLED = """
import os, signal, sys
from pathlib import Path
from bonafide.pipeline import parts, tables
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import AUDIO, as_table
from bonafide.pipeline.params import read_section
from bonafide.audio.conditioning import AudioSettings
from bonafide.clips.preparation import prepare_part, prepare_tasks

root, out, params, where = map(str, sys.argv[1:])
parts.run_all = map
home, name = (tables, "_write") if where == "making" else (parts, "share")
whole, calls = getattr(home, name), []

def half(*arguments, **options):
    target = arguments[-1]
    calls.append(target)
    whole(*arguments, **options)
    if len(calls) == 2:
        if where == "making":  # a link is never half there
            os.truncate(target, os.path.getsize(target) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

setattr(home, name, half)
settings = read_section(Path(params), "audio", AudioSettings)
clips, _ = settle([examine(Path(root), known, settings) for known in read_folder(Path(root))])
parts.build(prepare_part, settings, prepare_tasks(clips, Path(root), 5), Path(out), what="")
"""


@pytest.mark.parametrize("where", ["making", "laying out"])
def test_a_run_killed_in_the_middle_leaves_no_half_part(tiny_corpus, tmp_path, store, audio_settings, made, where):
    params = Path(__file__).parents[3] / "params.yaml"
    command = [sys.executable, "-c", KILLED, tiny_corpus, tmp_path / "out", params, where]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    left = [*store.glob("[!.]*"), *part_files(tmp_path / "out").values()]
    assert left
    assert all(pq.read_table(path).num_rows for path in left)
    resumed = prepare(tiny_corpus, tmp_path / "out", audio_settings)
    assert made[0] == (len(resumed) - 1 if where == "making" else 0)
    assert prepare(tiny_corpus, tmp_path / "fresh", audio_settings) == resumed


def test_a_clip_that_vanished_stops_the_build(tiny_corpus, tmp_path, audio_settings, made):
    clips, _ = settle([examine(tiny_corpus, known, audio_settings) for known in read_folder(tiny_corpus)])
    (tiny_corpus / "ai" / "clip1.wav").unlink()
    with pytest.raises(UserError, match=r"clip1\.wav is in the catalog and cannot be read any more"):
        build(prepare_part, audio_settings, prepare_tasks(clips, tiny_corpus, PARTS), tmp_path / "out", what="")
    assert not (tmp_path / "out").exists()


def test_one_worker_and_two_give_the_same_bytes(tiny_corpus, tmp_path, audio_settings, monkeypatch):
    outs = []
    for workers in ("1", "2"):
        home = tmp_path / workers
        monkeypatch.setenv("BONAFIDE_WORKERS", workers)
        monkeypatch.setenv("BONAFIDE_STORE", str(home / "store"))
        prepare(tiny_corpus, home / "clips", audio_settings)
        trained = clips_in(home / "clips")
        copies = AugmentedAudio(NOISE, audio_settings)
        build(augment_part, copies, augment_tasks(home / "clips", trained), home / "augmented", what="")
        settings = FeatureSettings(MEL, audio_settings.rate)
        build(feature_part, settings, feature_tasks(home / "clips", home / "augmented"), home / "features", what="")
        outs.append({name: content(home / name) for name in ("clips", "augmented", "features")})
    assert outs[0] == outs[1]
    assert all(outs[0].values())


def test_task_inputs_follow_the_bytes_of_a_part(tmp_path):
    for name, number in (("part-0002.parquet", 2), ("part-0010.parquet", 10), (".5.part-0001.parquet", 1)):
        pq.write_table(pa.table({"x": [number]}), tmp_path / name)
    before = tasks_from_parts(tmp_path)
    assert [task.part for task in before] == [2, 10]
    pq.write_table(pa.table({"x": [3]}), tmp_path / "part-0002.parquet")
    after = tasks_from_parts(tmp_path)
    assert after[0].inputs != before[0].inputs
    assert after[1] == before[1]


def test_features_are_read_and_made_a_row_group_at_a_time(tmp_path, voice):
    rows = [{name: 0 if name in ("copy", "native_rate") else None for name in AUDIO.names} for _ in range(70)]
    for number, row in enumerate(rows):
        row |= {"clip": f"c{number}", "audio": {"bytes": to_flac(voice[:4000], 16000), "path": ""}}
    write_table(as_table(rows, AUDIO), tmp_path / "clips.parquet")
    parts = [str(tmp_path / "clips.parquet"), str(tmp_path / "missing.parquet")]
    reader = feature_part(parts, FeatureSettings(MEL, 16000))
    assert next(reader).column("clip").to_pylist() == [f"c{number}" for number in range(64)]
    with pytest.raises(FileNotFoundError):
        next(reader)
