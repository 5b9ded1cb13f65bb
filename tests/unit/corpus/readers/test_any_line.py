"""Whatever stands in a line of a protocol, a reader goes on: the line is read, listed, or named in an error."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.readers.listing import MANY_LINES, read_lines
from bonafide.corpus.readers.registry import READERS
from bonafide.errors import UserError

from .layouts import write

WAVS = ("0.wav", "wavs/LJ001-0001.wav", "clips/a.mp3", "dev-clean/84/1/84-1-0.flac", "wav48/p225/p225_001.wav")
TABLES = {  # the file that is spoilt, and its first line
    "asvspoof2019-la": ("ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.train.trn.txt", "LA_0079 LA_T_1 - - bonafide"),
    "asvspoof2021-la": ("keys/LA/CM/trial_metadata.txt", "LA_0009 LA_E_1 alaw ita_tx A07 spoof notrim eval"),
    "asvspoof2021-df": ("keys/DF/CM/trial_metadata.txt", "LA_0009 DF_E_1 nocodec asvspoof A07 spoof notrim eval"),
    "asvspoof5": ("ASVspoof5.train.tsv", "T_4850 T_0000000000 F - - - AC3 A05 spoof -"),
    "partialspoof": ("PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.train.trl.txt", "LA_0079 LA_T_1 - - bonafide"),
    "llamapartialspoof": ("label_R01TTS.0.a.txt", "dev-clean_1_2_3_4 1.0 bonafide 0.0-1.0-bonafide"),
    "in-the-wild": ("meta.csv", "file,speaker,label"),
    "mlaad": ("fake/en/vits/meta.csv", "path|language|model_name"),
    "spoofceleb": ("metadata/train.csv", "file,speaker,attack"),
    "codecfake": ("label/train.txt", "0.wav real 0"),
    "common-voice": ("validated.tsv", "client_id\tpath\tgender\tlocale"),
    "librispeech": ("SPEAKERS.TXT", "14 | F | dev-clean | 25.03 | Kristin LeMoine"),
    "vctk": ("speaker-info.txt", "ID AGE GENDER ACCENTS"),
    "ljspeech": ("metadata.csv", "LJ001-0001|text|text"),
}
WORDS = st.sampled_from(
    [" ", ",", "|", "\t", '"', "-", "bonafide", "spoof", "F", "LA_T_1", "0.wav", "../x", "/x", "p225"]
)
LINES = st.lists(st.lists(WORDS | st.text(max_size=3), max_size=12).map("".join), max_size=5)


@pytest.mark.parametrize("name", TABLES)
@settings(max_examples=30)
@given(LINES)
def test_no_line_stops_a_reader_but_one_with_an_unknown_label(name, lines):
    path, first = TABLES[name]
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        for wav in WAVS:
            write(root, wav)
        write(root, path, first, *lines)
        try:
            rows = READERS[name].read(root)
        except UserError as error:
            assert "unknown label" in str(error)
            assert f"{root / path}, line " in str(error)
            return
    clips = [row["path"] for row in rows if "reason" not in row]
    assert len(clips) == len(set(clips))
    assert all((row["path"] in WAVS) and row["label"] in ("human", "ai") for row in rows if "reason" not in row)


def test_the_reading_of_a_long_protocol_is_shown(tmp_path, capsys):
    for name, count in (("short.txt", 3), ("long.txt", MANY_LINES)):
        (tmp_path / name).write_text("a line\n" * count)
        assert len(list(read_lines(tmp_path, name))) == count
    assert f"reading long.txt: {MANY_LINES} done" in capsys.readouterr().err.splitlines()[-1]
