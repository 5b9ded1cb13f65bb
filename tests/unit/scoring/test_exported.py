"""What a detector's file holds, and which files are refused."""

import json
import math

import onnx
import pytest

from bonafide.detection.choice import packaged_model
from bonafide.detection.detector import Detector
from bonafide.errors import UserError
from bonafide.scoring.exported import FORMAT, Scorer, facts_as_json
from bonafide.scoring.network_size import constants


@pytest.fixture(scope="module")
def packaged():
    return onnx.load_from_string(packaged_model())


def written(model, document):
    onnx.helper.set_model_props(model, {"bonafide": json.dumps(document)})
    return model.SerializeToString()


def as_format_2(document):
    """As it was written while there was one linear spectrogram at most, and nothing of phase."""
    spectrogram = dict(document["spectrogram"])
    spectrogram.pop("phase_n_fft"), spectrogram.pop("linear_steps")
    spectrogram["linear_n_fft"] = (*spectrogram.pop("linear_n_ffts"), 0)[0]
    return {**document, "format": 2, "spectrogram": spectrogram}


def as_format_1(document):
    """As it was written until the network's crop and the bands of the spectrogram got names of their own."""
    spectrogram = dict(document["spectrogram"])
    spectrogram.pop("phase_n_fft"), spectrogram.pop("linear_n_ffts"), spectrogram.pop("linear_steps")
    mel = {"n_mels": spectrogram.pop("n_bands"), "crop_seconds": 4.0, **spectrogram}
    return {**{key: value for key, value in document.items() if key != "spectrogram"}, "format": 1, "mel": mel}


@pytest.mark.parametrize("older", [as_format_1, as_format_2])
@pytest.mark.parametrize("linear", [[], [512]])
def test_a_file_of_an_older_format_is_read(packaged, older, linear):
    facts = Scorer(packaged_model()).facts
    now, width = json.loads(json.dumps(facts_as_json(facts))), facts.spectrogram.width  # of what its network takes
    own = {
        **now["spectrogram"],
        "linear_n_ffts": [] if older is as_format_1 else linear,
        "phase_n_fft": 0,
        "linear_steps": [],
    }
    now["spectrogram"] = {**own, "n_bands": width - sum(n_fft // 2 - 1 for n_fft in own["linear_n_ffts"])}
    facts = Scorer(written(packaged, older(now))).facts
    assert json.loads(json.dumps(facts_as_json(facts))) == now


def test_what_is_written_is_read(packaged):
    now = facts_as_json(Scorer(packaged_model()).facts)
    assert now["format"] == FORMAT
    assert facts_as_json(Scorer(written(packaged, now)).facts) == now


def test_a_file_without_a_band_cannot_tell_between_its_thresholds(packaged):
    older = {key: value for key, value in facts_as_json(Scorer(packaged_model()).facts).items() if key != "cannot_tell"}
    facts = Scorer(written(packaged, older)).facts
    assert facts.band is None
    assert facts.cannot_tell == (facts.thresholds["precision"], facts.thresholds["recall"])


def test_a_file_with_a_band_cannot_tell_in_that(packaged):
    now = {**facts_as_json(Scorer(packaged_model()).facts), "cannot_tell": [-0.5, 0.75]}
    facts = Scorer(written(packaged, now)).facts
    assert facts.cannot_tell == (-0.5, 0.75)
    assert facts_as_json(facts) == now


def test_a_file_of_a_newer_format_is_refused(packaged):
    newer = {**facts_as_json(Scorer(packaged_model()).facts), "format": FORMAT + 1}
    with pytest.raises(UserError, match=f"its format is {FORMAT + 1}"):
        Scorer(written(packaged, newer))


def test_the_crop_is_as_long_as_the_network_takes(packaged):
    assert Scorer(packaged_model()).crop_frames == packaged.graph.input[0].type.tensor_type.shape.dim[1].dim_value


def changed(section, **values):
    def change(document):
        return {**document, section: {**document[section], **values}}

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed("calibration", scale=float("nan")), "holds NaN"),
        (changed("calibration", offset=float("inf")), "holds Infinity"),
        (changed("calibration", scale=-1.0), "above 0"),
        (changed("calibration", scale="1"), "calibration.scale: a number was expected, not '1'"),
        (changed("calibration", scale=True), "a number was expected"),
        (changed("calibration", more=1.0), "calibration.'more' is unknown"),
        (changed("thresholds", balanced=None), "the threshold balanced: a number was expected"),
        (changed("thresholds", **{"\x1b[2Jowned": 0.0}), r"the threshold '\\x1b\[2Jowned' is unknown"),
        (changed("audio", rate=10**9), "audio.rate: 1000000000 is out of range"),
        (changed("audio", rate=16000.5), "audio.rate: a number was expected"),
        (changed("audio", max_seconds=1e9), "audio.max_seconds"),
        (changed("audio", min_seconds=-1), "audio.min_seconds: -1 is out of range"),
        (changed("audio", max_seconds=500.0, rate=192_000), "more memory"),
        (changed("spectrogram", n_fft=1 << 40), "spectrogram.n_fft"),
        (changed("spectrogram", hop_length=0), "spectrogram.hop_length: 0 is out of range"),
        (changed("spectrogram", n_bands=7), r"takes \d+ bands, and its spectrogram has \d+"),
        (changed("spectrogram", f_max=9000.0), "above half of the rate"),
        (changed("spectrogram", linear_n_ffts=512), "spectrogram.linear_n_ffts: a list of 8 numbers at most"),
        (changed("spectrogram", linear_n_ffts=[512] * 9), "a list of 8 numbers at most was expected"),
        (changed("spectrogram", linear_n_ffts=[1 << 20]), "spectrogram.linear_n_ffts: 1048576 is out of range"),
        (changed("spectrogram", linear_n_ffts=["512"]), "linear_n_ffts: a number was expected, not '512'"),
        (changed("spectrogram", phase_n_fft=-1), "spectrogram.phase_n_fft: -1 is out of range"),
        (changed("spectrogram", scale="bark"), "spectrogram.scale: 'bark' is unknown"),
        (lambda document: {**document, "format": "2"}, "its format is '2'"),
        (lambda document: {**document, "card": []}, "has no card"),
        (lambda document: {**document, "card": {"x": "y" * (1 << 20)}}, "more than 1048576 characters"),
        (lambda document: [document], "is no mapping"),
        (lambda document: {name: each for name, each in document.items() if name != "audio"}, "has no audio"),
    ],
)
def test_metadata_that_cannot_be_meant_is_refused(packaged, change, said):
    document = facts_as_json(Scorer(packaged_model()).facts)
    with pytest.raises(UserError, match=said) as refused:
        Scorer(written(packaged, change(document)))
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


def test_a_number_beyond_all_is_refused_wherever_it_stands(packaged):
    """1e999 is JSON, and is read as infinity."""
    document = facts_as_json(Scorer(packaged_model()).facts)
    text = json.dumps({**document, "card": {**document["card"], "measured": ["beyond"]}}).replace('"beyond"', "1e999")
    onnx.helper.set_model_props(packaged, {"bonafide": text})
    with pytest.raises(UserError, match="inf, which is no number"):
        Scorer(packaged.SerializeToString())


def test_metadata_that_is_nested_without_end_is_refused(packaged):
    onnx.helper.set_model_props(packaged, {"bonafide": "[" * 100_000})
    with pytest.raises(UserError, match="no detector"):
        Scorer(packaged.SerializeToString())


def test_a_detector_for_people_has_all_thresholds_that_make_verdicts(packaged):
    document = facts_as_json(Scorer(packaged_model()).facts)
    with pytest.raises(UserError, match="no threshold 'precision'"):
        Detector(written(packaged, {**document, "thresholds": {"balanced": 0.0}}))


def test_the_numbers_of_a_network_are_counted_as_onnx_has_them(packaged):
    packaged = onnx.load_from_string(packaged_model())
    assert constants(packaged_model()) == sum(math.prod(each.dims) for each in packaged.graph.initializer)
