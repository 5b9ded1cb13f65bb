"""The network learns, the right way round, and the file that people get scores as the pipeline does."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[pipeline]'")

import keras

from bonafide.audio.conditioning import AudioSettings, condition, from_flac
from bonafide.audio.decoding import decode
from bonafide.audio.spectrogram import SpectrogramSettings, band_centres, crops, log_spectrogram
from bonafide.clips.features import FeatureSettings, feature_part, feature_schema
from bonafide.clips.preparation import prepare_part
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.errors import UserError
from bonafide.evaluation.scored_clips import score_clips
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import rows_of, write_table
from bonafide.scoring.calibration import Calibration, calibrate
from bonafide.scoring.exported import Facts, Scorer, facts_as_json
from bonafide.scoring.measures import auc
from bonafide.training.crop_augmentation import CropAugmentation, SpecAugment
from bonafide.training.data import Clips, clip_spectrograms, clip_statistics, training_statistics
from bonafide.training.export import to_onnx
from bonafide.training.logits import clip_logits, logit_model
from bonafide.training.networks import joint
from bonafide.training.networks.cnn import CnnSettings, examples, fit, logits, whole
from bonafide.training.networks.registry import TrainSettings
from bonafide.training.saving import save_model

ROOT = Path(__file__).parents[2]
AUDIO = read_section(ROOT / "params.yaml", "audio", AudioSettings)
MEL = SpectrogramSettings(n_fft=512, hop_length=320, n_bands=40, f_min=20, f_max=8000)
FRAMES = MEL.frames(1.0, AUDIO.rate)
DENSE = read_section(ROOT / "params.yaml", "train", TrainSettings).cnn.dense
SEED = 1
TRAIN = CnnSettings(
    architecture="small",
    epochs=6,
    epoch_crops=64,
    batch_size=8,
    learning_rate=2e-3,
    weight_decay=0.0,
    label_smoothing=0.0,
    dropout=0.1,
    copy_share=0.5,
    dense=DENSE,
    augment=CropAugmentation(0.0, 1.0, 0.1, 6.0, (-60.0, -20.0), SpecAugment(1, 0.1, 1, 0.1)),
)
BAND = np.isin(np.arange(MEL.n_bands), range(20, 26))


@pytest.fixture(scope="module")
def clips(small_corpus, tmp_path_factory):
    """Rows of the clip table and the folders of their conditioned audio and features."""
    folder = tmp_path_factory.mktemp("features")
    rows, _ = settle([examine(small_corpus, known, AUDIO) for known in read_folder(small_corpus)])
    audio = folder / "clips" / "part-0000.parquet"
    write_table(prepare_part((str(small_corpus), rows), AUDIO), audio)
    mels = feature_part([str(audio)], FeatureSettings(MEL, AUDIO.rate))
    write_table(mels, folder / "features" / "part-0000.parquet")
    return rows, folder / "clips", folder / "features"


@pytest.fixture(scope="module")
def task(clips, tmp_path_factory):
    """Recordings, and copies that lack what lies between 2 and 3 kHz; all of one source judge."""
    rows, _, features = clips
    part = tmp_path_factory.mktemp("pairs") / "part-0000.parquet"
    source = {row["clip"]: row["source"] for row in rows if row["label"] == "human"}
    made = {}
    for clip, mel in clip_spectrograms(features, source):
        made |= {clip: mel, f"{clip}-machine": np.where(BAND, mel - 20, mel).astype(np.float16)}
    table = {
        "clip": list(made),
        "copy": [0] * len(made),
        "frames": [len(mel) for mel in made.values()],
        "mel": [mel.tobytes() for mel in made.values()],
        "crop_statistics": [None] * len(made),
        "ai_frames": [[]] * len(made),
    }
    write_table(pa.table(table, schema=feature_schema()), part)
    ai = {clip: clip not in source for clip in made}
    dev = {clip: label for clip, label in ai.items() if source[clip.removesuffix("-machine")] == "codec2"}
    return Clips(part.parent, {clip: ai[clip] for clip in ai.keys() - dev.keys()}, dev, FRAMES, MEL.n_bands)


@pytest.fixture(scope="module")
def trained(task, tmp_path_factory):
    return fit(task, TRAIN, SEED, tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def detector(trained):
    facts = Facts(AUDIO, MEL, Calibration(scale=1.5, offset=-0.25), {"balanced": 0.0}, {})
    return to_onnx(trained[0], facts_as_json(facts))


def ranking(model, task):
    """Return the AUC of the llr over the dev clips of `task`: 1 where every human one scores above every ai one."""
    logits = clip_logits(model, task.features, task.dev, FRAMES)
    llr = calibrate(list(logits.values()), Calibration(scale=1.0, offset=0.0))
    return auc(llr, np.array([not task.dev[clip] for clip in logits]))


def test_features_without_statistics_say_what_to_do(task):
    with pytest.raises(UserError, match="hold no statistics"):
        list(training_statistics(task.features, task.train, FRAMES))


def test_the_loss_falls(trained):
    losses = [epoch["loss"] for epoch in trained[1]]
    assert len(losses) == TRAIN.epochs
    assert losses[-1] < 0.5 * losses[0]


def test_an_easy_task_is_learnt(trained, task):
    assert ranking(trained[0], task) > 0.9


@pytest.mark.slow
def test_turned_labels_turn_the_order(task, tmp_path):
    turned = Clips(
        task.features,
        {clip: not ai for clip, ai in task.train.items()},
        {clip: not ai for clip, ai in task.dev.items()},
        FRAMES,
        MEL.n_bands,
    )
    model, _ = fit(turned, TRAIN, SEED, tmp_path)
    assert ranking(model, turned) > 0.9
    assert ranking(model, task) < 0.1


@pytest.mark.slow
def test_the_same_training_gives_the_same_weights(trained, task, tmp_path):
    model, history = fit(task, TRAIN, SEED, tmp_path)
    assert history == trained[1]
    for first, second in zip(model.get_weights(), trained[0].get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_without_a_dev_side_the_last_epoch_is_kept(task, tmp_path):
    model, history = fit(replace(task, dev={}), replace(TRAIN, epochs=2), SEED, tmp_path)
    assert [list(epoch) for epoch in history] == [["epoch", "loss"]] * 2
    last = whole(keras.saving.load_model(tmp_path / "epoch-2.keras"), MEL.n_bands)
    for kept, weights in zip(model.get_weights(), last.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weights)


@pytest.mark.parametrize("frames", [1, 2, FRAMES - 1, FRAMES, FRAMES + 1, 3 * FRAMES + 17])
def test_keras_and_onnx_agree_at_any_length(trained, detector, task, frames):
    recordings = np.concatenate([mel for _, mel in clip_spectrograms(task.features, task.train)])
    mel = recordings[:frames]
    by_keras = logit_model(trained[0]).predict_on_batch(crops(mel, FRAMES).astype(np.float32))
    assert Scorer(detector).logit_of_spectrogram(mel) == pytest.approx(float(np.mean(by_keras)), abs=1e-4)


JOINT = SpectrogramSettings(
    n_fft=1024,
    hop_length=160,
    n_bands=128,
    f_min=0,
    f_max=8000,
    scale="mel",
    linear_n_ffts=(512, 2048),
    linear_steps=(1, 3),
    phase_n_fft=512,
)


@pytest.fixture(scope="module")
def heard_twice(clips, tmp_path_factory):
    """The clips with features of all spectrograms of `JOINT`."""
    rows, audio, _ = clips
    frames = JOINT.frames(2.0, AUDIO.rate)
    settings = FeatureSettings(JOINT, AUDIO.rate, frames)
    mels = feature_part([str(path) for path in sorted(audio.glob("*.parquet"))], settings)
    folder = tmp_path_factory.mktemp("both")
    write_table(mels, folder / "part-0000.parquet")
    train = {row["clip"]: row["label"] == "ai" for row in rows}
    sources = {row["clip"]: row["source"] for row in rows}
    hertz = tuple(band_centres(JOINT, AUDIO.rate)[: JOINT.n_bands].tolist())
    return Clips(folder, train, {}, frames, JOINT.n_bands, sources, hertz=hertz, layout=JOINT.layout)


@pytest.fixture(scope="module")
def whole_crops(clips):
    """The first crop of each clip as the joint network hears it, with its clip."""
    _, audio, _ = clips
    rows = rows_of(sorted(audio.glob("*.parquet")), {row["clip"] for row in clips[0]}, ["audio"])
    frames = JOINT.frames(2.0, AUDIO.rate)
    heard = {row["clip"]: log_spectrogram(from_flac(row["audio"]["bytes"]), AUDIO.rate, JOINT) for row in rows}
    return {clip: crops(each, frames).astype(np.float32) for clip, each in heard.items()}


def test_a_network_takes_the_statistics_that_the_features_hold(heard_twice, whole_crops):
    taken = joint.statistics_of(heard_twice.frames, JOINT.layout)
    stored = dict(clip_statistics(heard_twice.features, heard_twice.train, heard_twice.frames))
    assert stored.keys() == whole_crops.keys() and len(stored) > 5
    for clip, heard in whole_crops.items():
        np.testing.assert_allclose(stored[clip], taken.predict_on_batch(heard), rtol=1e-4, atol=1e-3)


def test_the_branch_of_statistics_is_fitted_beside_the_cnn_and_both_are_heard(heard_twice, whole_crops, tmp_path):
    settings = replace(TRAIN, architecture="joint", epochs=1)
    model, history = fit(heard_twice, settings, SEED, tmp_path / "first")
    assert len(history) == 1
    batch = np.stack([whole_crops[clip][0] for clip in heard_twice.train])
    by_cnn, by_statistics = branch_logits(model, batch)
    of_crops = logit_model(model)
    logit = of_crops.predict_on_batch(batch)[:, 0]
    assert logit == pytest.approx((1 - DENSE.share) * by_cnn + DENSE.share * by_statistics, abs=1e-4)
    human = np.array([not ai for ai in heard_twice.train.values()])
    assert auc(-by_statistics, human) > 0.9, "the statistics of its own training clips are learnt"
    by_features = logits(model, examples(heard_twice, settings), heard_twice.train)
    of_clip = {clip: float(of_crops.predict_on_batch(heard).mean()) for clip, heard in whole_crops.items()}
    assert by_features == pytest.approx(of_clip, rel=1e-3, abs=2e-3), "what the features hold is judged as the sound is"


@pytest.mark.slow
def test_statistics_that_are_there_change_no_weight_of_the_joint_network(heard_twice, tmp_path):
    settings = replace(TRAIN, architecture="joint", epochs=1)
    alone, _ = fit(heard_twice, settings, SEED, tmp_path / "alone")
    shared, _ = fit(heard_twice, settings, SEED, tmp_path / "shared", examples(heard_twice, settings))
    for first, second in zip(alone.get_weights(), shared.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def branch_logits(model, batch):
    branches = keras.Model(model.input, model.get_layer("branches").output)
    return branches.predict_on_batch(batch).T


def test_a_file_scores_as_the_pipeline_scores_it(detector, clips, small_corpus, tmp_path):
    rows, audio, _ = clips
    (tmp_path / "model.onnx").write_bytes(detector)
    scored = score_clips(tmp_path / "model.onnx", audio, pd.DataFrame(rows[::6])).set_index("clip")
    assert len(scored) >= 5 and not scored["logit"].isna().any()
    alone = Scorer(detector)
    for clip, row in scored.iterrows():
        recording = decode(small_corpus / row["path"], max_seconds=AUDIO.read_seconds)
        llr, p_ai = alone.score(recording)
        assert alone.logit(condition(recording, AUDIO)) == pytest.approx(row["logit"], abs=1e-5), clip
        assert (llr, p_ai) == pytest.approx((row["llr"], row["p_ai"]), abs=1e-5), clip


@pytest.mark.slow
def test_another_process_exports_the_same_bytes(trained, detector, tmp_path):
    """The exporter numbers its tensors in the order of a set, and Python's hashes differ by process."""
    save_model(trained[0], tmp_path / "model.keras")
    (tmp_path / "facts.json").write_text(json.dumps(facts_as_json(Scorer(detector).facts)))
    code = (
        "import sys, json, keras; from pathlib import Path; from bonafide.training.export import to_onnx;"
        "model, facts, out = map(Path, sys.argv[1:]);"
        "out.write_bytes(to_onnx(keras.saving.load_model(model), json.loads(facts.read_text())))"
    )
    paths = [str(tmp_path / name) for name in ("model.keras", "facts.json", "model.onnx")]
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, *paths], env=environment, check=True, capture_output=True)
    assert (tmp_path / "model.onnx").read_bytes() == detector


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backends_agree(backend, trained, task, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    mel = next(mel for _, mel in clip_spectrograms(task.features, task.train))
    batch = crops(mel, FRAMES).astype(np.float32)
    save_model(trained[0], tmp_path / "model.keras")
    np.save(tmp_path / "batch.npy", batch)
    code = (
        "import sys, numpy, keras; model = keras.saving.load_model(sys.argv[1]);"
        "numpy.save(sys.argv[3], keras.ops.convert_to_numpy(model(numpy.load(sys.argv[2]))))"
    )
    paths = [str(tmp_path / name) for name in ("model.keras", "batch.npy", "out.npy")]
    subprocess.run([sys.executable, "-c", code, *paths], env={**os.environ, "KERAS_BACKEND": backend}, check=True)
    assert np.load(tmp_path / "out.npy") == pytest.approx(trained[0].predict_on_batch(batch), abs=1e-4)
