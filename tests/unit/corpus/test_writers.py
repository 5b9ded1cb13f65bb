"""What `bonafide corpus sample` and `export` write is read back as the same clips."""

import csv
import re
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bonafide.commands.corpus_copies import export, sample
from bonafide.corpus.readers.folder import TEXT_COLUMNS, read_folder
from bonafide.corpus.readers.registry import READERS
from bonafide.corpus.sampling import sampled
from bonafide.corpus.sounds import sound_file
from bonafide.corpus.table import SPLIT, as_table
from bonafide.corpus.writers import growing
from bonafide.corpus.writers import registry as writers
from bonafide.corpus.writers.names import paths_of
from bonafide.errors import UserError

RATE = 16000
FACTS = ("label", "family", "gender", *TEXT_COLUMNS)
SIDES = ("train", "dev", "test", "dropped")
CODINGS = {
    "a.wav": ("WAV", "PCM_16"),
    "b.flac": ("FLAC", "PCM_16"),
    "c.wav": ("WAV", "PCM_24"),
    "d.wav": ("WAV", "ULAW"),
    "e.wav": ("WAV", "FLOAT"),
    "f.mp3": ("MP3", "MPEG_LAYER_III"),
    "g.ogg": ("OGG", "VORBIS"),
}


@pytest.fixture
def corpus(tmp_path, voice):
    """A folder of two clips in each of several codings, one of each class, with facts that are hard to write."""
    rows = []
    for number, (name, (form, coding)) in enumerate(CODINGS.items()):
        for label in ("human", "ai"):
            path = f"{label}/{name}"
            (tmp_path / "corpus" / label).mkdir(parents=True, exist_ok=True)
            piece = voice[number * 8000 + 4000 * (label == "ai") :][: RATE // 2]
            soundfile.write(tmp_path / "corpus" / path, piece, RATE, format=form, subtype=coding)
            facts = {"speaker": 'Zoë "Z", Jr.', "source": "A/B: c", "language": "en", "pair": f"p{number}"}
            facts |= {"generator": "TTS one", "family": "tts"} if label == "ai" else {"gender": "female"}
            facts |= {"segments": "0.1-0.25 0.3-0.4"} if path in ("ai/a.wav", "ai/b.flac") else {}
            rows.append({"path": path, **facts})
    columns = ("path", "speaker", "generator", "source", "language", "pair", "family", "gender", "segments")
    with (tmp_path / "corpus" / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path / "corpus"


@pytest.fixture
def split(corpus, tmp_path):
    """What the pipeline knows of the corpus: a split, and the params that name its root."""
    rows = []
    for number, row in enumerate(read_folder(corpus)):
        marks = dict.fromkeys(("speaker_seen", "source_seen", "generator_seen"), False)
        known = {"clip": f"c{number:02d}", "sha256": f"{number:064d}", "seconds": 0.5, "level_dbfs": -20.0}
        rows.append({**row, **known, **marks, "split": SIDES[number % 4]})
    pq.write_table(as_table(rows, SPLIT), tmp_path / "split.parquet")
    (tmp_path / "params.yaml").write_text(f"corpus: {{root: {corpus}}}\n")
    return tmp_path / "split.parquet"


def facts(row, names=FACTS):
    return (*(row[name] for name in names), row.get("segments") or [])


def content(root, row):
    with sound_file(root, row["path"]) as file:
        return file.read_bytes()


def test_a_folder_is_read_back_with_all_facts_and_the_very_bytes(corpus, tmp_path):
    export(tmp_path / "out", layout="folder", source=corpus, params=tmp_path / "none.yaml")
    copies = {content(tmp_path / "out", row): facts(row) for row in read_folder(tmp_path / "out")}
    assert copies == {content(corpus, row): facts(row) for row in read_folder(corpus)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]


def test_parquet_is_read_back_with_facts_sides_and_the_very_bytes(corpus, split, tmp_path):
    export(tmp_path / "out", layout="hf", source=split, params=tmp_path / "params.yaml")
    rows = READERS["hf-parquet"].read(tmp_path / "out")
    read = {content(tmp_path / "out", row): (*facts(row), row["official"]) for row in rows}
    assert read == {
        content(corpus, row): (*facts(row), row["split"])
        for row in pq.read_table(split).to_pylist()
        if row["split"] != "dropped"
    }


def test_parquet_loads_with_class_labels_and_audio(split, tmp_path):
    datasets = pytest.importorskip("datasets")
    export(tmp_path / "out", layout="hf", source=split, params=tmp_path / "params.yaml")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: part.num_rows for name, part in loaded.items()} == {"train": 4, "validation": 4, "test": 3}
    assert loaded["train"].features["label"].names == ["human", "ai"]
    assert isinstance(loaded["train"].features["audio"], datasets.Audio)


def test_asvspoof_is_read_back_by_its_own_reader_with_the_sound_as_it_was(corpus, split, tmp_path):
    out = tmp_path / "out"
    export(out, layout="asvspoof", source=split, params=tmp_path / "params.yaml")
    rows = READERS["asvspoof2019-la"].read(out)
    assert not [row for row in rows if "reason" in row]
    with (out / "LA" / "clips.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    names = {row["utterance"]: row["path"] for row in table}
    assert {row["segments"] for row in table} == {"", "0.1-0.25 0.3-0.4"}
    known = {row["path"]: row for row in pq.read_table(split).to_pylist() if row["split"] != "dropped"}
    assert len(rows) == len(known) == len(names)
    for row in rows:
        path = names[row["path"].rpartition("/")[2].removesuffix(".flac")]
        assert (row["label"], row["official"]) == (known[path]["label"], known[path]["split"])
        assert row["speaker"] == 'Zoë_"Z",_Jr.'
        assert row["generator"] == ("ASVspoof2019-TTS_one" if row["label"] == "ai" else "")
        copy, rate = soundfile.read(out / row["path"])
        original = soundfile.read(corpus / path)[0]
        exact = re.search(r"[abcd]\.(wav|flac)$", path)
        assert rate == RATE
        np.testing.assert_allclose(copy, np.clip(original, -1, 1), atol=0 if exact else 2**-15)


def test_an_export_that_is_stopped_leaves_nothing_and_goes_on(corpus, tmp_path):
    rows = writers.with_sides(read_folder(corpus))
    stopped = writers.export(corpus, rows, tmp_path / "out", "folder")
    for _ in range(3):
        next(stopped)
    stopped.close()
    assert not (tmp_path / "out").exists()
    unfinished = tmp_path / ".out.unfinished"
    made = {path: path.stat().st_mtime_ns for path in unfinished.rglob("*.*") if path.name != growing.MARK}
    assert len(made) >= 3
    next(written := writers.export(corpus, rows, tmp_path / "out", "folder"))
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert len(list(written)) == len(rows) - 1
    assert not unfinished.exists()
    assert len(read_folder(tmp_path / "out")) == len(rows)


def test_another_export_to_the_same_place_begins_anew(corpus, tmp_path):
    rows = writers.with_sides(read_folder(corpus))
    next(writers.export(corpus, rows, tmp_path / "out", "folder"))
    list(writers.export(corpus, rows[3:7], tmp_path / "out", "folder"))
    assert len(read_folder(tmp_path / "out")) == 4


def test_a_file_that_was_half_written_is_written_again(tmp_path):
    def fail(part):
        part.write_text("half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        growing.fill(tmp_path / "a.wav", fail)
    assert not (tmp_path / "a.wav").exists()
    growing.fill(tmp_path / "a.wav", lambda part: part.write_text("whole"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("command", [export, sample])
def test_a_folder_with_something_in_it_is_not_written_to(corpus, tmp_path, command):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    options = {"layout": "hf"} if command is export else {"clips": 4}
    with pytest.raises(UserError, match="out is there already and not empty"):
        command(tmp_path / "out", source=corpus, params=tmp_path / "none.yaml", **options)


def test_a_recording_that_is_gone_stops_the_export_in_a_sentence(corpus, split, tmp_path):
    (corpus / "human" / "e.wav").unlink()
    with pytest.raises(UserError, match=r"the export stopped, a new run goes on from what is done: .*e\.wav"):
        export(tmp_path / "out", layout="folder", source=split, params=tmp_path / "params.yaml")
    assert not (tmp_path / "out").exists()


def test_a_sample_is_a_corpus_of_both_classes(small_corpus, tmp_path, capsys):
    sample(tmp_path / "out", clips=12, by="source", source=small_corpus, params=tmp_path / "none.yaml")
    assert "12 clips (6 human, 6 ai)" in capsys.readouterr().out
    rows = read_folder(tmp_path / "out")
    assert Counter(row["source"] for row in rows if row["label"] == "human").most_common()[-1][1] == 2
    originals = {content(small_corpus, row): facts(row) for row in read_folder(small_corpus)}
    assert all(originals[content(tmp_path / "out", row)] == facts(row) for row in rows)


CLIPS = st.lists(
    st.fixed_dictionaries({"label": st.sampled_from(["human", "ai"]), "source": st.sampled_from("abcde")}),
    min_size=1,
    max_size=40,
)


@given(CLIPS, st.integers(1, 50), st.integers(0, 3))
def test_a_sample_has_as_many_as_asked_and_no_group_is_passed_over(clips, n, seed):
    rows = [{**row, "path": str(number)} for number, row in enumerate(clips)]
    drawn = sampled(rows, n, "source", seed)
    assert len(drawn) == min(n, len(rows))
    assert drawn == [row for row in rows if row in drawn]
    whole = Counter((row["label"], row["source"]) for row in rows)
    taken = Counter((row["label"], row["source"]) for row in drawn)
    counts = Counter(row["label"] for row in drawn)
    halves = {label: sum(row["label"] == label for row in rows) for label in ("human", "ai")}
    assert abs(counts["human"] - counts["ai"]) <= 1 or any(counts[label] == halves[label] for label in halves)
    for (label, _), number in taken.items():  # who has more than another has it as that one has no more
        others = [(taken[group], whole[group]) for group in whole if group[0] == label]
        assert all(count >= number - 1 or count == there for count, there in others)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=12))
def test_names_are_plain_and_none_is_another_in_another_case(names):
    rows = [{"label": "ai", "source": source, "path": f"x/{name}"} for source, name in names]
    paths = paths_of(rows)
    assert len({path.lower() for path in paths}) == len(rows)
    assert all(re.fullmatch(r"ai(/[\w+-][\w+.-]*){1,2}", path, re.ASCII) for path in paths)
