"""Every network is registered with its own settings, and says of features that it cannot use what to change."""

from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[pipeline]'")

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section
from bonafide.training.backend import keras
from bonafide.training.fit import crop_shape
from bonafide.training.networks import joint
from bonafide.training.networks.crop_statistics import CropStatistics
from bonafide.training.networks.registry import NETWORKS, TrainSettings
from bonafide.training.networks.small import SMALLEST_CROP, small

ROOT = Path(__file__).parents[3]
SETTINGS = read_section(ROOT / "params.yaml", "train", TrainSettings)
BOTH = read_section(ROOT / "params.yaml", "features", SpectrogramSettings)
MEL = replace(BOTH, n_bands=64, linear_n_ffts=(), linear_steps=(), phase_n_fft=0)
LINEAR = replace(BOTH, n_fft=512, n_bands=255, scale="linear", linear_n_ffts=(), linear_steps=(), phase_n_fft=0)
SMALL = replace(SETTINGS, model="cnn", cnn=replace(SETTINGS.cnn, architecture="small"))


def test_every_network_has_a_section_of_its_own_in_the_params():
    types = {field.name: field.type for field in fields(TrainSettings)}
    assert set(get_args(types["model"])) == NETWORKS.keys()
    assert types.keys() == {"model", "crop_seconds", "seed", *NETWORKS}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_chosen_networks_settings_are_its_own_and_all_others_unused(name):
    settings = replace(SETTINGS, model=name)
    assert settings.own is getattr(SETTINGS, name)
    assert settings.unused == [f"train.{other}" for other in NETWORKS if other != name]


def test_no_network_is_told_by_its_name_but_where_it_is_registered():
    modules = [*(ROOT / "bonafide").rglob("*.py"), *(ROOT / "stages").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    own = {"registry.py": set(NETWORKS), "statistics.py": {"statistics"}}  # the layer that the network is named after
    for path in modules:
        names = {name for name in NETWORKS if f'"{name}"' in path.read_text(encoding="utf-8")}
        assert names <= own.get(path.name, set()), f"{path} tells {names} from other networks"


@pytest.mark.parametrize(
    ("name", "spectrogram", "seconds", "why"),
    [
        ("statistics", MEL, 4.0, 'needs features.scale "linear"'),
        ("statistics", replace(LINEAR, n_bands=200), 4.0, "features.n_bands of n_fft / 2 - 1, 255"),
        ("statistics", LINEAR, 0.5, "train.crop_seconds gives 51 frames, and the network statistics needs 64"),
        ("cnn", LINEAR, 4.0, 'the network joint needs features.scale "mel"'),
        (
            "cnn",
            MEL,
            4.0,
            "64 or more of features.n_bands, and one or more of features.linear_n_ffts",
        ),
        ("cnn", replace(BOTH, linear_steps=(2, 3)), 4.0, "features.linear_steps begins with 1"),
        (
            "cnn",
            BOTH,
            0.5,
            "train.crop_seconds and features.linear_steps give 17 frames, and statistics need 64",
        ),
    ],
)
def test_features_that_a_network_cannot_use_are_refused_in_a_sentence(name, spectrogram, seconds, why):
    with pytest.raises(UserError, match=why):
        crop_shape(replace(SETTINGS, model=name, crop_seconds=seconds), spectrogram, 16000)


def test_dense_layers_without_a_dropout_each_are_refused_in_a_sentence():
    dense = replace(SETTINGS.cnn.dense, layers=(512, 128, 64))
    with pytest.raises(UserError, match="dropout needs a share for the statistics and one for each"):
        crop_shape(replace(SETTINGS, cnn=replace(SETTINGS.cnn, dense=dense)), BOTH, 16000)


def test_each_member_of_the_dense_layers_is_right_alone_and_the_answer_is_their_mean():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((400, 20)).astype(np.float32)
    ai = values[:, 0] > 0
    clips = np.arange(400).astype(str)
    training = CropStatistics(clips, np.zeros(400, int), values, ai.astype(int))
    quick = {"epochs": 8, "batch_size": 32, "learning_rate": 0.03, "dropout": (0.0, 0.0, 0.0)}
    settings = replace(SETTINGS.cnn.dense, members=2, layers=(8, 4), **quick)
    both = joint.fit_dense(training, settings, {}, 0.0, 0.05, seed=1)
    of_each = keras.Model(both.input, [layer.output for layer in both.layers if layer.output.shape == (None, 1)][:2])
    first, second = (each.numpy() for each in of_each(values))
    np.testing.assert_allclose(both(values).numpy(), (first + second) / 2, rtol=1e-5, atol=1e-6)
    assert not np.allclose(first, second, atol=0.1)
    for logits in (first, second):
        assert ((logits[:, 0] > 0) == ai).mean() > 0.9


def test_features_that_are_too_small_for_convolutions_alone_are_refused_in_a_sentence():
    with pytest.raises(UserError, match="crops of 401 frames and 8 bands are too small for the network cnn"):
        crop_shape(SMALL, replace(MEL, n_bands=8), 16000)
    with pytest.raises(UserError, match="crops of 11 frames and 64 bands are too small"):
        crop_shape(replace(SMALL, crop_seconds=0.1), MEL, 16000)


def test_features_that_a_network_can_use_give_the_shape_of_its_crops():
    assert crop_shape(replace(SETTINGS, model="statistics"), LINEAR, 16000) == (401, 255)
    assert crop_shape(replace(SMALL, crop_seconds=2.5), MEL, 16000) == (251, 64)
    assert crop_shape(replace(SETTINGS, crop_seconds=2.5), BOTH, 16000) == (251, 256)


def test_the_smallest_crop_of_the_cnn_is_its_smallest():
    assert small(SMALLEST_CROP, SMALLEST_CROP, 0.1).output_shape == (None, 1)
    with pytest.raises(ValueError):
        small(SMALLEST_CROP - 1, SMALLEST_CROP, 0.1)
