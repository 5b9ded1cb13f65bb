"""Several corpora make one list of clips: nothing is lost, nothing stands twice, the order counts nothing."""

import random
import re
import tempfile
from pathlib import Path

import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.catalog import ReaderSettings
from bonafide.corpus.corpora import misspelt_columns, read_corpora
from bonafide.errors import UserError

NUMBERS = st.sets(st.integers(0, 30), max_size=12)


def lay_out(root, there, named, broken, seed):
    """Lay out In-the-Wild and a folder of recordings beside it: files `there`, a line for each of `named`."""
    for number in there:
        for path in (root / "wild" / f"{number}.wav", root / "own" / "human" / "radio" / f"{number}.wav"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    (root / "wild").mkdir(exist_ok=True)
    lines = [f"{number}.wav,Ann,{'spoof' if number % 2 else 'bona-fide'}" for number in sorted(named)]
    lines += ["?" for _ in range(broken)]
    random.Random(seed).shuffle(lines)
    (root / "wild" / "meta.csv").write_text("\n".join(["file,speaker,label", *lines]))


@settings(max_examples=40)
@given(NUMBERS.filter(len), NUMBERS, st.integers(0, 2), st.integers(0, 9))
def test_no_clip_is_lost_and_none_stands_twice_whatever_the_order(there, named, broken, seed):
    wild, own = ReaderSettings("in-the-wild", "wild"), ReaderSettings("folder", "own")
    with tempfile.TemporaryDirectory() as home:
        lay_out(Path(home), there, named, broken, seed)
        read = read_corpora(Path(home), [wild, own])
        again = read_corpora(Path(home), [own, wild])
        lay_out(Path(home), there, named, broken, seed + 1)
        shuffled = read_corpora(Path(home), [wild, own])
    assert read == again
    clips = [row for row in read if "reason" not in row]
    assert clips == [row for row in shuffled if "reason" not in row]
    paths = [row["path"] for row in clips]
    assert len(paths) == len(set(paths))
    assert set(paths) == {f"wild/{n}.wav" for n in there & named} | {f"own/human/radio/{n}.wav" for n in there}
    rejects = [row["path"] for row in read if "reason" in row]
    assert sorted(rejects) == sorted([f"wild/{n}.wav" for n in there ^ named] + ["wild/meta.csv"] * broken)


@pytest.fixture
def root(tmp_path, voice):
    for number, path in enumerate(("a/human/x.wav", "b/ai/y.wav", "b/human/radio/z.wav", "c/1.wav", "c/2.wav")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / path, voice[number * 9000 :][:16000], 16000)
    (tmp_path / "b" / "clips.csv").write_text("path,pair,mood\nai/y.wav,1,\nhuman/radio/z.wav,1,\n")
    (tmp_path / "c" / "meta.csv").write_text("file,speaker,label\n1.wav,Ann,spoof\n2.wav,Ann,bona-fide\n")
    return tmp_path


def test_a_clip_of_no_known_source_takes_its_corpus_where_there_are_several(root):
    entries = [ReaderSettings("folder", "b"), ReaderSettings("in-the-wild", "c", side="test")]
    read = {row["path"]: row for row in read_corpora(root, entries)}
    assert {path: row["source"] for path, row in read.items()} == {
        "b/ai/y.wav": "b",
        "b/human/radio/z.wav": "radio",
        "c/1.wav": "In-the-Wild",
        "c/2.wav": "In-the-Wild",
    }
    assert read["b/ai/y.wav"]["pair"] == "b/1"
    assert {path: row["official"] for path, row in read.items()} == {
        "b/ai/y.wav": "",
        "b/human/radio/z.wav": "",
        "c/1.wav": "test",
        "c/2.wav": "test",
    }
    alone = read_corpora(root, [ReaderSettings("in-the-wild", "c")])
    assert {row["source"] for row in alone} == {""}


def test_a_file_that_two_readers_name_is_used_once_and_listed(root):
    read = read_corpora(root, [ReaderSettings("folder", "b")] * 2)
    assert [row["path"] for row in read if "reason" not in row] == ["b/ai/y.wav", "b/human/radio/z.wav"]
    assert [row["reason"] for row in read if "reason" in row] == [
        "two readers of corpus.readers name the file: the first one counts"
    ] * 2


def test_a_table_lies_in_the_folder_of_its_clips(root):
    entry = ReaderSettings("table", "c/meta.csv", columns={"path": "file"})
    assert [row["path"] for row in read_corpora(root, [entry])] == ["c/1.wav", "c/2.wav"]


def test_columns_of_any_clips_csv_that_mean_nothing_are_named(root):
    entries = [ReaderSettings("folder", "a"), ReaderSettings("folder", "b"), ReaderSettings("in-the-wild", "c")]
    assert list(misspelt_columns(root, entries)) == [(root / "b" / "clips.csv", ["mood"])]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "corpus.readers of params.yaml is empty"),
        (
            [ReaderSettings("asvspoof", ".")],
            "there is no reader 'asvspoof'; there are folder, table, hf-parquet, hf-disk, webdataset, asv",
        ),
        ([ReaderSettings("vctk", "../c")], "path '../c' must lie below corpus.root"),
        ([ReaderSettings("vctk", "/c")], "path '/c' must lie below corpus.root"),
        ([ReaderSettings("vctk", "d")], "/d is not there, in which the reader 'vctk' shall read"),
        (
            [ReaderSettings("vctk", "c", columns={"path": "file"})],
            "columns are for the readers 'table', 'hf-parquet', 'hf-disk', 'webdataset', not for 'vctk'",
        ),
        ([ReaderSettings("asvspoof5", "c")], "/c holds nothing that the reader 'asvspoof5' reads: flac_T, flac_D"),
    ],
)
def test_readers_that_cannot_be_meant_say_so(root, entries, said):
    with pytest.raises(UserError, match=re.escape(said)):
        read_corpora(root, entries)
