"""What a detector's file holds, and which files are refused."""

import json

import onnx
import pytest

from bonafide.detection.detector import packaged_model
from bonafide.errors import UserError
from bonafide.scoring.exported import FORMAT, Scorer, facts_as_json


@pytest.fixture(scope="module")
def packaged():
    return onnx.load_from_string(packaged_model())


def written(model, document):
    onnx.helper.set_model_props(model, {"bonafide": json.dumps(document)})
    return model.SerializeToString()


def as_format_1(document):
    """As it was written until the network's crop and the bands of the spectrogram got names of their own."""
    spectrogram = dict(document["spectrogram"])
    mel = {"n_mels": spectrogram.pop("n_bands"), "crop_seconds": 4.0, **spectrogram}
    return {**{key: value for key, value in document.items() if key != "spectrogram"}, "format": 1, "mel": mel}


def test_a_file_of_an_older_format_is_read(packaged):
    now = facts_as_json(Scorer(packaged_model()).facts)
    older = Scorer(written(packaged, as_format_1(now)))
    assert facts_as_json(older.facts) == now


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
