"""Three corpora, each as it is published, go through the stages catalog and split together."""

import csv
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from bonafide.corpus.entries import entries_of
from bonafide.corpus.opening import place_of
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.recognition import candidates

ROOT = Path(__file__).parents[2]
CORPORA = {"codec2": "own", "prompts-es-co": "asvspoof", "prompts-fr-armelle": "wild"}  # by the source of a human clip
PARTS = ("train", "dev", "eval")


@pytest.fixture(scope="module")
def home(tmp_path_factory, small_corpus):
    """The small corpus in three layouts below ``raw``; what engines spoke lies in `own`."""
    home = tmp_path_factory.mktemp("corpora")
    laid: dict[str, list] = {"own": [], "asvspoof": [], "wild": []}
    for row in read_folder(small_corpus):
        laid[CORPORA.get(row["source"], "own")].append(row)
    lay_out_folder(small_corpus, home / "raw" / "own", laid["own"])
    lay_out_asvspoof(small_corpus, home / "raw" / "asvspoof" / "LA", laid["asvspoof"])
    lay_out_in_the_wild(small_corpus, home / "raw" / "wild" / "release_in_the_wild", laid["wild"])
    return home


def lay_out_folder(corpus, folder, rows):
    for row in rows:
        put(corpus, row, folder / row["path"])
    with (folder / "clips.csv").open("w", newline="") as file:
        columns = ("path", "speaker", "generator", "source", "pair")
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def lay_out_asvspoof(corpus, folder, rows):
    lines: dict[str, list[str]] = {part: [] for part in PARTS}
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows):
        part = PARTS[seen[row["label"]] % 3]
        seen[row["label"]] += 1
        clip = f"LA_{part[0].upper()}_{number:07d}"
        word, attack = ("spoof", "A01") if row["label"] == "ai" else ("bonafide", "-")
        lines[part].append(f"LA_{part} {clip} - {attack} {word}")
        put(corpus, row, folder / f"ASVspoof2019_LA_{part}" / "flac" / f"{clip}.flac")
    lines["dev"] += ["LA_dev LA_D_9999999 - - bonafide", "LA_dev"]
    for part, kind in zip(PARTS, ("trn", "trl", "trl"), strict=True):
        path = folder / "ASVspoof2019_LA_cm_protocols" / f"ASVspoof2019.LA.cm.{part}.{kind}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines[part]))


def lay_out_in_the_wild(corpus, folder, rows):
    lines = ["file,speaker,label"]
    for number, row in enumerate(rows):
        put(corpus, row, folder / f"{number}.wav")
        lines.append(f"{number}.wav,Armelle,{'spoof' if row['label'] == 'ai' else 'bona-fide'}")
    (folder / "meta.csv").write_text("\n".join(lines))


def put(corpus, row, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(corpus / row["path"], path)


def stage(home, name, *paths, code=0):
    command = [sys.executable, ROOT / "stages" / f"{name}.py", "params.yaml", *paths]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


def configure(home, readers, **split):
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["corpus"] = {"root": "raw", "readers": readers}
    params["split"] |= split
    (home / "params.yaml").write_text(yaml.safe_dump(params))


def sides_after(home, code=0):
    stage(home, "catalog", "catalog.parquet", "rejects.csv")
    done = stage(home, "split", "catalog.parquet", "split.parquet", code=code)
    if code:
        return done.stderr
    return pq.read_table(home / "split.parquet").to_pylist()


OWN = {"reader": "folder", "path": "own"}
ASVSPOOF = {"reader": "asvspoof2019-la", "path": "asvspoof"}
WILD = {"reader": "in-the-wild", "path": "wild"}


def test_three_layouts_are_recognised_each_by_itself_and_together(home):
    for folder, reader in (("own", "folder"), ("asvspoof", "asvspoof2019-la"), ("wild", "in-the-wild")):
        assert [one.reader for one in candidates(entries_of(home / "raw" / folder))] == [reader]
    place = place_of(home / "raw", "", home / "params.yaml")
    chosen = [{"reader": one.reader, "path": one.path} for one in place.readers]
    assert sorted(chosen, key=str) == sorted([OWN, ASVSPOOF, WILD], key=str)


def test_three_layouts_become_one_split_without_a_clip_lost(home, small_corpus):
    configure(home, [OWN, ASVSPOOF, WILD])
    rows = sides_after(home)
    assert len(rows) == len(read_folder(small_corpus))
    assert len({row["clip"] for row in rows}) == len(rows)
    assert {row["source"] for row in rows} >= {"ASVspoof2019-LA", "In-the-Wild", "codec2"}
    counts = Counter((row["split"], row["label"]) for row in rows)
    assert all(counts[side, label] for side in ("train", "dev", "test") for label in ("human", "ai"))
    sides = [{row["source"] for row in rows if row["split"] == side} - {""} for side in ("train", "dev", "test")]
    assert len(set.union(*sides)) == sum(map(len, sides))
    with (home / "rejects.csv").open() as file:
        faults = [(row["path"], row["reason"]) for row in csv.DictReader(file) if row["used"] == "no"]
    protocol = "LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.dev.trl.txt"
    line = len((home / "raw" / "asvspoof" / protocol).read_text().splitlines())
    missing = f"{protocol}, line {line - 1} names the file, but it is not there"
    assert faults == [
        (f"asvspoof/{protocol}", f"line {line}: 1 fields, where 5 are needed"),
        ("asvspoof/LA/ASVspoof2019_LA_dev/flac/LA_D_9999999.flac", missing),
    ]


def test_the_official_sides_of_a_corpus_hold_where_they_are_asked_for(home):
    configure(home, [ASVSPOOF], official=True)
    for row in sides_after(home):
        part = row["path"].split("/")[2].removeprefix("ASVspoof2019_LA_")
        assert row["split"] == {"eval": "test"}.get(part, part)


@pytest.mark.slow
def test_training_on_two_corpora_and_testing_on_a_third_needs_params_alone(home):
    configure(home, [OWN, {**ASVSPOOF, "side": "search"}, {**WILD, "side": "test"}], official=True)
    rows = sides_after(home)
    assert {row["split"] for row in rows if row["path"].startswith("wild/")} == {"test"}
    assert "test" not in {row["split"] for row in rows if not row["path"].startswith("wild/")}
    for side in ("train", "dev"):
        assert {row["label"] for row in rows if row["split"] == side} == {"human", "ai"}


def test_official_sides_that_are_not_there_are_refused_in_a_sentence(home):
    configure(home, [OWN, ASVSPOOF], official=True)
    assert "clips have no official side, the first own/" in sides_after(home, code=1)
