"""Readers of tables and shards that hold sound: no clip is lost, the words are the user's own, and faults are said."""

import json
import os
import random
import re
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.catalog import ReaderSettings
from bonafide.corpus.corpora import read_corpora
from bonafide.corpus.entries import entries_of
from bonafide.corpus.readers.registry import READERS
from bonafide.corpus.recognition import candidates, likeliest
from bonafide.errors import UserError

from .containers import AUDIO, facts, shard

NUMBERS = st.sets(st.integers(0, 30), max_size=12)
READ = {name: READERS[name].read for name in ("hf-parquet", "hf-disk", "webdataset")}


def write_rows(root, name, rows):
    """Write `rows` of a dataset into one file of the kind that the reader `name` reads."""
    table = pa.Table.from_pylist(rows)
    if name == "hf-parquet":
        pq.write_table(table, root / "train-00000-of-00001.parquet", row_group_size=3)
        return
    (root / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    with pa.ipc.new_stream(str(root / "data-00000-of-00001.arrow"), table.schema) as stream:
        stream.write_table(table, max_chunksize=3)


def clip_row(number, **others):
    sound = {"bytes": f"sound {number}".encode(), "path": f"{number}.wav"}
    return {"audio": sound, "label": "spoof" if number % 2 else "real", **others}


@pytest.mark.parametrize("name", ["hf-parquet", "hf-disk"])
@settings(max_examples=30)
@given(NUMBERS.filter(len), NUMBERS, st.integers(0, 9))
def test_no_row_of_a_table_is_lost_whatever_their_order(name, there, unlabelled, seed):
    rows = [clip_row(number) for number in sorted(there)]
    rows += [{**clip_row(number), "label": None} for number in sorted(unlabelled)]
    random.Random(seed).shuffle(rows)
    with tempfile.TemporaryDirectory() as home:
        write_rows(Path(home), name, rows)
        read = READ[name](Path(home))
    clips = [row for row in read if "reason" not in row]
    assert len({row["path"] for row in clips}) == len(clips)
    named = {int(Path(row["path"]).stem): row["label"] for row in clips}
    assert named == {number: "ai" if number % 2 else "human" for number in there}
    assert len(clips) == len(there)
    assert len(read) == len(rows)


@settings(max_examples=30)
@given(NUMBERS.filter(len), NUMBERS, st.integers(0, 9), st.integers(1, 3))
def test_no_recording_of_a_shard_is_lost_whatever_their_order(there, named, seed, n_shards):
    members = [(f"a/{number}.wav", b"sound") for number in there]
    members += [(f"a/{number}.json", facts("spoof" if number % 2 else "real")) for number in named]
    orders = []
    for shuffle in (seed, seed + 1):
        random.Random(shuffle).shuffle(members)
        with tempfile.TemporaryDirectory() as home:
            for number in range(n_shards):
                of_it = [(name, data) for name, data in members if int(Path(name).stem) % n_shards == number]
                shard(Path(home) / f"{number}.tar", of_it)
            orders.append(READ["webdataset"](Path(home)))
    assert orders[0] == orders[1]
    clips = {row["path"]: row["label"] for row in orders[0] if "reason" not in row}
    path = "{}.tar/a/{}.{}".format
    assert clips == {path(n % n_shards, n, "wav"): "ai" if n % 2 else "human" for n in there & named}
    rejects = [row["path"] for row in orders[0] if "reason" in row]
    lonely = [path(n % n_shards, n, "wav" if n in there else "json") for n in there ^ named]
    assert sorted(rejects) == sorted(lonely)


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=9) | st.sampled_from([b"real", b"[1]", b'{"label": {}}', b"[" * 9999]), max_size=6))
def test_nothing_beside_a_recording_stops_the_reader_but_an_unknown_label(contents):
    kinds = ("json", "cls", "txt", "label", "speaker", "")
    members = [(f"1.{kind}", content) for kind, content in zip(kinds, contents, strict=False)]
    with tempfile.TemporaryDirectory() as home:
        shard(Path(home) / "0.tar", [*members, ("1.wav", b"")])
        try:
            rows = READ["webdataset"](Path(home))
        except UserError as error:
            assert re.search(r"/0\.tar/1\.\w*, line 1: unknown label", str(error))
            return
    assert [row["path"].rpartition(".")[0] for row in rows] == ["0.tar/1"]


@pytest.mark.parametrize("name", ["hf-parquet", "hf-disk"])
def test_a_table_has_the_words_of_the_user(tmp_path, name):
    rows = [
        {"Sound": clip_row(n)["audio"], "other": clip_row(9)["audio"], "is_fake": bool(n), "who": n} for n in (0, 1)
    ]
    write_rows(tmp_path, name, [{**row, "fold": "eval", "audio": "spoken"} for row in rows])
    columns = {"path": "sound", "label": "is_fake", "speaker": "who", "official": "fold"}
    read = READ[name](tmp_path, columns, {"False": "human", "True": "ai"})
    facts_of = [(row["path"].split("/", 1)[1], row["label"], row["speaker"], row["official"]) for row in read]
    assert facts_of == [
        ("Sound/000000/0.wav", "human", "0", "test"),
        ("Sound/000001/1.wav", "ai", "1", "test"),
    ]


def test_a_corpus_of_one_class_needs_no_labels(tmp_path):
    for folder in ("table", "shards"):
        (tmp_path / folder).mkdir()
    pq.write_table(pa.table({"audio": pa.array([clip_row(1)["audio"]], AUDIO)}), tmp_path / "table" / "all.parquet")
    shard(tmp_path / "shards" / "0.tar", [("1.wav", b"sound"), ("1.txt", b"what is said")])
    entries = [
        ReaderSettings("hf-parquet", "table", labels={"": "human"}),
        ReaderSettings("webdataset", "shards", labels={"": "ai"}),
    ]
    assert {row["path"]: row["label"] for row in read_corpora(tmp_path, entries)} == {
        "table/all.parquet/audio/000000/1.wav": "human",
        "shards/0.tar/1.wav": "ai",
    }


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (
            [clip_row(1)],
            {"speaker": "who"},
            "parquet lacks the columns who (it has label): say by columns of corpus.readers how it calls them",
        ),
        ([{"audio": clip_row(1)["audio"]}], {}, "how it calls them, or by labels: {'': human} that all are of people"),
        ([clip_row(1)], {"path": "label"}, "parquet has no column 'label' of sound; such are audio"),
        ([clip_row(1, more=clip_row(2)["audio"])], {}, "several columns of sound, audio, more: name one by columns"),
        ([clip_row(1) | {"label": "maybe"}], {}, "parquet, row 0: unknown label 'maybe'"),
    ],
)
def test_a_table_that_cannot_be_meant_says_so(tmp_path, rows, columns, said):
    write_rows(tmp_path, "hf-parquet", rows)
    with pytest.raises(UserError, match=re.escape(said)):
        READ["hf-parquet"](tmp_path, columns)


def test_three_corpora_in_one_folder_are_recognised_as_three(tmp_path):
    for folder in ("clips/human", "tables", "disk", "shards"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "clips" / "human" / "1.wav").write_bytes(b"sound")
    write_rows(tmp_path / "tables", "hf-parquet", [clip_row(1)])
    write_rows(tmp_path / "disk", "hf-disk", [clip_row(2)])
    shard(tmp_path / "shards" / "0.tar", [("1.wav", b"sound"), ("1.cls", b"fake")])
    shard(tmp_path / "tables" / "1.tar", [("1.json", b"{}")])
    found = likeliest(tmp_path, candidates(entries_of(tmp_path)))
    assert {(one.path, one.reader) for one in found} == {
        ("clips", "folder"),
        ("tables", "hf-parquet"),
        ("disk", "hf-disk"),
        ("shards", "webdataset"),
    }


def test_shards_that_cannot_be_meant_say_so(tmp_path):
    shard(tmp_path / "0.tar", [("1.wav", b"sound"), ("1.json", facts("maybe"))])
    with pytest.raises(UserError, match=re.escape("0.tar/1.json, line 1: unknown label 'maybe'")):
        READ["webdataset"](tmp_path)
    with pytest.raises(UserError, match="names path, and a recording is told by its own name"):
        READ["webdataset"](tmp_path, {"path": "wav"})
    (tmp_path / "0.tar").rename(tmp_path / "0.tar.gz")
    with pytest.raises(UserError, match=r"0\.tar\.gz: it is compressed: unpack it to a plain \.tar"):
        READ["webdataset"](tmp_path)
    shard(tmp_path / "1.tar", [("1.wav", b"sound"), ("1.json", facts("fake"))])
    assert [row["path"] for row in READ["webdataset"](tmp_path)] == ["0.tar.gz", "1.tar/1.wav"]


def test_a_table_without_sound_is_listed(tmp_path):
    pq.write_table(pa.table({"label": ["fake"]}), tmp_path / "facts.parquet")
    assert [row["reason"].partition(":")[0] for row in READ["hf-parquet"](tmp_path)] == ["no column of it holds sound"]


def test_what_is_no_file_stops_no_reader(tmp_path):
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "gone.parquet").symlink_to("nowhere")
    shard(tmp_path / "0.tar", [("1.wav", b"sound"), ("1.cls", b"fake")])
    read = read_corpora(tmp_path, [ReaderSettings("webdataset", ".")])
    assert [row["path"] for row in read if "reason" not in row] == ["0.tar/1.wav"]
    assert [row["path"] for row in read if "reason" in row] == ["gone.parquet", "pipe.tar"]
