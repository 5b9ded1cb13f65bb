"""What a folder of recordings and its clips.csv say, and how a line that cannot be meant is refused."""

import pytest

from bonafide.corpus.readers.folder import read_folder, unused_columns
from bonafide.errors import UserError

# From the table of labels in public corpora.
HUMAN = ["bonafide", "bona-fide", "bona_fide", "genuine", "real", "human", "gt", "Bona-Fide", " HUMAN "]
AI = ["spoof", "fake", "synthetic", "deepfake", "ai", "generated", "AI"]


@pytest.fixture
def root(tmp_path):
    for name in ("human/a.wav", "human/radio/b.wav", "ai/c.wav", "ai/tts/deep/d.wav", "other/e.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def with_table(root, *lines):
    (root / "clips.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {row["path"]: row for row in read_folder(root)}


def test_folders_alone_say_label_and_source(root):
    rows = read_folder(root)
    assert [(row["path"], row["label"], row["source"]) for row in rows] == [
        ("ai/c.wav", "ai", ""),
        ("ai/tts/deep/d.wav", "ai", "tts"),
        ("human/a.wav", "human", ""),
        ("human/radio/b.wav", "human", "radio"),
    ]
    assert all(row["speaker"] == row["generator"] == row["gender"] == "" for row in rows)


def test_hidden_files_are_passed_over(root):
    (root / "human" / ".DS_Store").write_bytes(b"x")
    (root / "human" / ".git").mkdir()
    (root / "human" / ".git" / "x.wav").write_bytes(b"x")
    assert len(read_folder(root)) == 4


@pytest.mark.parametrize(("said", "label"), [(one, "human") for one in HUMAN] + [(one, "ai") for one in AI])
def test_every_label_of_the_field_is_known(root, said, label):
    assert with_table(root, "path,label", f"other/e.wav,{said}")["other/e.wav"]["label"] == label


def test_what_the_table_says_is_taken(root):
    row = with_table(
        root,
        "path, label, speaker, generator, source, language, gender, pair, license, native_rate, native_format, mood,"
        "Family",
        'ai/tts/deep/d.wav, fake, "Doe, Jane", vits, lab, en, F, p1, MIT, 22050, MP3, 7, TTS',
    )["ai/tts/deep/d.wav"]
    assert row == {
        "path": "ai/tts/deep/d.wav",
        "label": "ai",
        "speaker": "Doe, Jane",
        "generator": "vits",
        "family": "tts",
        "source": "lab",
        "language": "en",
        "gender": "female",
        "pair": "p1",
        "license": "MIT",
        "native_rate": 22050,
        "native_format": "MP3",
    }


def test_a_table_from_a_spreadsheet_is_read(root):
    (root / "clips.csv").write_bytes(b"\xef\xbb\xbfpath,speaker\r\nhuman/a.wav,Zo\xc3\xab\r\n./human//radio/b.wav\r\n")
    rows = {row["path"]: row for row in read_folder(root)}
    assert len(rows) == 4
    assert rows["human/a.wav"]["speaker"] == "Zoë"
    assert rows["human/radio/b.wav"]["source"] == "radio"  # the folder's name where the table says none


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ai/c.wav,robot,,,", r"unknown label 'robot', known are: human, .*spoof"),
        ("ai/c.wav,real,,,", "the label is 'real', but the clip lies in the folder 'ai'"),
        ("other/e.wav,,,,", "the clip has no label"),
        ("ai/c.wav,ai,girl,,", "unknown gender 'girl', known are: female, f, male, m"),
        ("ai/c.wav,ai,f,16k,", "native_rate must be a whole number of hertz, not '16k'"),
        ("ai/c.wav,ai,f,-1,", "native_rate must be"),
        ("ai/c.wav,ai,f,²,", "native_rate must be"),
        ("ai/c.wav,ai,f,99999999999,", "native_rate must be"),
        ("human/a.wav,human,f,8000,vits", "a human clip has no generator, and this one names 'vits'"),
        ("../c.wav,ai,,,", "must lie in the folder"),
        ("..\\c.wav,ai,,,", "must lie in the folder"),
        ("/etc/passwd,ai,,,", "must lie in the folder"),
        ("ai/c\0.wav,ai,,,", "must lie in the folder"),
        (",ai,,,", "must lie in the folder"),
        ("human/radio/b.wav,human,,,", "'human/radio/b.wav' stands in line 2 already"),
        ("./human//radio/b.wav,,m,,", "'human/radio/b.wav' stands in line 2 already"),
        ("human/radio/b.wav,ai,,,", "the label is 'ai', but"),
        ("other/first.wav,human,,,", "'other/first.wav' stands in line 3 already"),  # under both labels
    ],
)
def test_a_line_that_cannot_be_meant_is_named(root, line, said):
    lines = ["path,label,gender,native_rate,generator", "human/radio/b.wav,human,,,", "other/first.wav,ai,,,", line]
    with pytest.raises(UserError, match=said) as caught:
        with_table(root, *lines)
    assert f"{root / 'clips.csv'}, line 4" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ai/c.wav,ai,clone", "unknown family 'clone', known are: tts, zero-shot-tts, vc, vocoder, codec"),
        ("human/a.wav,human,vc", "a human clip has no family, and this one names 'vc'"),
    ],
)
def test_a_family_that_is_none_is_named_with_its_line(root, line, said):
    with pytest.raises(UserError, match=f"clips.csv, line 2: {said}"):
        with_table(root, "path,label,family", line)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line that names its columns"),
        (b"human/a.wav,human\n", "first line that names its columns"),
        (b"path|label\nhuman/a.wav|human\n", "first line that names its columns"),
        (b"path,speaker\nhuman/a.wav,Zo\xeb\n", "not a CSV file in UTF-8"),
        (b"\xff\xfep\x00a\x00t\x00h", "not a CSV file in UTF-16"),  # cut within a letter
    ],
)
def test_a_table_that_is_none_says_so(root, content, said):
    (root / "clips.csv").write_bytes(content)
    with pytest.raises(UserError, match=said) as caught:
        read_folder(root)
    assert str(root / "clips.csv") in str(caught.value)


def test_no_folder_and_no_clips_say_what_to_do(tmp_path):
    with pytest.raises(UserError, match="put recordings into"):
        read_folder(tmp_path)
    with pytest.raises(UserError, match="is no folder"):
        read_folder(tmp_path / "none")


def test_columns_that_mean_nothing_are_named(root):
    with_table(root, "path,mood,language", "human/a.wav,calm,en")
    assert unused_columns(root) == ["mood"]
