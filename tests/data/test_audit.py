"""Shortcuts and duplicates are planted into real recordings: each must be found, and nothing where there is none."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
import soxr
import yaml

from bonafide.audio.conditioning import AudioSettings
from bonafide.audit.asking import NEIGHBOURS, ask_all
from bonafide.audit.duplicates import duplicates
from bonafide.audit.findings import AuditSettings, refuse, report_of, sentences
from bonafide.audit.probes import measure_part
from bonafide.clips.preparation import prepare_part
from bonafide.corpus.table import CATALOG, SPLIT, as_table
from bonafide.errors import UserError
from bonafide.files import sha256

STAGE = Path(__file__).parents[2] / "stages" / "audit.py"
RATE = 16000
CLIPS = 160
AUDIO = AudioSettings(RATE, 40, 0.3, 8, 60, -26)
SETTINGS = AuditSettings(0.7, None, "clips", "fail", 0.9, 7, 200, 1)


@pytest.fixture(scope="module")
def recordings(voices):
    """Two seconds each of human recordings, at most 6 of a speaker, no sound twice."""
    with (voices / "clips.csv").open(encoding="utf-8") as file:
        human = [row for row in csv.DictReader(file) if row["label"] == "human" and float(row["seconds"]) >= 2]
    taken: dict[str, list[str]] = {}
    for row in human:
        if not row["speaker"].startswith("lj"):  # one voice that many sources hold
            taken.setdefault(row["speaker"], []).append(row["path"])
    paths = sorted(path for of_speaker in taken.values() for path in of_speaker[:6])
    chosen = np.random.default_rng(1).choice(paths, CLIPS, replace=False)
    return [soundfile.read(voices / path, dtype="float32")[0][: 2 * RATE] for path in chosen]


def edges(samples):
    silence = np.zeros(13 * 320, np.float32)  # whole frames of the trimming, so that lengths come back as they were
    return np.concatenate([silence, samples, silence])


def band_limited(samples):
    return soxr.resample(soxr.resample(samples, RATE, 8000), 8000, RATE)


# What is done to every ai clip: samples, rate, file type; the probes that must find it, and whether it stays audible.
PLANTS = {
    "rate": (lambda x: soxr.resample(x, RATE, 22050), 22050, "wav", ["native rate"], False),
    "silence": (edges, RATE, "wav", ["digital zeros", "edge silence", "length"], False),
    "loud": (lambda x: np.clip(x * 0.9 / np.abs(x).max(), -1, 1), RATE, "wav", ["level"], False),
    "offset": (lambda x: x * 0.8 + 0.02, RATE, "wav", ["DC offset", NEIGHBOURS], False),
    "container": (lambda x: x, RATE, "flac", ["container and coding"], False),
    "band": (band_limited, RATE, "wav", ["bandwidth", "band energies"], True),
}
LATER = ("rate", "silence", "loud", "offset")  # found as the others are, by a row of one table each


def write(root, samples, name, rate, suffix):
    path = root / f"{name}.{suffix}"
    soundfile.write(path, samples.astype(np.float32), rate)
    return path


def row(file, label, split, number, **more):
    """A row of the split table; every eighth clip of a class and side has the same speaker, source and generator."""
    group = f"{label}-{split}-{number % 8}"
    info = soundfile.info(file)
    return {
        **{field.name: "" if field.type == pa.string() else 0 for field in CATALOG},
        "segments": [],
        **dict.fromkeys(("speaker_seen", "source_seen", "generator_seen"), False),
        **dict.fromkeys(("clip", "path"), file.name),
        "sha256": sha256(file),
        **dict.fromkeys(("speaker", "source"), group),
        "generator": group if label == "ai" else "",
        "label": label,
        "language": "en",
        "seconds": info.duration,
        "native_rate": info.samplerate,
        "native_format": f"{info.format}/{info.subtype}",
        "split": split,
        **more,
    }


def plant(root, recordings, change=lambda x: x, rate=RATE, suffix="wav"):
    """Write `recordings` half as human, half as changed ai; return the rows of their split table."""
    root.mkdir(exist_ok=True)
    quieter = [samples * 0.5 for samples in recordings]
    is_ai = np.random.default_rng(2).permutation(len(quieter)) % 2 == 0
    rows = []
    for number, (samples, ai) in enumerate(zip(quieter, is_ai, strict=True)):
        made = (change(samples), rate, suffix) if ai else (samples, RATE, "wav")
        file = write(root, made[0], f"{number:04}", *made[1:])
        split = "train" if number < 0.6 * len(quieter) else "test"
        rows.append(row(file, "ai" if ai else "human", split, number))
    return rows


def measured(root, rows, clips):
    """The rows as the stage sees them, and their conditioned clips in one part in folder `clips`."""
    clips.mkdir()
    catalog = [{name: each[name] for name in CATALOG.names} for each in rows]
    pq.write_table(prepare_part((str(root), catalog), AUDIO), clips / "part-0000.parquet")
    facts = measure_part((str(root), str(clips / "part-0000.parquet")), AUDIO).to_pandas()
    return as_table(rows, SPLIT).to_pandas().merge(facts, on="clip", validate="one_to_one")


@pytest.fixture(autouse=True)
def store(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("BONAFIDE_STORE", str(tmp_path_factory.getbasetemp() / "store"))
    monkeypatch.setenv("BONAFIDE_WORKERS", "1")


def audited(rows):
    return {(each.view, each.name): each for each in ask_all(rows, "source", SETTINGS)}


@pytest.fixture(scope="module")
def clean(recordings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    return measured(folder / "raw", plant(folder / "raw", recordings), folder / "clips")


def test_one_channel_for_both_classes_passes(clean):
    outcomes = audited(clean)
    assert max(each.auc for each in outcomes.values()) < 0.7
    assert max(each.train_auc for each in outcomes.values()) < 0.7
    refuse(list(outcomes.values()), [], SETTINGS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LATER else []) for name in PLANTS]
)
def test_a_planted_shortcut_is_found_by_its_probe(recordings, tmp_path, name):
    change, rate, suffix, probes, stays = PLANTS[name]
    rows = measured(tmp_path / "raw", plant(tmp_path / "raw", recordings, change, rate, suffix), tmp_path / "clips")
    outcomes = audited(rows)
    said = sentences(list(outcomes.values()), SETTINGS)
    for probe in probes:
        found = outcomes["files", probe]
        assert found.auc > 0.95, probe
        assert found.low > 0.85, probe  # 200 draws of eight groups a class place this end to some 0.02
        assert found.train_auc > 0.95, probe
        assert found.accuracy > 0.9, probe
        assert any(sentence.startswith(f"from {probe} alone") for sentence in said)
        if ("clips", probe) in outcomes:
            assert (outcomes["clips", probe].auc > 0.95) == stays, probe
            assert any(f"from {probe}" in each and "conditioning brings it down" in each for each in said) != stays


def test_one_language_a_class_is_found(clean):
    languages = np.where(clean["label"] == "ai", "en", "pl")
    found = audited(clean.assign(language=languages))["clips", "language"]
    assert found.auc == 1.0
    assert found.accuracy == 1.0


def test_an_unsaid_language_says_nothing(clean):
    languages = np.where(clean["label"] == "ai", "en", "")
    assert audited(clean.assign(language=languages))["clips", "language"].accuracy == 0.5


@pytest.mark.slow
def test_permuted_labels_hide_a_shortcut_and_swapped_ones_invert_it(clean):
    planted = clean.assign(native_format=np.where(clean["label"] == "ai", "MP3", "WAV"))
    permuted = planted.assign(label=np.random.default_rng(3).permutation(planted["label"]))
    assert 0.35 < audited(permuted)["files", "container and coding"].auc < 0.65
    other = planted["label"].map({"ai": "human", "human": "ai"})
    swapped = audited(planted.assign(label=planted["label"].where(planted["split"] == "train", other)))
    assert swapped["files", "container and coding"].auc == 0.0
    assert "an inverted shortcut" in " ".join(sentences(list(swapped.values()), SETTINGS))


def test_fail_above_names_the_probes(clean):
    rows = clean.assign(native_format=np.where(clean["label"] == "ai", "MP3", "WAV"))
    outcomes = ask_all(rows, "source", SETTINGS)
    strict = AuditSettings(0.7, 0.9, "files", "fail", 0.9, 7, 200, 1)
    with pytest.raises(UserError, match=r"container and coding \(AUC 1.00\)$"):
        refuse(outcomes, [], strict)


@pytest.fixture(scope="module")
def with_duplicates(recordings, tmp_path_factory):
    """Clips of train that come back: as MP3 at another level and start in test, under the other label, as copies."""
    folder = tmp_path_factory.mktemp("duplicates")
    root = folder / "raw"
    rows = plant(root, recordings[:60])
    train = [each for each in rows if each["split"] == "train"]

    def add(of, name, samples, suffix="wav", **more):
        label, split = more.pop("label", of["label"]), more.pop("split", of["split"])
        rows.append(row(write(root, samples, name, RATE, suffix), label, split, 0, **more))

    def sound(of):
        return soundfile.read(root / of["path"], dtype="float32")[0]

    add(train[0], "leak", sound(train[0])[3000:] * 0.3, "mp3", split="test")
    add(train[1], "contrary", sound(train[1]) * 0.7, label="human" if train[1]["label"] == "ai" else "ai")
    add(train[2], "same-side", sound(train[2]))
    declared = next(each for each in train[3:] if each["label"] == "human")
    declared["pair"] = "p"
    add(declared, "declared", sound(declared), label="ai", pair="p")
    partly = [each for each in train[20:] if each["label"] == "human"][1]
    spliced = sound(partly)
    spliced[4000:5000] = sound(train[4])[4000:5000]
    add(partly, "spliced", spliced, label="ai", segments=[{"start": 0.25, "end": 0.3125}])
    codec = {"label": "ai", "family": "codec", "split": "apart"}
    of_test = next(each for each in rows if (each["label"], each["split"]) == ("human", "test"))
    of_train = next(each for each in train[20:] if each["label"] == "human")
    for name, of in (("codec-of-test", of_test), ("codec-of-train", of_train)):
        add(of, name, sound(of), **codec)
    librosa = pytest.importorskip("librosa")
    for number, each in enumerate(train[10:20]):
        magnitudes = np.abs(librosa.stft(sound(each), n_fft=1024))
        made = librosa.griffinlim(magnitudes, n_iter=16, n_fft=1024, random_state=1)
        add(each, f"vocoded-{number}", made, split="test")
    return measured(root, rows, folder / "clips"), root, folder / "clips", train


@pytest.mark.slow
def test_duplicates_are_found_with_their_paths_and_vocoded_or_spliced_copies_are_none(with_duplicates):
    rows, _, clips, train = with_duplicates
    found = duplicates(rows, clips, RATE, same_above=0.9)
    (heard,) = (each for each in found if "codec-of-train.wav" in each.paths)
    assert (heard.across, heard.contrary, set(heard.splits)) == (True, False, {"train", "apart"})
    found.remove(heard)  # the other one, a tested person through a codec, is that person's sound
    assert {each.paths for each in found} == {(train[0]["path"], "leak.mp3"), (train[1]["path"], "contrary.wav")}
    leak = next(each for each in found if "leak.mp3" in each.paths)
    assert (leak.across, leak.contrary, leak.splits) == (True, False, ("train", "test"))
    contrary = next(each for each in found if "contrary.wav" in each.paths)
    assert (contrary.across, contrary.contrary) == (False, True)
    report = report_of([], found, SETTINGS)
    assert (report["duplicates"]["across_splits"], report["duplicates"]["across_labels"]) == (1, 1)
    assert f"{train[0]['path']} (train, {train[0]['label']}) = leak.mp3 (test" in " ".join(report["findings"])


@pytest.mark.slow
def test_the_stage_writes_its_report_and_stops_at_duplicates(with_duplicates, tmp_path):
    rows, root, clips, _ = with_duplicates
    pq.write_table(pa.Table.from_pandas(rows[SPLIT.names], schema=SPLIT, preserve_index=False), tmp_path / "split")
    done = stage(tmp_path, root, clips, "fail")
    assert done.returncode == 1, done.stderr
    assert "leak.mp3" in done.stderr
    assert "contrary.wav" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "audit.passed").exists()
    first = (tmp_path / "audit.json").read_bytes()
    assert json.loads(first)["duplicates"]["across_splits"] == 2
    assert set(pd.read_csv(tmp_path / "audit.csv")["view"]) == {"files", "clips"}
    again = stage(tmp_path, root, clips, "warn")
    assert again.returncode == 0, again.stderr
    assert "leak.mp3" in again.stdout
    assert (tmp_path / "audit.json").read_bytes() == first
    assert (tmp_path / "audit.passed").is_file()


def stage(folder, root, clips, on_duplicates):
    audit = {"warn_above": 0.7, "fail_above": None, "fail_on": "clips", "on_duplicates": on_duplicates}
    audit |= {"same_above": 0.9, "k": 7, "replicates": 100, "seed": 1}
    audio = {"rate": RATE, "trim_db": 40, "min_seconds": 0.3, "max_seconds": 8, "read_seconds": 60, "level_dbfs": -26}
    split = {"group": "source", "dev": 0.2, "test": 0.2, "on_overlap": "drop", "seed": 1}
    params = {"audit": audit, "audio": audio, "split": split, "corpus": {"root": str(root)}}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    paths = [folder / "params.yaml", folder / "split", clips]
    paths += [folder / f"audit.{out}" for out in ("json", "csv", "passed")]
    return subprocess.run(
        [sys.executable, STAGE, *paths],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "BONAFIDE_STORE": str(folder / "store"), "BONAFIDE_WORKERS": "1"},
        check=False,
    )
