from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.signal import butter, sosfilt

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrogram
from bonafide.clips.features import feature_schema
from bonafide.errors import UserError
from bonafide.pipeline.tables import write_table
from bonafide.scoring.calibration import Calibration, calibrate
from bonafide.scoring.exported import Facts, Scorer, facts_as_json
from bonafide.scoring.measures import auc
from bonafide.training.data import Clips, clip_spectrograms
from bonafide.training.draws import balanced_weights
from bonafide.training.export import check_parity, to_onnx
from bonafide.training.logits import clip_logits
from bonafide.training.networks.crop_statistics import (
    CropStatistics,
    crop_weights,
)
from bonafide.training.networks.kernel_machines import gaussian
from bonafide.training.networks.statistics_fit import StatisticsSettings, examples, expert_of, fit, fit_experts, logits
from bonafide.training.saving import save_model

RATE = 16000
AUDIO = AudioSettings(RATE, 40, 0.3, 8, 60, -26)
MEL = SpectrogramSettings(512, 160, 255, 0, 8000, "linear")
SEED = 1
SETTINGS = StatisticsSettings(
    experts=((1,),),
    components=40,
    centres=30,
    width=0.1,
    strength=10.0,
    copy_weight=0.5,
    companion_weight=0.2,
)


def voice(rng, *, machine):
    """Return a second of a voice-like sound; a machine's harmonics stand still where a person's waver."""
    time = np.arange(RATE) / RATE
    pitch = rng.uniform(90, 220) * (1 + (0.0 if machine else 0.06) * np.sin(2 * np.pi * rng.uniform(2, 5) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    tone = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 30))
    loud = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(2, 4) * time)
    return (0.05 * tone * loud + 0.003 * rng.normal(size=RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    rng = np.random.default_rng(1)
    ai = {f"{number:03d}": bool(number % 2) for number in range(60)}
    voices = [voice(rng, machine=machine) for machine in ai.values()]
    lines = [sosfilt(butter(6, 3400, fs=RATE, output="sos"), one).astype(np.float32) for one in voices]
    mels = [log_spectrogram(one, RATE, MEL) for one in [*voices, *lines]]
    part = tmp_path_factory.mktemp("features") / "part-0000.parquet"
    table = {
        "clip": [*ai, *ai],
        "copy": [0] * len(ai) + [1] * len(ai),
        "frames": [len(mel) for mel in mels],
        "mel": [mel.tobytes() for mel in mels],
        "crop_statistics": [None] * len(mels),
        "ai_frames": [[]] * len(mels),
    }
    by_clip = pa.table(table, schema=feature_schema()).sort_by([("clip", "ascending"), ("copy", "ascending")])
    write_table(by_clip, part)
    dev = {clip: label for clip, label in ai.items() if clip >= "040"}
    return Clips(part.parent, {clip: ai[clip] for clip in ai.keys() - dev.keys()}, dev, MEL.frames(1.0, RATE), 255)


@pytest.fixture(scope="module")
def fitted(clips, tmp_path_factory):
    return fit(clips, SETTINGS, SEED, tmp_path_factory.mktemp("checkpoints"))


def ranking(model, clips):
    logits = clip_logits(model, clips.features, clips.dev, clips.frames)
    llr = calibrate(list(logits.values()), Calibration(1.0, 0.0))
    return auc(llr, np.array([not clips.dev[clip] for clip in logits]))


def test_what_differs_in_liveliness_is_told_apart(fitted, clips):
    model, history = fitted
    assert ranking(model, clips) > 0.95
    assert history[0]["dev_auc"] == pytest.approx(ranking(model, clips))


def test_each_expert_hears_what_its_line_let_through(clips):
    found = examples(clips, SETTINGS)
    experts = fit_experts(found, clips, SETTINGS, SEED)
    assert experts.kernel.weights.shape == (30, 2)
    heard = examples(replace(clips, train=clips.dev), SETTINGS)
    x = experts.components.of(heard.values)
    shares = experts.gate.shares(x)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert np.all(shares[np.arange(len(shares)), heard.copies] > 0.9)
    mixed = experts.kernel.logits(x)[np.arange(len(x)), heard.copies]
    assert np.corrcoef(experts.logits(heard.values), mixed)[0, 1] > 0.99
    labels = np.array([not clips.dev[clip] for clip in heard.clips])
    for copy in (0, 1):
        assert auc(-mixed[heard.copies == copy], labels[heard.copies == copy]) > 0.8


def test_without_an_expert_of_their_own_copies_stand_beside_the_recordings(clips):
    experts = fit_experts(examples(clips, SETTINGS), clips, replace(SETTINGS, experts=()), SEED)
    assert experts.kernel.weights.shape == (30, 1)
    assert experts.gate.shares(np.zeros((3, 40))) == pytest.approx(1)


def test_turned_labels_turn_the_order(clips, tmp_path):
    turned = Clips(clips.features, {clip: not ai for clip, ai in clips.train.items()}, {}, clips.frames, clips.n_bands)
    model, history = fit(turned, SETTINGS, SEED, tmp_path)
    assert ranking(model, clips) < 0.05
    assert "dev_auc" not in history[0], "there was no dev side to judge it by"


def test_the_same_fit_gives_the_same_bytes(fitted, clips, tmp_path):
    save_model(fitted[0], tmp_path / "first.keras")
    save_model(fit(clips, SETTINGS, SEED, tmp_path)[0], tmp_path / "second.keras")
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()


def test_examples_that_are_there_change_no_byte(fitted, clips, tmp_path):
    everything = examples(replace(clips, train={**clips.train, **clips.dev}), SETTINGS)
    save_model(fitted[0], tmp_path / "first.keras")
    save_model(fit(clips, SETTINGS, SEED, tmp_path, everything)[0], tmp_path / "second.keras")
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()
    by_examples = logits(fitted[0], everything, clips.dev)
    assert by_examples == pytest.approx(clip_logits(fitted[0], clips.features, clips.dev, clips.frames), abs=1e-4)


def test_keras_and_onnx_give_the_same_logit(fitted, clips):
    facts = Facts(AUDIO, MEL, Calibration(1.0, 0.0), {"balanced": 0.0}, {})
    exported = to_onnx(fitted[0], facts_as_json(facts))
    logits = clip_logits(fitted[0], clips.features, clips.dev, clips.frames)
    detector = Scorer(exported)
    ours = {clip: detector.logit_of_spectrogram(mel) for clip, mel in clip_spectrograms(clips.features, clips.dev)}
    assert check_parity(logits, ours) < 1e-4


@pytest.mark.slow
def test_silence_and_noise_give_a_number(fitted, clips):
    facts = Facts(AUDIO, MEL, Calibration(1.0, 0.0), {"balanced": 0.0}, {})
    detector = Scorer(to_onnx(fitted[0], facts_as_json(facts)))
    for samples in (np.zeros(RATE), np.random.default_rng(0).normal(size=RATE), np.eye(1, RATE)[0]):
        assert np.isfinite(detector.logit(samples.astype(np.float32)))


def test_sources_count_by_the_root_of_their_clips_and_classes_alike():
    names = [*"aaaab", *"cc"]
    sources = {"a": "big", "b": "small", "c": "big"}
    ai = np.array([False] * 5 + [True] * 2)
    weights = balanced_weights(names, ai, sources, np.ones(7))
    assert weights[:4].sum() == pytest.approx(2 * weights[4])
    assert weights[ai].sum() == pytest.approx(weights[~ai].sum())
    assert weights.mean() == pytest.approx(1)
    copies = balanced_weights(names, ai, sources, np.array([1, 0.5, 1, 1, 1, 1, 1]))
    assert copies[1] == pytest.approx(copies[0] / 2)


def test_the_kernel_is_scikit_learns():
    from sklearn.metrics.pairwise import rbf_kernel

    rng = np.random.default_rng(0)
    x, centres = rng.normal(size=(5, 7)), rng.normal(size=(3, 7))
    assert gaussian(x, centres, 0.2) == pytest.approx(rbf_kernel(x, centres, 0.2))


def test_companions_count_together_what_is_said_and_move_nothing_among_the_others():
    rng = np.random.default_rng(1)
    names = np.array([f"own-{number}" for number in range(30)] + [f"beside-{number}" for number in range(50)])
    is_ai, copies = rng.random(80) < 0.3, np.arange(80) % 2 == 1
    sources = {name: f"source {number % 4}" for number, name in enumerate(names)}
    labels, found = dict(zip(names, is_ai, strict=True)), CropStatistics(names, copies, np.zeros((80, 1)), is_ai)
    known = Clips(Path(), labels, {}, 1, 1, sources, frozenset(names[30:]))
    weights = crop_weights(found, is_ai, known, copy_weight=0.5, companion_weight=0.2)
    own, beside = weights[:30], weights[30:]
    assert own.sum() == pytest.approx(30) and beside.sum() == pytest.approx(0.2 * 30)
    assert own[is_ai[:30]].sum() == pytest.approx(15) and beside[is_ai[30:]].sum() == pytest.approx(3)
    alone = Clips(Path(), dict(list(labels.items())[:30]), {}, 1, 1, sources)
    without = CropStatistics(names[:30], copies[:30], np.zeros((30, 1)), is_ai[:30])
    assert own == pytest.approx(crop_weights(without, is_ai[:30], alone, copy_weight=0.5, companion_weight=0.2))


def test_companions_of_one_class_count_as_that_half():
    names = np.array(["a", "b", "c"])
    known = Clips(Path(), {"a": True, "b": False, "c": True}, {}, 1, 1, {}, frozenset("c"))
    found = CropStatistics(names, np.zeros(3, bool), np.zeros((3, 1)), np.zeros(3))
    weights = crop_weights(found, np.array([True, False, True]), known, copy_weight=1.0, companion_weight=0.5)
    assert weights == pytest.approx([1, 1, 0.5])


def test_an_expert_hears_the_copies_of_its_list():
    copies = np.array([0, 1, 2, 3, 4, 5])
    assert expert_of(copies, [[1, 5], [3]]).tolist() == [0, 1, 0, 2, 0, 1]
    assert expert_of(copies, []).tolist() == [0] * 6
    with pytest.raises(UserError, match=r"two places: \[\[1, 5\], \[5\]\]"):
        expert_of(copies, [[1, 5], [5]])
