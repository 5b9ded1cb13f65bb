"""Every architecture is exported as it judges, stays small, and imports no backend."""

import ast
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[pipeline]'")

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.audio.statistics import SEGMENT
from bonafide.pipeline.params import read_section
from bonafide.scoring.calibration import Calibration
from bonafide.scoring.exported import Facts, Scorer, facts_as_json
from bonafide.training.data import Clips
from bonafide.training.export import to_onnx
from bonafide.training.logits import logit_model
from bonafide.training.networks.cnn import ARCHITECTURES, whole

ROOT = Path(__file__).parents[2]
AUDIO = read_section(ROOT / "params.yaml", "audio", AudioSettings)
JOINT = SpectrogramSettings(
    n_fft=1024,
    hop_length=160,
    n_bands=128,
    f_min=0,
    f_max=8000,
    linear_n_ffts=(512, 2048),
    linear_steps=(1, 3),
    phase_n_fft=512,
)


def shape(frames, spectrogram):
    return Clips(Path(), {}, {}, frames, spectrogram.n_bands, layout=spectrogram.layout)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "joint" else [pytest.mark.slow]) for name in ARCHITECTURES]
)
def test_every_network_is_exported_as_it_judges_and_not_as_it_trains(name):
    rng = np.random.default_rng(1)
    crops_of_noise = rng.normal(-40, 15, (4, 2 * SEGMENT, JOINT.width)).astype(np.float32)
    network = ARCHITECTURES[name].build(shape(2 * SEGMENT, JOINT), 0.5)
    heard = crops_of_noise[:, :, : network.input_shape[-1]]
    network.compile("adam", loss="mse")
    network.train_on_batch(heard, np.zeros((4, 1), np.float32))
    facts = Facts(AUDIO, JOINT, Calibration(scale=1.0, offset=0.0), {}, {})
    model = whole(network, JOINT.width)
    exported = Scorer(to_onnx(model, facts_as_json(facts)))
    expected = network.predict_on_batch(heard)[:, 0]
    assert logit_model(model).predict_on_batch(crops_of_noise)[:, 0] == pytest.approx(expected, abs=1e-4)
    by_onnx = [exported.logit_of_spectrogram(crop) for crop in crops_of_noise]
    assert by_onnx == pytest.approx(expected.tolist(), abs=1e-4)


@pytest.mark.parametrize(("name", "most"), [("joint", 200_000), ("small", 300_000), ("seed", 1_500_000)])
def test_networks_stay_small(name, most):
    model = whole(ARCHITECTURES[name].build(shape(JOINT.frames(4.0, AUDIO.rate), JOINT), 0.3), JOINT.width)
    assert model.count_params() <= most
    assert model.output_shape == (None, 1)
    assert logit_model(model).output_shape == (None, 1)


def test_networks_import_no_backend():
    paths = list((ROOT / "bonafide" / "training" / "networks").glob("*.py"))
    assert len(paths) > 5
    for path in paths:
        tree = ast.parse(path.read_text())
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name.partition(".")[0] for name in names} & {"tensorflow", "jax", "torch"}, path
