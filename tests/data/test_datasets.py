"""Clips and features come out of the Parquet parts as pandas, Hugging Face datasets and tf.data."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import soundfile

from bonafide import datasets
from bonafide.audio.conditioning import AudioSettings, condition, from_flac, to_flac
from bonafide.audio.decoding import decode
from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrogram
from bonafide.clips.features import FeatureSettings, feature_part
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import AUDIO, SPLIT, part_of
from bonafide.errors import UserError, how_to_install
from bonafide.pipeline.params import read_section
from bonafide.pipeline.parts import part_name
from bonafide.pipeline.tables import write_table

PARAMS = Path(__file__).parents[2] / "params.yaml"
SIDES = ("train", "dev", "test")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, small_corpus):
    """A folder with clips/, features/ and split.parquet of 18 clips, as the stages write them."""
    audio, mel = read_section(PARAMS, "audio", AudioSettings), read_section(PARAMS, "features", SpectrogramSettings)
    folder = tmp_path_factory.mktemp("prepared")
    parts: dict = {}
    rows = []
    for number, known in enumerate(read_folder(small_corpus)[::4][:18]):
        samples = condition(decode(small_corpus / known["path"], max_seconds=60), audio)
        clip = {
            **known,
            "clip": f"{number:02d}",
            "sha256": "",
            "seconds": samples.size / audio.rate,
            "level_dbfs": -26.0,
            "copy": 0,
            "audio": {"bytes": to_flac(samples, audio.rate), "path": f"{number:02d}.flac"},
        }
        parts.setdefault(part_of(clip["clip"], 3), []).append(clip)
        seen = {"speaker_seen": False, "source_seen": False, "generator_seen": False}
        rows.append({**clip, "split": SIDES[number % 3], **seen})
    for part, clips in parts.items():
        write_table(pa.Table.from_pylist(clips, schema=AUDIO), folder / "clips" / part_name(part))
        table = feature_part([str(folder / "clips" / part_name(part))], FeatureSettings(mel, audio.rate))
        write_table(table, folder / "features" / part_name(part))
    write_table(pa.Table.from_pylist(rows, schema=SPLIT), folder / "split.parquet")
    assert {row["label"] for row in rows} == {"human", "ai"}
    return folder, {row["clip"]: row for row in rows}


def test_pandas_gets_the_clips_of_a_side_without_their_sound(prepared):
    folder, rows = prepared
    everything = datasets.load_clips(folder / "clips")
    assert sorted(everything["clip"]) == sorted(rows)
    assert "audio" not in everything
    dev = datasets.load_clips(folder / "clips", split="dev", table=folder / "split.parquet", audio=True)
    assert sorted(dev["clip"]) == sorted(clip for clip, row in rows.items() if row["split"] == "dev")
    for clip in dev.to_dict("records"):
        assert clip["speaker"] == rows[clip["clip"]]["speaker"]
        assert clip["audio"]["bytes"] == rows[clip["clip"]]["audio"]["bytes"]


@pytest.mark.parametrize("streaming", [False, True])
def test_hugging_face_gets_an_audio_column_and_class_labels(prepared, tmp_path, monkeypatch, streaming):
    library = pytest.importorskip("datasets", reason="needs: pip install -e '.[datasets]'")
    monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    library.disable_progress_bars()
    folder, rows = prepared
    found = datasets.load_audio(folder / "clips", split="test", table=folder / "split.parquet", streaming=streaming)
    assert isinstance(found, library.IterableDataset if streaming else library.Dataset)
    assert isinstance(found.features["audio"], library.Audio)  # what its viewer plays
    assert found.features["label"].names == ["human", "ai"]
    clips = list(found)
    assert sorted(clip["clip"] for clip in clips) == sorted(c for c, row in rows.items() if row["split"] == "test")
    for clip in clips:
        assert found.features["label"].int2str(clip["label"]) == rows[clip["clip"]]["label"]
        samples, rate = soundfile.read(io.BytesIO(clip["audio"]["bytes"]))
        assert samples.size / rate == pytest.approx(clip["seconds"])


def test_the_parts_are_what_hugging_face_reads_as_audio(prepared):
    """Its Audio feature is stored as a struct of bytes and path: no conversion is needed to publish the parts."""
    folder, _ = prepared
    for path in (folder / "clips").iterdir():
        kind = pa.parquet.read_schema(path).field("audio").type
        assert kind == pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def test_tf_data_gets_spectrograms_with_labels(prepared):
    """In a process of its own: TensorFlow is not to stay in this one."""
    folder, rows = prepared
    code = f"""
import json, numpy as np
from bonafide.datasets import load_features
found = load_features({str(folder / "features")!r}, split="train", table={str(folder / "split.parquet")!r})
assert [spec.dtype.name for spec in found.element_spec] == ["float16", "int32"], found.element_spec
print(json.dumps([[list(mel.shape), float(mel.numpy().astype(float).mean()), int(label)] for mel, label in found]))
assert len(list(found)) == 6, "a second pass sees the same"
"""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    if how_to_install("pipeline") in done.stderr:
        pytest.skip("needs TensorFlow: pip install -e '.[pipeline]'")
    assert done.returncode == 0, done.stderr[-2000:]
    settings = read_section(PARAMS, "features", SpectrogramSettings).bands
    expected = []
    for row in rows.values():
        if row["split"] == "train":
            mel = log_spectrogram(from_flac(row["audio"]["bytes"]), 16000, settings)
            expected.append([list(mel.shape), mel.astype(float).mean(), int(row["label"] == "ai")])
    found = sorted(json.loads(done.stdout.splitlines()[-1]))
    assert [one[0] for one in found] == [one[0] for one in sorted(expected)]
    assert np.allclose([one[1:] for one in found], [one[1:] for one in sorted(expected)])


@pytest.mark.parametrize(
    ("module", "load", "extra"),
    [
        ("pandas", datasets.load_clips, "pipeline"),
        ("datasets", datasets.load_audio, "datasets"),
        ("tensorflow", datasets.load_features, "pipeline"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, module, load, extra):
    monkeypatch.setattr(datasets, "find_spec", lambda name: None if name == module else pytest.fail(name))
    with pytest.raises(UserError, match=re.escape(f"needs {module}: {how_to_install(extra)}")):
        load("nowhere")


def test_what_is_not_there_is_said(prepared, tmp_path):
    folder, _ = prepared
    with pytest.raises(UserError, match="holds no parts: run 'dvc repro'"):
        datasets.load_clips(tmp_path)
    with pytest.raises(UserError, match="there is no split 'eval', only train, dev, test"):
        datasets.load_clips(folder / "clips", split="eval", table=folder / "split.parquet")
    with pytest.raises(UserError, match=r"none\.parquet is not there"):
        datasets.load_clips(folder / "clips", split="dev", table=tmp_path / "none.parquet")
