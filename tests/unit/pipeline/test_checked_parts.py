"""The store's checksums: what is damaged is seen, and nothing else is made again."""

import os
import subprocess

import pytest

from bonafide.clips.preparation import prepare_part, prepare_tasks
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.pipeline import checked_parts
from bonafide.pipeline.checked_parts import build

from ..building import PARTS, content, prepare

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def built(tiny_corpus, tmp_path, audio_settings, made):
    """Return a function that builds the parts of a small corpus and returns their content."""
    clips, _ = settle([examine(tiny_corpus, row, audio_settings) for row in read_folder(tiny_corpus)])

    def again():
        build(prepare_part, audio_settings, prepare_tasks(clips, tiny_corpus, PARTS), tmp_path / "out", what="")
        return content(tmp_path / "out")

    return again


def flip(path, start, count=64):
    whole = bytearray(path.read_bytes())
    whole[start : start + count] = bytes(255 - byte for byte in whole[start : start + count])
    path.write_bytes(whole)


@pytest.mark.parametrize("where", ["start", "middle", "end", "checksum"])
def test_flipped_bytes_of_one_part_have_that_one_made_anew(built, store, made, where, capsys):
    first = built()
    part = min(store.glob("*.parquet"))
    size = part.stat().st_size
    place = {"start": 0, "middle": size // 2, "end": size - 64, "checksum": 0}[where]
    flip(part.with_suffix(".sha256") if where == "checksum" else part, place)
    assert built() == first
    assert made == [len(first), 1]
    assert "1 part of " in capsys.readouterr().err
    assert built() == first
    assert made[2] == 0


def test_what_is_written_through_an_out_reaches_no_later_run(built, store, tmp_path, made):
    first = built()
    for path in (tmp_path / "out").iterdir():
        with path.open("ab") as file:
            file.write(b"appended through the out")
    assert built() == first


@pytest.mark.parametrize("left", [0, 1000])
def test_a_part_that_was_cut_short_is_made_anew(built, store, made, left):
    first = built()
    os.truncate(min(store.glob("*.parquet")), left)
    assert built() == first
    assert made == [len(first), 1]


def test_parts_of_before_there_were_checksums_are_taken_and_get_one(
    tiny_corpus, tmp_path, audio_settings, built, store, made
):
    first = prepare(tiny_corpus, tmp_path / "before", audio_settings)
    assert not list(store.glob("*.sha256"))
    assert built() == first
    assert made == [len(first), 0]
    assert len(list(store.glob("*.sha256"))) == len(first)


def test_a_part_without_a_checksum_that_is_no_parquet_is_made_anew(built, store, made):
    first = built()
    part = min(store.glob("*.parquet"))
    part.with_suffix(".sha256").unlink()
    flip(part, part.stat().st_size - 64)
    assert built() == first
    assert made == [len(first), 1]


def test_sha256sum_reads_the_checksums_and_the_evicted_leave_none(built, store):
    built()
    subprocess.run("sha256sum --check --quiet *.sha256", shell=True, cwd=store, check=True)
    part = min(store.glob("*.parquet"))
    part.unlink()
    assert checked_parts.damaged(store.glob("*.parquet")) == []
    checked_parts._forget_evicted(store)
    assert {path.stem for path in store.glob("*.sha256")} == {path.stem for path in store.glob("*.parquet")}
