"""The memo of the catalog makes it quick and changes nothing."""

import errno
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from bonafide.corpus import catalog, measuring, memo
from bonafide.corpus.catalog import examine_all, settle
from bonafide.corpus.readers.folder import read_folder


@pytest.fixture
def measure(tiny_corpus, audio_settings, tmp_path, monkeypatch):
    """A function that makes the catalog of the corpus and returns it with the paths of the files that were read."""
    read = []

    def here(function, tasks, rescue):
        return map(function, tasks)

    def measured(root, path, settings):
        read.append(path)
        return measuring.measured(root, path, settings)

    monkeypatch.setattr(catalog, "run_all", here)
    monkeypatch.setattr(catalog, "measured", measured)
    (tiny_corpus / "human" / "notes.wav").write_text("no sound")
    for path in tiny_corpus.rglob("*.wav"):
        os.utime(path, (1, 1))

    def make(file=tmp_path / "memo", settings=audio_settings, root=tiny_corpus, store=None):
        read.clear()
        rows = settle(examine_all(root, read_folder(root), settings, file, store))
        return rows, sorted(read)

    return make


def test_only_files_that_changed_are_read_again_and_the_catalog_is_the_same_without_a_memo(measure, tiny_corpus):
    clips, read = measure()
    assert len(read) == 9 and len(clips[0]) == 8 and len(clips[1]) == 1
    assert measure() == (clips, [])
    assert measure(file=None) == (clips, read)
    shutil.copy(tiny_corpus / "ai/clip1.wav", tiny_corpus / "human/clip0.wav")
    changed, read = measure()
    assert read == ["human/clip0.wav"]
    assert measure(file=None)[0] == changed != clips
    (tiny_corpus / "human/clip0.wav").unlink()
    assert measure()[1] == []


def test_a_file_that_was_just_written_is_not_remembered(measure, tiny_corpus):
    (tiny_corpus / "ai/clip1.wav").touch()
    measure()
    assert measure()[1] == ["ai/clip1.wav"]


def test_other_settings_and_another_folder_are_remembered_apart(measure, audio_settings, tiny_corpus):
    other = replace(audio_settings, min_seconds=0.5)
    far = tiny_corpus.parent / "far"
    shutil.copytree(tiny_corpus, far)
    assert len(measure()[1]) == len(measure(settings=other)[1]) == len(measure(root=far)[1]) == 9
    assert measure()[1] == measure(settings=other)[1] == measure(root=far)[1] == []


def test_a_clone_that_has_the_parts_measures_only_what_nobody_has(measure, audio_settings, tiny_corpus, tmp_path):
    store, far = tmp_path / "parts", tmp_path / "clone"
    clips, _ = measure(store=store)
    shutil.copytree(tiny_corpus, far)
    there = {"file": tmp_path / "memo of the clone", "root": far, "store": store}
    assert measure(**there) == (clips, ["human/notes.wav"])  # of what cannot be used nothing is shared
    assert measure(**there)[1] == []
    shutil.copy(tiny_corpus / "ai/clip1.wav", far / "ai/new.wav")
    soundfile.write(far / "ai/newer.wav", np.tile(np.sin(np.arange(160.0)), 200), 16000)
    added = measure(**there)
    assert added[1] == ["ai/newer.wav"]
    assert measure(**there | {"file": tmp_path / "another memo"}) == (added[0], ["human/notes.wav"])
    other = replace(audio_settings, min_seconds=0.5)
    assert len(measure(**there, settings=other)[1]) == 11


def test_what_another_person_has_measured_is_used_from_a_shared_store(measure, tmp_path, monkeypatch):
    store = tmp_path / "parts"
    clips, _ = measure(store=store)

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refused)
    assert measure(file=None, store=store) == (clips, ["human/notes.wav"])


@pytest.mark.parametrize("damage", ["no table", "rows"])
def test_damaged_facts_of_contents_are_measured_anew(damage, measure, tmp_path):
    store = tmp_path / "parts"
    clips, _ = measure(store=store)
    (part,) = store.glob("*.parquet")
    if damage == "rows":
        table = pq.read_table(part)
        texts = [
            text.replace(".", "1", 1) if number < 3 else text for number, text in enumerate(table["facts"].to_pylist())
        ]
        pq.write_table(table.set_column(0, "facts", [texts]), part)
    else:
        part.write_bytes(part.read_bytes()[:-8] + b"no table")
    again, read = measure(file=None, store=store)
    assert again == clips
    assert len(read) == (4 if damage == "rows" else 9)


@pytest.mark.parametrize("damage", ["no database", "half", "rows"])
def test_a_damaged_memo_is_made_anew(damage, measure, tmp_path):
    clips, _ = measure()
    file = tmp_path / "memo"
    if damage == "rows":
        with sqlite3.connect(file) as base:
            base.execute("update facts set facts = replace(facts, '.', '1') where path like 'human/clip%'")
    else:
        content = file.read_bytes()
        file.write_bytes(b"no database" * 1000 if damage == "no database" else content[:4096] + b"\x7f" * 8192)
    again, read = measure()
    assert again == clips
    assert len(read) == (4 if damage == "rows" else 9)
    assert measure() == (clips, [])


def test_the_memo_is_bounded(measure, tmp_path, audio_settings, tiny_corpus):
    for number in range(memo.MOST_SETS + 2):
        measure(settings=replace(audio_settings, min_seconds=0.3 + number / 100))
    (tiny_corpus / "ai/clip1.wav").unlink()
    measure()
    with sqlite3.connect(tmp_path / "memo") as base:
        assert base.execute("select count(*), count(distinct name) from facts").fetchone() == (
            9 * (memo.MOST_SETS - 1) + 8, memo.MOST_SETS,
        )  # fmt: skip


def test_a_memo_that_cannot_be_written_is_done_without(measure, tmp_path):
    clips, _ = measure(file=None)
    (tmp_path / "folder").mkdir()
    assert measure(file=tmp_path / "folder")[0] == clips
