"""A small demo corpus from the smallest packages, built twice; some seconds and 15 MB."""

import csv
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bonafide.demo.build import COLUMNS, build
from bonafide.demo.debian import fetch
from bonafide.demo.settings import DemoSettings
from bonafide.errors import UserError

SETTINGS = DemoSettings(
    minutes=1.2,
    sources={"codec2": 2, "prompts-es-co": 2, "prompts-fr-armelle": 2},
    engines={"pico": 2, "espeak": 1},
    copy_share=0.4,
    min_seconds=1.5,
    max_seconds=8,
    seed=1,
)
WORK = Path(__file__).parents[2] / ".bonafide"

pytestmark = pytest.mark.skipif(
    shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None, reason="needs apt-get and dpkg-deb"
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    for module in ("G722", "espeakng_loader", "py_nanotts", "pyworld"):
        pytest.importorskip(module)
    home = tmp_path_factory.mktemp("demo")
    try:
        build(home / "out", SETTINGS, _work(home))
    except UserError as error:
        if "network" in str(error):
            pytest.skip(str(error))
        raise
    return home / "out"


def _work(home):
    """A work folder of its own over the project's downloads."""
    downloads = WORK / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    work = home / "work"
    work.mkdir()
    (work / "downloads").symlink_to(downloads)
    return work


@pytest.fixture(scope="module")
def rows(corpus):
    with (corpus / "clips.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_names_every_file_and_no_other(corpus, rows):
    assert tuple(rows[0]) == COLUMNS
    assert {row["path"] for row in rows} == {file.relative_to(corpus).as_posix() for file in corpus.rglob("*.flac")}


def test_clips_are_speech_of_the_promised_form(corpus, rows):
    for row in rows:
        samples, rate = soundfile.read(corpus / row["path"])
        assert (rate, samples.ndim) == (16000, 1)
        assert SETTINGS.min_seconds - 0.01 <= samples.size / rate <= SETTINGS.max_seconds + 0.01
        assert np.sqrt(np.mean(samples**2)) > 0.003


def test_classes_and_languages_are_balanced(corpus, rows):
    seconds = Counter()
    for row in rows:
        seconds[row["language"], row["label"]] += soundfile.info(corpus / row["path"]).duration
    for language in ("en", "es", "fr"):
        assert seconds[language, "ai"] == pytest.approx(seconds[language, "human"], rel=0.6)


def test_every_pair_is_a_recording_and_its_copy(rows):
    pairs = {row["pair"] for row in rows} - {""}
    assert pairs
    for pair in pairs:
        by_label = {row["label"]: row for row in rows if row["pair"] == pair}
        human, ai = by_label["human"], by_label["ai"]
        assert human["speaker"] == ai["speaker"]
        assert human["source"] == ai["source"]


def test_three_groups_share_no_source_speaker_or_generator(rows):
    seen = set()
    for source in SETTINGS.sources:
        ours = [row for row in rows if row["source"] == source]
        assert {row["label"] for row in ours} == {"human", "ai"}
        names = {row["speaker"] for row in ours} | {row["generator"] for row in ours} - {""}
        assert not names & seen
        seen |= names


def test_credits_name_every_source_and_engine(corpus):
    page = (corpus / "CREDITS.md").read_text(encoding="utf-8")
    for name in (*SETTINGS.sources, *SETTINGS.engines, "world", "griffinlim", "lpc", "not a benchmark"):
        assert name in page


@pytest.mark.slow
def test_one_worker_and_a_new_work_folder_give_the_same_bytes(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("BONAFIDE_WORKERS", "1")
    build(tmp_path / "out", SETTINGS, _work(tmp_path))
    first, second = _bytes(corpus), _bytes(tmp_path / "out")
    assert [name for name in first | second if first.get(name) != second.get(name)] == []


def _bytes(root):
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_without_apt_the_message_says_what_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get"):
        fetch(["flite"], tmp_path / "downloads", tmp_path / "unpacked")
