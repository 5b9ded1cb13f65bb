"""From a Keras network to the self-contained ONNX file that people use.

All that a score needs beside the network is in the file's metadata: the audio and feature settings, the
calibration and the thresholds.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.rows import Rows
from bonafide.errors import UserError
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Facts, facts_as_json, onnx_session
from bonafide.scoring.thresholds import cannot_tell_band, thresholds
from bonafide.training.backend import keras, write_onnx
from bonafide.training.calibration_fit import fit_calibration
from bonafide.training.logits import Judge, logit_model

TOLERANCE = 1e-4  # largest difference of a logit between Keras and ONNX Runtime that rounding explains
SMALLER = {np.float64: (np.float16, np.float32), np.float32: (np.float16,)}
CARD_COLUMNS = ["clip", "label", "split", "source", "generator", "language"]  # of a split table, for `model_card`
TOGETHER = 8  # crops that ONNX Runtime is given, which keeps room for each of its steps
FEWEST_STORED_SMALL = 1000  # values of a constant: below it a cast costs more than it saves


def to_onnx(model: keras.Model, facts: dict[str, Any]) -> bytes:
    """Return `model` up to its logit as the bytes of an ONNX file with `facts` as JSON in its metadata."""
    return described(network_file(model), facts)


def network_file(model: keras.Model) -> bytes:
    """Return `model` up to its logit as the bytes of an ONNX file that says nothing more.

    Input ``log_mel``: float32 crops of shape (n, frames, n_bands). Output: logits of shape (n, 1), higher is more ai.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(logit_model(model), path)
        exported = onnx.load(path)
    _store_small(exported.graph)
    _sort(exported.graph)
    _rename(exported.graph)
    # The exporter's own remarks hold nothing that a score needs, and could differ between runs.
    del exported.metadata_props[:]
    exported.graph.name = "logit"
    exported.graph.ClearField("doc_string")
    return _content(exported)


def described(network: bytes, facts: dict[str, Any]) -> bytes:
    """Return the ONNX file `network` with `facts` as JSON in its metadata."""
    exported = onnx.load_from_string(network)
    onnx.helper.set_model_props(exported, {"bonafide": json.dumps(facts, sort_keys=True)})
    return _content(exported)


def _content(exported: onnx.ModelProto) -> bytes:
    content: bytes = exported.SerializeToString(deterministic=True)
    return content


def _store_small(graph: onnx.GraphProto) -> None:
    """Store constants as the smallest floats that hold their values, cast when used: a fraction of the size."""
    for constant in list(graph.initializer):
        values = onnx.numpy_helper.to_array(constant)
        with np.errstate(over="ignore"):  # too large for a smaller float: then it is not equal either
            fitting = [
                kind for kind in SMALLER.get(values.dtype.type, ()) if np.array_equal(values, values.astype(kind))
            ]
        if not fitting or values.size < FEWEST_STORED_SMALL:
            continue
        stored = onnx.numpy_helper.from_array(values.astype(fitting[0]), f"{constant.name}_stored")
        cast = onnx.helper.make_node("Cast", [stored.name], [constant.name], to=constant.data_type)
        graph.initializer.remove(constant)
        graph.initializer.append(stored)
        graph.node.insert(0, cast)


def _sort(graph: onnx.GraphProto) -> None:
    """Put the nodes in the order in which the outputs need them; the exporter's is that of a set, and so differs."""
    makers = {output: node for node in graph.node for output in node.output}
    places: dict[str, int] = {}

    def place(tensor: str) -> None:
        if tensor in makers:
            node = makers[tensor]
            for output in node.output:
                del makers[output]
            for needed in node.input:
                place(needed)
            places[node.output[0]] = len(places)

    for output in graph.output:
        place(output.name)
    graph.node.sort(key=lambda node: places[node.output[0]])


def _rename(graph: onnx.GraphProto) -> None:
    """Name nodes and tensors by their place in `graph`; inputs and outputs keep theirs, their first axis is "crops".

    The exporter's names count what it met, and so differ between runs.
    """
    kept = {value.name for value in (*graph.input, *graph.output)}
    names = {"": ""} | {name: name for name in kept}
    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{number}"
        for names_of_node in (node.input, node.output):
            for position, name in enumerate(names_of_node):
                names_of_node[position] = names.setdefault(name, f"tensor_{len(names)}")
    for value in (*graph.value_info, *graph.initializer):
        value.name = names.setdefault(value.name, f"tensor_{len(names)}")
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "crops"
    graph.initializer.sort(key=lambda constant: constant.name)
    graph.value_info.sort(key=lambda value: value.name)


def detector_file(
    network: bytes,
    audio: AudioSettings,
    spectrogram: SpectrogramSettings,
    logits: np.ndarray,
    human: np.ndarray,
    card: dict[str, Any],
) -> bytes:
    """Return the ONNX file of a detector: `network` with calibration, thresholds and band that come from `logits`.

    Parameters
    ----------
    network : bytes
        See `network_file`.
    audio : AudioSettings
    spectrogram : SpectrogramSettings
    logits : np.ndarray, shape=(n,)
        Of clips that the network was not fitted to, higher is more ai: its own, or those of networks of the same
        settings that held the clips out.
    human : np.ndarray, shape=(n,), bool
    card : dict
        See `model_card`.
    """
    calibration = fit_calibration(logits, human)
    llr = calibrate(logits, calibration)
    cuts, band = thresholds(llr, human), cannot_tell_band(llr, human)
    return described(network, facts_as_json(Facts(audio, spectrogram, calibration, cuts, card, band)))


def model_card(model: keras.Model, rows: Rows) -> dict[str, Any]:
    """Return what a person who gets the file wants to know of its training, on `rows` of a split table."""
    trained = [row for row in rows if row["split"] == "train"]
    return {
        "network": model.name,
        "parameters": model.count_params(),
        "clips": dict(Counter(row["label"] for row in trained)),
        **{f"{name}s": sorted({row[name] for row in trained} - {""}) for name in ("source", "generator", "language")},
    }


def judge_of(network: bytes) -> Judge:
    """Return what judges crops by ONNX Runtime as the ONNX file `network` says."""
    session = onnx_session(network)

    def judge(batch: np.ndarray) -> np.ndarray:
        some = (batch[start : start + TOGETHER] for start in range(0, len(batch), TOGETHER))
        return np.concatenate([session.run(None, {"log_mel": each})[0] for each in some])

    return judge


def check_parity(keras_logits: dict[str, float], onnx_logits: dict[str, float]) -> float:
    """Return the largest difference between the two; raise `UserError` where it is more than rounding.

    Both map clip ids to logits.
    """
    worst = max(abs(keras_logits[clip] - logit) for clip, logit in onnx_logits.items())
    if worst > TOLERANCE * max(1.0, float(np.abs(list(keras_logits.values())).max())):
        raise UserError(
            f"the exported network differs from the trained one by {worst:.2g}: this is a defect of the exporter or"
            " of its version; install the versions in constraints.txt"
        )
    return worst
