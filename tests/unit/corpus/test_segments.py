"""Synthetic stretches of clips: as people write them, and in the time of the file and of the conditioned clip."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from bonafide.audio.conditioning import from_flac
from bonafide.audio.decoding import UnusableError
from bonafide.clips.preparation import prepare_part
from bonafide.corpus.catalog import examine
from bonafide.corpus.readers import table as tables
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.segments import as_text, moved, ordered, segments_in, within_file
from bonafide.corpus.table import CATALOG, CLIP, SPLIT, as_table
from bonafide.errors import UserError
from bonafide.gathering.joining import join, plan_join

RATE = 16000
TWO = [{"start": 1.25, "end": 2.4}, {"start": 3.1, "end": 3.52}]


def test_segments_are_read_and_written_by_time():
    assert segments_in(" 3.10-3.52  1.25-2.40 ") == TWO
    assert segments_in(as_text(TWO)) == TWO
    assert segments_in("") == []
    assert as_text(ordered([(1234.123456, 2000.0)])) == "1234.123456-2000"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.25", "segments must be seconds such as '1.25-2.40 3.10-3.52', not '1.25'"),
        ("1,25-2,40", "segments must be seconds such as"),
        ("-1-2", "segments must be seconds such as"),
        ("nan-2", "segments must be seconds such as"),
        ("2.4-1.25", "segments: 2.4-1.25 does not start before it ends"),
        ("1-1", "segments: 1-1 does not start before it ends"),
        ("0-2 1.5-3", "segments: 1.5-3 overlaps the one before it"),
    ],
)
def test_what_is_no_list_of_segments_is_refused_with_its_reason(text, reason):
    with pytest.raises(ValueError) as caught:
        segments_in(text)
    assert str(caught.value).startswith(reason)


def test_a_segment_may_stick_out_of_its_file_by_20_ms():
    assert within_file(TWO, 3.5) == [TWO[0], {"start": 3.1, "end": 3.5}]
    with pytest.raises(UnusableError, match=r"segment 3\.1-3\.52 ends after the file, which lasts 3\.49 s"):
        within_file(TWO, 3.49)


def test_segments_move_with_the_trimmed_edge_and_end_with_the_clip():
    assert moved(TWO, start=1.0, seconds=2.3) == [{"start": 0.25, "end": 1.4}, {"start": 2.1, "end": 2.3}]
    assert moved(TWO, start=2.39, seconds=0.72) == []  # 10 ms of each are left
    assert moved([{"start": 1.0, "end": 1.01}], start=0.5, seconds=2.0) == [{"start": 0.5, "end": 0.51}]


@pytest.fixture
def corpus(tmp_path, voice):
    """Two clips of each class, the ai ones with half a second of silence before three seconds of speech."""
    root = tmp_path / "corpus"
    for number, label in enumerate(("human", "ai", "human", "ai")):
        path = root / label / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = voice[2 * number * RATE : (2 * number + 3) * RATE]
        soundfile.write(path, np.pad(sound, (RATE // 2, 0)) if label == "ai" else sound, RATE)
    return root


def note(corpus, *lines):
    (corpus / "clips.csv").write_text("\n".join(["path,Segments", *lines]))


def test_segments_of_clips_csv_reach_the_prepared_part_in_the_time_of_its_audio(corpus, audio_settings):
    note(corpus, "ai/1.wav,1.0-1.5", "ai/3.wav,", "human/0.wav,")
    rows = [examine(corpus, row, audio_settings) for row in read_folder(corpus)]
    catalog = {row["path"]: row for row in as_table(rows, CATALOG).to_pylist()}
    assert catalog["ai/1.wav"]["segments"] == [{"start": 1.0, "end": 1.5}]
    assert [row["segments"] for path, row in catalog.items() if path != "ai/1.wav"] == [[], [], []]
    clips = [{name: row[name] for name in CLIP.names} for row in catalog.values()]
    prepared = {row["path"]: row for row in prepare_part((str(corpus), clips), audio_settings).to_pylist()}
    (segment,) = prepared["ai/1.wav"]["segments"]
    assert segment["end"] - segment["start"] == pytest.approx(0.5)
    file = soundfile.read(corpus / "ai/1.wav", dtype="float32")[0][RATE : RATE + RATE // 2]
    samples = from_flac(prepared["ai/1.wav"]["audio"]["bytes"])
    start = round(segment["start"] * RATE)
    assert np.corrcoef(file, samples[start : start + RATE // 2])[0, 1] > 0.999
    assert SPLIT.field("segments").type == CLIP.field("segments").type


def test_a_clip_whose_synthetic_stretch_is_trimmed_away_or_lies_outside_is_a_reject(corpus, audio_settings):
    note(corpus, "ai/1.wav,0.0-0.4", "ai/3.wav,3.0-3.6")
    reasons = {row["path"]: examine(corpus, row, audio_settings).get("reason") for row in read_folder(corpus)}
    assert reasons["ai/1.wav"].startswith("no synthetic segment lies in what is used of it, ")
    assert reasons["ai/3.wav"] == "segment 3-3.6 ends after the file, which lasts 3.50 s"
    assert reasons["human/0.wav"] is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ai/1.wav,2-1", "line 2: segments: 2-1 does not start before it ends"),
        ("ai/1.wav,from 1 to 2", "line 2: segments must be seconds such as"),
        ("human/0.wav,1-2", "line 2: a human clip has no synthetic segments, and this one names '1-2'"),
    ],
)
def test_segments_that_cannot_be_meant_are_an_error_with_file_and_line(corpus, line, reason):
    note(corpus, line)
    with pytest.raises(UserError) as caught:
        read_folder(corpus)
    assert f"{corpus / 'clips.csv'}, {reason}" in str(caught.value)


def test_a_table_has_segments_and_lists_the_lines_that_it_cannot_use(corpus):
    (corpus / "list.tsv").write_text(
        "path\tlabel\tsegments\nai/1.wav\tspoof\t1-1.5\nai/3.wav\tspoof\t2-1\nhuman/0.wav\treal\t1-2\nhuman/2.wav\treal\t\n"
    )
    rows = tables.read(corpus / "list.tsv")
    assert [row.get("segments") for row in rows if "reason" not in row] == [[{"start": 1.0, "end": 1.5}], None]
    assert [row["reason"] for row in rows if "reason" in row] == [
        "line 3: segments: 2-1 does not start before it ends",
        "line 4: a human clip has no synthetic segments",
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_table_of_records_has_segments_as_they_are_or_as_text(corpus, suffix):
    rows = [{"path": f"ai/{number}.wav", "label": "ai", "segments": TWO} for number in (1, 3)]
    if suffix == "jsonl":
        rows[1]["segments"] = as_text(TWO)
        (corpus / "list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    else:
        pq.write_table(pa.Table.from_pylist(rows), corpus / "list.parquet")
    assert [row["segments"] for row in tables.read(corpus / f"list.{suffix}")] == [TWO, TWO]


def test_a_join_keeps_the_segments(corpus, tmp_path):
    note(corpus, "ai/1.wav,1.0-1.5")
    list(join(plan_join([corpus], tmp_path / "out"), tmp_path / "out"))
    with (tmp_path / "out" / "clips.csv").open() as file:
        segments = {row["path"]: row["segments"] for row in csv.DictReader(file)}
    assert segments["corpus/ai/1.wav"] == "1-1.5"
    assert set(segments.values()) == {"1-1.5", ""}
