"""The detector: an ONNX file and all that it knows, applied to recordings. Imports no TensorFlow, librosa or pandas."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from bonafide.audio import AudioSettings, Recording, condition
from bonafide.calibration import Calibration, calibrate, p_ai
from bonafide.errors import UserError
from bonafide.mel import MelSettings, crops, log_mel

FORMAT = 1  # of the metadata; a detector refuses a file of another


@dataclass(frozen=True)
class Facts:
    """What the metadata of a detector's ONNX file says."""

    audio: AudioSettings
    mel: MelSettings
    calibration: Calibration
    thresholds: Mapping[str, float]  # on the llr; a clip below is called ai
    card: Mapping[str, Any]  # what it was trained on, for people to read


class Detector:
    """A trained detector.

    Parameters
    ----------
    model : Path or bytes
        The ONNX file that stage export wrote.
    """

    def __init__(self, model: Path | bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # work is spread over clips; and a sum's rounding stays the same
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
            )
            self.facts = _facts(self._session.get_modelmeta().custom_metadata_map)
        except (KeyError, TypeError, ValueError, *ONNX_ERRORS) as error:
            raise UserError(f"{_name(model)} is no detector that Bonafide wrote: {error}") from None
        self._input = self._session.get_inputs()[0].name

    def logit(self, samples: np.ndarray) -> float:
        """Return the network's mean logit over the crops of conditioned `samples`, shape (n,); higher is more ai."""
        mel = log_mel(samples, self.facts.audio.rate, self.facts.mel)
        return self.logit_of_mel(mel)

    def logit_of_mel(self, mel: np.ndarray) -> float:
        """Return the mean logit over the crops of a log-mel spectrogram, shape (frames, n_mels)."""
        batch = crops(mel, self.facts.mel.crop_frames(self.facts.audio.rate)).astype(np.float32)
        return float(self._session.run(None, {self._input: batch})[0].mean(dtype=np.float64))

    def score(self, recording: Recording) -> tuple[float, float]:
        """Return the llr (higher is more human) and the probability of ai of a decoded recording.

        Raises
        ------
        UnusableError
            When too little sound is left between silent edges.
        """
        llr = float(calibrate(self.logit(condition(recording, self.facts.audio)), self.facts.calibration))
        return llr, float(p_ai(llr))


ONNX_ERRORS = tuple(
    getattr(onnxruntime.capi.onnxruntime_pybind11_state, name)
    for name in (
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoSuchFile",
        "RuntimeException",
    )
)


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Return `facts` as plain data for the metadata."""
    return {
        "format": FORMAT,
        "audio": vars(facts.audio),
        "mel": vars(facts.mel),
        "calibration": vars(facts.calibration),
        "thresholds": dict(facts.thresholds),
        "card": dict(facts.card),
    }


def _facts(metadata: dict[str, str]) -> Facts:
    said = json.loads(metadata["bonafide"])
    if said["format"] != FORMAT:
        raise ValueError(f"its format is {said['format']}, and this version of Bonafide reads {FORMAT}")
    return Facts(
        AudioSettings(**said["audio"]),
        MelSettings(**said["mel"]),
        Calibration(**said["calibration"]),
        said["thresholds"],
        said["card"],
    )


def _name(model: Path | bytes) -> str:
    return "the model" if isinstance(model, bytes) else str(model)
