"""`bonafide corpus check`: what it recognises, what it finds wrong, and what it says of it."""

import csv
import os
import re
import shutil
from pathlib import Path

import pytest
import soundfile
import yaml

from bonafide.commands.corpus_check import check
from bonafide.corpus import catalog, checking
from bonafide.corpus.catalog import CorpusSettings, ReaderSettings
from bonafide.corpus.entries import entries_of
from bonafide.corpus.opening import place_of, read
from bonafide.corpus.readers.folder import read_folder
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section

RATE = 16000
NO_PARAMS = Path("there-are-no-params.yaml")


@pytest.fixture
def corpus(tmp_path, voice):
    """A folder of 24 clips of real speech: six sources of each class, two clips each, and all that is known of them."""
    root = tmp_path / "corpus"
    rows = []
    for number in range(24):
        label, source = ("human", "ai")[number % 2], number // 4
        path = f"{label}/{label}-{source}/clip{number}.wav"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / path, voice[number * 4000 : number * 4000 + RATE], RATE)
        generator = f"g{source}" if label == "ai" else ""
        rows.append({"path": path, "speaker": f"{label}-{source}", "generator": generator})
    with (root / "clips.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "speaker", "generator"])
        writer.writeheader()
        writer.writerows(rows)
    return root


def said(capsys, *arguments, **options):
    check(*arguments, **{"params": NO_PARAMS, **options})
    return capsys.readouterr().out


def test_a_sound_corpus_is_counted_divided_and_can_be_used(corpus, capsys):
    text = said(capsys, corpus)
    assert text.startswith(f"{corpus}: reader folder, as it has ai\n")
    assert re.search(r"^human +12 +6 +6 +0", text, re.MULTILINE)
    assert re.search(r"^ai +12 +6 +6 +6", text, re.MULTILINE)
    assert "Headers of 24 recordings: WAV/PCM_16 24; 16000 Hz 24." in text
    assert re.search(r"^train: \d+ human, \d+ ai; ", text, re.MULTILINE)
    assert text.endswith(f"{corpus} can be used.\n")


def test_the_lines_for_params_are_read_as_the_same_corpus(corpus, capsys, tmp_path):
    odd = corpus.rename(tmp_path / 'a, "b"')
    text = said(capsys, odd)
    params = tmp_path / "params.yaml"
    params.write_text(text[text.index("\ncorpus:\n") : text.rindex("\n\n")])
    settings = read_section(params, "corpus", CorpusSettings)
    assert settings == CorpusSettings(str(odd), (ReaderSettings("folder", "."),))


@pytest.mark.parametrize("path", ["true", "1e3", "2021", "a: b", "Zoë", "a/b c", "."])
def test_any_path_is_a_text_in_the_lines_for_params(path):
    lines = checking.params_lines(Path(path), [("folder", path)])
    assert yaml.safe_load(lines) == {"corpus": {"root": path, "readers": [{"reader": "folder", "path": path}]}}


def test_what_can_be_of_no_use_is_listed_and_hangs_nothing(corpus, capsys):
    os.mkfifo(corpus / "human" / "pipe.wav")
    (corpus / "ai" / "gone.wav").symlink_to("nowhere.wav")
    (corpus / "human" / "empty.wav").touch()
    (corpus / "ai" / "notes.wav").write_text("no sound, but a note")
    (corpus / "ai" / "call.wma").write_text("what may be sound")
    Path(os.fsdecode(os.fsencode(corpus / "human") + b"/\xe9.wav")).touch()
    text = said(capsys, corpus)
    listed = text[text.index("Of no use:") :]
    assert "1 × it is a FIFO, not a file; the first: human/pipe.wav" in listed
    assert "1 × the link leads to what is not there; the first: ai/gone.wav" in listed
    assert "1 × the file is empty; the first: human/empty.wav" in listed
    assert "1 × the file's name is not in UTF-8: rename it; the first: human/\\xe9.wav" in listed
    assert "2 × not audio: the content is of no known format; the first: ai/call.wma" in listed
    assert "can be used" in listed


def test_files_that_may_be_there_twice_are_named(corpus, capsys):
    (corpus / "ai" / "more").mkdir()
    shutil.copy(corpus / "ai" / "ai-0" / "clip1.wav", corpus / "ai" / "more")
    assert "1 file may be there twice, by name and size, the first ai/ai-0/clip1.wav" in said(capsys, corpus)


def test_sound_that_a_published_layout_passes_over_is_named(tmp_path, corpus, capsys):
    lines = ["file,speaker,label"]
    for number, row in enumerate(read_folder(corpus)):
        shutil.copy(corpus / row["path"], tmp_path / f"{number}.wav")
        lines.append(f"{number}.wav,{row['speaker']},{'spoof' if row['label'] == 'ai' else 'bona-fide'}")
    shutil.rmtree(corpus)
    (tmp_path / "meta.csv").write_text("\n".join(lines))
    (tmp_path / "99.amr").write_text("sound")
    text = said(capsys, tmp_path)
    assert "passed over: 1 file in .amr, which may hold sound" in text
    assert "no ai clip says its generator" in text


def test_all_of_it_decoded_shows_what_no_header_tells(corpus, capsys, monkeypatch):
    monkeypatch.setattr(catalog, "run_all", lambda function, tasks, rescue: map(function, tasks))  # in this process
    shutil.copy(corpus / "ai" / "ai-0" / "clip1.wav", corpus / "human" / "same.wav")
    assert "labelled both human and ai:" not in said(capsys, corpus)
    text = said(capsys, corpus, everything=True)
    assert "2 × the same content is labelled both human and ai" in text


def test_a_corpus_that_may_be_two_things_names_both_and_takes_the_larger(corpus, capsys):
    (corpus / "meta.csv").write_text("file,speaker,label\nhuman/human-0/clip0.wav,Ann,bona-fide\n")
    text = said(capsys, corpus)
    assert f"{corpus}: reader folder, as it has ai" in text
    assert "it may be in-the-wild too, as it has meta.csv: --reader in-the-wild reads it so" in text
    with pytest.raises(UserError, match="no clip is labelled 'ai'"):
        check(corpus, reader="in-the-wild", params=NO_PARAMS)


def test_corpora_beside_each_other_are_several_readers(corpus, capsys, tmp_path):
    (tmp_path / "wild" / "release_in_the_wild").mkdir(parents=True)
    shutil.copy(corpus / "human" / "human-0" / "clip0.wav", tmp_path / "wild" / "release_in_the_wild" / "0.wav")
    (tmp_path / "wild" / "release_in_the_wild" / "meta.csv").write_text("file,speaker,label\n0.wav,Ann,bona-fide\n")
    text = said(capsys, tmp_path)
    readers = yaml.safe_load(text[text.index("\ncorpus:\n") : text.rindex("\n\n")])["corpus"]["readers"]
    assert readers == [{"reader": "folder", "path": "corpus"}, {"reader": "in-the-wild", "path": "wild"}]


def test_without_a_path_it_is_the_corpus_of_params(corpus, capsys, tmp_path):
    params = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text())
    params["corpus"] = {"root": str(corpus), "readers": [{"reader": "folder", "path": "."}], "families": {"tts": "^g"}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    check(params=tmp_path / "params.yaml")
    text = capsys.readouterr().out
    assert text.startswith(".: reader folder, as params.yaml says\n")
    assert re.search(r"^ai +12 +6 +6 +6 +1", text, re.MULTILINE)  # sources, speakers, generators, families
    assert "corpus:" not in text


def only(corpus, label):
    shutil.rmtree(corpus / label)
    with (corpus / "clips.csv").open() as file:
        rows = [line for line in file if not line.startswith(label)]
    (corpus / "clips.csv").write_text("".join(rows))


def one_source(corpus):
    for path in sorted((corpus / "human").glob("human-[2-5]")):
        shutil.rmtree(path)
    text = (corpus / "clips.csv").read_text()
    (corpus / "clips.csv").write_text(re.sub(r"(?m)^human/human-[2-5].*\n", "", text))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (shutil.rmtree, "is not there: name the folder of a corpus, or a table of clips"),
        (lambda corpus: only(corpus, "ai"), "cannot be used as it is: no clip is labelled 'ai'"),
        (one_source, r"cannot be used as it is: the clips labelled 'human' form 2 group\(s\) by source"),
        (
            lambda corpus: (corpus / "clips.csv").write_text("path,label\nhuman/human-0/clip0.wav,maybe\n"),
            r"cannot be used: .*clips\.csv, line 2: unknown label 'maybe'",
        ),
        (
            lambda corpus: (
                [path.rename(corpus / path.name.upper()) for path in corpus.glob("clips.csv")]
                and [(corpus / name).rename(corpus / f"{name}-voices") for name in ("human", "ai")]
            ),
            "is laid out as no reader knows it",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(corpus, spoil, sentence):
    spoil(corpus)
    with pytest.raises(UserError, match=sentence):
        check(corpus, params=NO_PARAMS)


def test_a_reader_that_is_not_there_is_refused(corpus):
    with pytest.raises(UserError, match="there is no reader 'wild'; there are folder, table"):
        check(corpus, reader="wild", params=NO_PARAMS)


def test_a_folder_is_looked_through_without_opening_a_file(corpus, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("a file was opened")

    monkeypatch.setattr("builtins.open", forbidden)
    monkeypatch.setattr(Path, "open", forbidden)
    assert len(entries_of(corpus).sizes) == 25


def test_a_table_of_clips_is_read_as_one(corpus, capsys):
    table = corpus / "list.tsv"
    rows = read_folder(corpus)
    lines = ["path\tlabel\tspeaker\tsource\tgenerator"]
    lines += ["\t".join(row[name] for name in ("path", "label", "speaker", "source", "generator")) for row in rows]
    table.write_text("\n".join(lines))
    assert "- {reader: table, path: list.tsv}" in said(capsys, table)
    clips, rejects = read(place_of(table, "", NO_PARAMS), NO_PARAMS)
    assert ({row["path"] for row in clips}, rejects) == ({row["path"] for row in rows}, [])
