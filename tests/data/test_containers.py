"""Three corpora, one in files, one in tables and one in shards, become the same clips as from files alone."""

import csv
import io
import json
import tarfile
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bonafide.audio.conditioning import AudioSettings
from bonafide.clips.preparation import prepare_part
from bonafide.corpus import catalog, splits
from bonafide.corpus.catalog import CorpusSettings, examine, settle
from bonafide.corpus.corpora import read_corpora
from bonafide.corpus.official import official_split
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.rows import LABELS
from bonafide.corpus.splits import SplitSettings, split
from bonafide.pipeline.params import read_section

ROOT = Path(__file__).parents[2]
FACTS = ("speaker", "generator", "source", "language", "pair")
PLACES = {"codec2": "files", "prompts-es-co": "tables", "prompts-fr-armelle": "shards"}  # by the source of a person
READERS = [
    {"reader": "folder", "path": "files"},
    {"reader": "hf-parquet", "path": "tables", "columns": {"path": "speech", "speaker": "who"}},
    {"reader": "webdataset", "path": "shards", "labels": {"0": "human", "1": "ai"}},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory, small_corpus):
    """The small corpus below ``raw``: what engines spoke in files, the rest by its source."""
    home = tmp_path_factory.mktemp("containers")
    laid: dict[str, list] = {place: [] for place in PLACES.values()}
    for row in read_folder(small_corpus):
        laid[PLACES.get(row["source"], "files")].append((row, (small_corpus / row["path"]).read_bytes()))
    for folder, lay_out in {"files": in_files, "tables": in_tables, "shards": in_shards}.items():
        (home / "raw" / folder).mkdir(parents=True)
        lay_out(home / "raw" / folder, laid[folder])
    return home


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Measure no file twice, and search for a split no longer than a large corpus can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "MOST_MOVES", splits.FEWEST_MOVES)
        patch.setattr(catalog, "measured", cache(catalog.measured))
        yield


def in_files(folder, clips):
    for row, sound in clips:
        (folder / row["path"]).parent.mkdir(parents=True, exist_ok=True)
        (folder / row["path"]).write_bytes(sound)
    with (folder / "clips.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ("path", *FACTS), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(row for row, _ in clips)


def in_tables(folder, clips):
    records = [
        {
            "speech": {"bytes": sound, "path": Path(row["path"]).name},
            "label": "bonafide" if row["label"] == "human" else "spoof",
            "who": row["speaker"],
            **{fact: row[fact] for fact in FACTS[1:]},
        }
        for row, sound in clips
    ]
    records.append({**records[0], "speech": None})
    pq.write_table(pa.Table.from_pylist(records), folder / "train-00000-of-00001.parquet", row_group_size=7)


def in_shards(folder, clips):
    for number in range(2):
        with tarfile.open(folder / f"{number:06d}.tar", "w") as archive:
            for row, sound in clips[number::2]:
                path = Path(row["path"])
                content = json.dumps({"label": LABELS.index(row["label"]), **{fact: row[fact] for fact in FACTS}})
                add(archive, f"{path.parent.name}/{path.name}", sound)
                add(archive, f"{path.parent.name}/{path.stem}.json", content.encode())
            add(archive, "alone.json", b"{}")


def add(archive, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def run(home, readers, **chosen):
    """Return the clips with their sides, and what cannot be used, as the stages make them of params alone."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["corpus"] |= {"root": str(home / "raw"), "readers": readers}
    params["split"] |= chosen
    file = home / "params.yaml"
    file.write_text(yaml.safe_dump(params))
    corpus, audio = read_section(file, "corpus", CorpusSettings), read_section(file, "audio", AudioSettings)
    rows = read_corpora(Path(corpus.root), corpus.readers)
    clips, rejects = settle([examine(Path(corpus.root), row, audio) for row in rows])
    sides = official_split if chosen.get("official") else split
    return sides(clips, read_section(file, "split", SplitSettings)), [(row["path"], row["reason"]) for row in rejects]


@pytest.mark.slow
def test_the_same_clips_come_of_files_tables_and_shards(home, small_corpus):
    clips, rejects = run(home, READERS)
    assert rejects == [
        ("shards/000000.tar/alone.json", "the shard holds no recording of its name"),
        ("shards/000001.tar/alone.json", "the shard holds no recording of its name"),
        ("tables/train-00000-of-00001.parquet", f"row {number_of(home)}: it holds no sound"),
    ]
    audio = read_section(ROOT / "params.yaml", "audio", AudioSettings)
    plain, _ = settle([examine(small_corpus, row, audio) for row in read_folder(small_corpus)])
    known = ("clip", "sha256", "label", *FACTS, "seconds", "native_format")
    for row, same in zip(clips, plain, strict=True):
        local = {"pair": row["pair"].partition("/")[2]}  # of its corpus, whose name stands before it
        assert {fact: (row | local)[fact] for fact in known} == {fact: same[fact] for fact in known}
    from_all = prepare_part((str(home / "raw"), clips[::3]), audio)
    from_files = prepare_part((str(small_corpus), plain[::3]), audio)
    assert from_all.column("audio").equals(from_files.column("audio"))
    assert {row["split"] for row in clips} >= {"train", "dev", "test"}


def number_of(home):
    return pq.read_metadata(home / "raw" / "tables" / "train-00000-of-00001.parquet").num_rows - 1


@pytest.mark.slow
def test_training_on_tables_and_testing_on_shards_needs_params_alone(home):
    files, tables, shards = READERS
    searched = [{**files, "side": "search"}, {**tables, "side": "search"}]
    clips, _ = run(home, [*searched, {**shards, "side": "test"}], official=True)
    sides = {side: {row["path"].split("/")[0] for row in clips if row["split"] == side} for side in ("train", "dev")}
    assert sides["train"] | sides["dev"] == {"files", "tables"}
    assert {row["path"].split("/")[0] for row in clips if row["split"] == "test"} == {"shards"}
    for side in ("train", "dev", "test"):
        assert {row["label"] for row in clips if row["split"] == side} == {"human", "ai"}
