"""From a Keras network to the self-contained ONNX file that people use.

All that a score needs beside the network is in the file's metadata: the audio and feature settings, the
calibration and the thresholds.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx

from bonafide.errors import UserError
from bonafide.training import logit_model

TOLERANCE = 1e-4  # largest difference of a logit between Keras and ONNX Runtime that rounding explains


def to_onnx(model: keras.Model, facts: dict[str, Any]) -> bytes:
    """Return `model` up to its logit as the bytes of an ONNX file with `facts` as JSON in its metadata.

    Input ``log_mel``: float32 crops of shape (n, frames, n_mels). Output: logits of shape (n, 1), higher is more ai.
    """
    scorer = logit_model(model)
    scorer(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports no model that was never called
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        scorer.export(path, format="onnx", verbose=False)
        exported = onnx.load(path)
    # The exporter's own remarks hold nothing that a score needs, and could differ between runs.
    del exported.metadata_props[:]
    onnx.helper.set_model_props(exported, {"bonafide": json.dumps(facts, sort_keys=True)})
    return exported.SerializeToString(deterministic=True)


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
