"""What is no file that can be read, changes or kills its reader is a reject with a reason, and stops nothing."""

import importlib.util
import os
from functools import partial
from pathlib import Path

import pytest
import yaml

from bonafide.clips.preparation import prepare_part
from bonafide.corpus import catalog, measuring
from bonafide.corpus.catalog import ReaderSettings, examine, examine_all, settle
from bonafide.corpus.corpora import read_corpora
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import CATALOG
from bonafide.corpus.tree import files_below
from bonafide.errors import UserError
from bonafide.pipeline.parts import Task, build
from bonafide.pipeline.tables import write_facts

ROOT = Path(__file__).parents[3]
FOLDER = (ReaderSettings("folder", "."),)


def reasons(rows, root, settings):
    return {row["path"]: row["reason"] for row in settle([examine(root, row, settings) for row in rows])[1]}


def with_faults(root):
    """Put into the corpus `root` what can be wrong with the entries of a folder, and return the reasons."""
    os.mkfifo(root / "human" / "pipe.wav")
    (root / "human" / "gone.wav").symlink_to("nowhere.wav")
    (root / "ai" / "loop.wav").symlink_to("loop.wav")
    (root / "ai" / "zero.wav").symlink_to("/dev/zero")
    (root / "ai" / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"a voice")
    return {
        "human/pipe.wav": "it is a FIFO, not a file",
        "human/gone.wav": "the link leads to what is not there",
        "ai/loop.wav": "the link leads back to itself",
        "ai/zero.wav": "it is a device, not a file",
        "ai/caf\\xe9.wav": "the file's name is not in UTF-8: rename it",
    }


def test_each_fault_of_a_folder_is_listed_whether_a_table_names_it_or_not(tiny_corpus, audio_settings):
    faults = with_faults(tiny_corpus)
    assert reasons(read_corpora(tiny_corpus, FOLDER), tiny_corpus, audio_settings) == faults
    (tiny_corpus / "clips.csv").write_text("path,speaker\nhuman/pipe.wav,ann\nai/loop.wav,bob\n")
    assert reasons(read_corpora(tiny_corpus, FOLDER), tiny_corpus, audio_settings) == faults


def test_a_protocol_that_never_answers_hangs_no_reader(tiny_corpus):
    os.mkfifo(tiny_corpus / "ASVspoof5.train.tsv")
    (tiny_corpus / "flac_T").mkdir()
    (tiny_corpus / "flac_T" / "T_0000000000.flac").touch()
    rows = read_corpora(tiny_corpus, (ReaderSettings("asvspoof5", "."), *FOLDER))
    assert {"path": "ASVspoof5.train.tsv", "reason": "it is a FIFO, not a file"} in rows
    os.mkfifo(tiny_corpus / "clips.csv")
    with pytest.raises(UserError, match=r"clips.csv cannot be read: it is a FIFO"):
        read_folder(tiny_corpus)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all files")
def test_what_may_not_be_read_is_listed(tiny_corpus, audio_settings):
    (tiny_corpus / "human" / "clip0.wav").chmod(0)
    (tiny_corpus / "ai" / "closed").mkdir(mode=0)
    assert reasons(read_corpora(tiny_corpus, FOLDER), tiny_corpus, audio_settings) == {
        "human/clip0.wav": "the file may not be read: check its permissions",
        "ai/closed": "the folder may not be read: check its permissions",
    }


def test_links_to_folders_are_followed_once_after_what_is_there(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "clip.wav").touch()
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a").symlink_to("b")
    assert list(files_below(tmp_path)) == ["b/clip.wav"]


def change(path, *_, **__):
    """Write to the file in the midst of its reading, as a copy does that is still under way."""
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"changed")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def test_a_file_that_changes_while_it_is_read_is_a_reject(tiny_corpus, audio_settings, monkeypatch):
    row = read_folder(tiny_corpus)[0]
    decode = measuring.decode

    def slowly(path, **settings):
        change(path)
        return decode(path, **settings)

    monkeypatch.setattr(measuring, "decode", slowly)
    assert examine(tiny_corpus, row, audio_settings)["reason"] == "the file changed while it was read"


@pytest.mark.parametrize("fault", [change, Path.unlink], ids=["changed", "gone"])
def test_a_file_that_changes_after_the_catalog_stops_the_run_and_enters_no_part(
    fault, tiny_corpus, audio_settings, store, made, tmp_path
):
    clips, _ = settle([examine(tiny_corpus, row, audio_settings) for row in read_folder(tiny_corpus)])
    fault(tiny_corpus / clips[0]["path"])
    tasks = [Task(0, "rows", (str(tiny_corpus), clips))]
    with pytest.raises(measuring.ChangedError, match=rf"{clips[0]['path']} .*run `dvc repro` again"):
        build(prepare_part, audio_settings, tasks, tmp_path / "parts", what="preparing")
    assert list(store.glob("*.parquet")) == []


def test_a_catalog_that_is_not_true_any_more_is_gone_so_that_dvc_makes_it_anew(
    tiny_corpus, audio_settings, store, made, tmp_path
):
    spec = importlib.util.spec_from_file_location("prepare", ROOT / "stages" / "prepare.py")
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)
    clips, _ = settle([examine(tiny_corpus, row, audio_settings) for row in read_folder(tiny_corpus)])
    table, params = tmp_path / "catalog.parquet", tmp_path / "params.yaml"
    write_facts(clips, CATALOG, table)
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    sections["corpus"] = {"root": str(tiny_corpus)}
    params.write_text(yaml.safe_dump(sections))
    change(tiny_corpus / clips[-1]["path"])
    with pytest.raises(UserError, match="has changed since the catalog was made"):
        stage.prepare(params, table, tmp_path / "clips")
    assert not table.exists()


def deadly(root, path, settings):
    if path == "human/clip2.wav":
        os.abort()
    return measuring.measured(root, path, settings)


def deadly_batch(root, settings, task):
    return task[0], [deadly(root, path, settings) for path in task[1]]


def deadly_one(root, settings, path):
    return deadly(root, path, settings)


def test_a_file_that_kills_its_process_is_a_reject_and_stops_no_other(tiny_corpus, audio_settings, monkeypatch):
    monkeypatch.setenv("BONAFIDE_WORKERS", "1")
    monkeypatch.syspath_prepend(ROOT)  # workers import this module by its name
    monkeypatch.setattr(catalog, "FILES_PER_TASK", 3)
    monkeypatch.setattr(catalog, "_measure_batch", deadly_batch)
    monkeypatch.setattr(catalog, "_measure_one", deadly_one)
    rows = list(examine_all(tiny_corpus, read_folder(tiny_corpus), audio_settings))
    assert len(rows) == 8
    assert [row for row in rows if "reason" in row] == [{"path": "human/clip2.wav", "reason": catalog.DEADLY}]


def test_a_stage_whose_process_dies_says_so_in_a_sentence(tiny_corpus, audio_settings, monkeypatch):
    monkeypatch.setenv("BONAFIDE_WORKERS", "1")
    monkeypatch.syspath_prepend(ROOT)  # workers import this module by its name
    tasks = [(0, ["human/clip2.wav"]), (1, ["human/clip3.wav"])]
    with pytest.raises(UserError, match="a process that did some of the work died"):
        list(catalog.run_all(partial(deadly_batch, tiny_corpus, audio_settings), tasks))
