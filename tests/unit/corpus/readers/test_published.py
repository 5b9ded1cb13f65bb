"""Every reader reads its corpus as it is published, and says of each line and file that is of no use why."""

import re

import pytest

from bonafide.audio.decoding import decode
from bonafide.corpus.entries import entries_of
from bonafide.corpus.readers.asvspoof2019 import family_of
from bonafide.corpus.readers.registry import READERS
from bonafide.corpus.recognition import candidates, likeliest
from bonafide.corpus.sounds import sound_file
from bonafide.errors import UserError

from . import containers, layouts, partly, people

CORPORA = [
    layouts.asvspoof2019_la,
    layouts.asvspoof2021_la,
    layouts.asvspoof2021_df,
    layouts.asvspoof5,
    layouts.in_the_wild,
    layouts.wavefake,
    layouts.librisevoc,
    layouts.mlaad,
    layouts.spoofceleb,
    layouts.codecfake,
    partly.partialspoof,
    partly.llamapartialspoof,
    people.fake_or_real,
    people.librispeech,
    people.common_voice,
    people.vctk,
    people.ljspeech,
    containers.hf_parquet,
    containers.hf_disk,
    containers.webdataset,
]
BY_NAME = {lay_out.__name__.replace("_", "-"): lay_out for lay_out in CORPORA}


def test_every_reader_has_a_layout_here():
    assert BY_NAME.keys() == READERS.keys() - {"folder", "table"}  # which have tests of their own


@pytest.mark.parametrize("name", BY_NAME)
def test_a_corpus_as_it_is_published_is_read_whole(tmp_path, record, name):
    rows, rejects = BY_NAME[name](tmp_path, record)
    read = READERS[name].read(tmp_path)
    clips = {row["path"]: tuple(row[fact] for fact in layouts.FACTS) for row in read if "reason" not in row}
    assert clips == rows
    listed = [(row["path"], row["reason"]) for row in read if "reason" in row]
    assert len(listed) == len(rejects)
    for (path, reason), (expected, text) in zip(listed, sorted(rejects), strict=True):
        assert path == expected
        assert reason.startswith(text)


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("asvspoof2019-la", {"A01": "tts", "A11": "tts"}),
        ("asvspoof2021-la", {"A07": "tts"}),
        ("asvspoof2021-df", {"A14": "tts", "team20": "vc"}),  # the other corpora are of the Voice Conversion Challenge
        ("wavefake", {"melgan": "vocoder"}),
        ("librisevoc", {"": "vocoder"}),
        ("mlaad", {"": "tts"}),
        ("spoofceleb", {"": "tts"}),
        ("codecfake", {"": "codec"}),
        ("fake-or-real", {"": "tts"}),
        ("in-the-wild", {"": ""}),
    ],
)
def test_the_family_of_a_clip_is_what_its_corpus_publishes(tmp_path, record, name, families):
    BY_NAME[name](tmp_path, record)
    clips = [row for row in READERS[name].read(tmp_path) if "reason" not in row]
    assert {row["family"] for row in clips if row["label"] == "human"} <= {""}
    for end, family in families.items():
        inside = [row for row in clips if row["label"] == "ai" and row["generator"].endswith(end)]
        assert inside
        assert {row["family"] for row in inside} == {family}


def test_attacks_of_2019_that_convert_a_voice_or_join_units_say_so():
    named = {family_of(f"A{number:02d}"): number for number in range(1, 20)}
    assert named == {"tts": 15, "classic": 16, "vc": 19}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_corpus_is_read_the_same_whatever_folder_one_starts_from(tmp_path, record, name):
    rows, _ = BY_NAME[name](tmp_path, record)
    (tmp_path / "inner").mkdir()
    for path in list(tmp_path.iterdir()):
        if path.name != "inner":
            path.rename(tmp_path / "inner" / path.name)
    read = {row["path"] for row in READERS[name].read(tmp_path) if "reason" not in row}
    assert read == {f"inner/{path}" for path in rows}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_row_leads_to_a_recording(tmp_path, record, name):
    BY_NAME[name](tmp_path, record)
    for row in READERS[name].read(tmp_path):
        if "reason" not in row:
            with sound_file(tmp_path, row["path"]) as file:
                assert decode(file, max_seconds=9).samples.size > 8000


@pytest.mark.parametrize("name", BY_NAME)
def test_a_corpus_is_recognised_by_its_own_reader_and_an_empty_folder_by_none(tmp_path, record, name):
    assert candidates(entries_of(tmp_path)) == []
    BY_NAME[name](tmp_path, record)
    found = candidates(entries_of(tmp_path))
    assert name in {one.reader for one in found}
    assert [one.reader for one in likeliest(tmp_path, found)] == [name]


def test_corpora_beside_each_other_are_recognised_each_in_its_folder(tmp_path, record):
    layouts.asvspoof2019_la(tmp_path, record)
    layouts.in_the_wild(tmp_path, record)
    found = candidates(entries_of(tmp_path))
    assert [(one.reader, one.path) for one in found] == [
        ("asvspoof2019-la", "LA"),
        ("in-the-wild", "release_in_the_wild"),
    ]
    assert likeliest(tmp_path, found) == found


@pytest.mark.parametrize(
    ("name", "path", "old", "new", "line"),
    [
        (
            "asvspoof2019-la",
            "LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.train.trn.txt",
            "A01 spoof",
            "A01 maybe",
            2,
        ),
        ("asvspoof2021-la", "keys/LA/CM/trial_metadata.txt", "A07 spoof", "A07 maybe", 1),
        ("asvspoof5", "ASVspoof5.train.tsv", "bonafide bonafide", "bonafide maybe", 2),
        ("in-the-wild", "release_in_the_wild/meta.csv", "bona-fide", "maybe", 3),
    ],
)
def test_a_label_that_nobody_knows_is_an_error_that_names_file_and_line(tmp_path, record, name, path, old, new, line):
    BY_NAME[name](tmp_path, record)
    table = tmp_path / path
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(UserError, match=re.escape(f"{table}, line {line}: unknown label 'maybe', known are: human")):
        READERS[name].read(tmp_path)


def test_a_line_that_is_not_in_utf8_spoils_no_other(tmp_path, record):
    rows, _ = layouts.in_the_wild(tmp_path, record)
    table = tmp_path / "release_in_the_wild" / "meta.csv"
    table.write_bytes(table.read_bytes() + "4.wav,Zoë,spoof\n".encode("latin-1"))
    read = READERS["in-the-wild"].read(tmp_path)
    assert {row["path"] for row in read if "reason" not in row} == rows.keys()
    assert "line 6: it is not in UTF-8" in [row.get("reason") for row in read]


def test_a_table_without_a_column_that_is_needed_is_an_error(tmp_path):
    layouts.write(tmp_path, "meta.csv", "file,person,label", "0.wav,Ann,spoof")
    with pytest.raises(UserError, match=r"meta\.csv lacks the columns speaker"):
        READERS["in-the-wild"].read(tmp_path)


def test_a_linked_corpus_is_read_and_a_link_in_a_circle_ends(tmp_path, record):
    rows, _ = layouts.asvspoof5(tmp_path / "disk", lambda *paths: record(*(f"disk/{path}" for path in paths)))
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "corpus").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "back").symlink_to(linked)
    read = {row["path"] for row in READERS["asvspoof5"].read(linked) if "reason" not in row}
    assert read == {f"corpus/{path}" for path in rows}
