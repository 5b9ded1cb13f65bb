"""A table of clips is read whatever its format and the names of its columns, and each line that cannot be is listed."""

import json
import re

import pandas as pd
import pytest

from bonafide.corpus.entries import entries_of
from bonafide.corpus.readers import table
from bonafide.corpus.recognition import candidates, candidates_of_file
from bonafide.errors import UserError

COLUMNS = {"path": "File", "label": "class", "speaker": "who", "official": "fold"}
CLIPS = [
    {"File": "a/1.wav", "class": "genuine", "who": "Zoë", "fold": "train", "gender": "f", "native_rate": "44100"},
    {
        "File": "./a/2.wav",
        "class": "SPOOF",
        "who": "007",
        "fold": "validation",
        "gender": "",
        "native_rate": "",
        "family": "VC",
    },
]
BAD = [
    ({"File": "a/3.wav", "class": "fake"}, "names the file, but it is not there"),
    ({"File": "../4.wav", "class": "fake"}, "path '../4.wav' must lie in the folder of the table"),
    ({"File": "a/1.wav", "class": "real"}, "a/1.wav stands in"),
    ({"File": "a/5.wav", "class": ""}, "the clip has no label"),
    ({"File": "a/4.wav", "class": "fake", "family": "clone"}, "unknown family 'clone', known are: tts"),
    ({"File": "a/6.wav", "class": "real", "fold": "third"}, "unknown side 'third', known are: train"),
    ({"File": "a/7.wav", "class": "real", "native_rate": "16k"}, "the native rate must be a whole number of hertz"),
    ({"File": "a/8.wav", "class": "real", "generator": "vits"}, "a human clip has no generator, and this one names"),
]
WRITERS = {
    "clips.csv": lambda frame, path: frame.to_csv(path, index=False),
    "clips.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "clips.parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "clips.jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_of_any_format_gives_the_same_rows_and_lists_the_same_faults(tmp_path, record, name):
    record("a/1.wav", "a/2.wav", "a/9.wav")
    lines = [*CLIPS, *(line for line, _ in BAD)]
    frame = pd.DataFrame(
        lines, columns=["File", "class", "who", "fold", "gender", "native_rate", "generator", "family"], dtype=object
    )
    WRITERS[name](frame.fillna("").assign(text='said: "no'), tmp_path / name)
    read = table.read(tmp_path / name, COLUMNS)
    clips = [row for row in read if "reason" not in row]
    facts = ("path", "label", "speaker", "official", "gender", "family", "native_rate")
    assert [tuple(row[fact] for fact in facts) for row in clips] == [
        ("a/1.wav", "human", "Zoë", "train", "female", "", 44100),
        ("a/2.wav", "ai", "007", "dev", "", "vc", 0),
    ]
    reasons = [row["reason"] for row in read if "reason" in row]
    assert len(reasons) == len(BAD)
    for _, text in BAD:
        assert any(text in reason for reason in reasons), text


def test_a_table_that_holds_the_sound_itself_is_refused(tmp_path):
    frame = pd.DataFrame({"audio": [{"bytes": b"RIFF", "path": "1.wav"}], "label": ["fake"]})
    frame.to_parquet(tmp_path / "clips.parquet")
    with pytest.raises(UserError, match=r"clips\.parquet lacks the columns audio as text: sound must lie in files"):
        table.read(tmp_path / "clips.parquet", {"path": "audio"})


def test_a_line_that_is_no_record_is_listed(tmp_path, record):
    record("1.wav")
    lines = [json.dumps({"path": "1.wav", "label": "fake"}), "{", "[]", json.dumps({"path": "2.wav"})]
    (tmp_path / "clips.jsonl").write_text("\n".join(lines))
    read = table.read(tmp_path / "clips.jsonl")
    assert [row.get("reason", row["path"]) for row in read] == [
        "1.wav",
        "line 2: it is no JSON object",
        "line 3: it is no JSON object",
        "line 4: it lacks label",
    ]


@pytest.mark.parametrize(
    ("name", "content", "columns", "said"),
    [
        ("clips.csv", "file,label\n", {}, "clips.csv lacks the columns path"),
        ("clips.csv", "path,label\n", {"speaker": "who"}, "clips.csv lacks the columns who"),
        ("clips.csv", "path,label\n", {"speakr": "who"}, "names speakr, and known are path, label"),
        ("clips.csv", "path,label\n1.wav,perhaps\n", {}, "clips.csv, line 2: unknown label 'perhaps'"),
        ("clips.xlsx", "", {}, "clips.xlsx is no table: the reader 'table' needs the path of a file in .csv"),
        ("clips.parquet", "path,label\n", {}, "clips.parquet is no Parquet file"),
    ],
)
def test_a_table_that_cannot_be_meant_says_so(tmp_path, name, content, columns, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=re.escape(said)):
        table.read(tmp_path / name, columns)


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_is_recognised_by_its_name(tmp_path, name):
    assert "table" in [one.reader for one in candidates_of_file(name)]
    (tmp_path / name).touch()
    assert {one.reader for one in candidates(entries_of(tmp_path))} <= {"table", "folder"}
    (tmp_path / "human").mkdir()
    (tmp_path / "human" / "1.wav").touch()
    assert {one.reader for one in candidates(entries_of(tmp_path))} == {"folder"}
