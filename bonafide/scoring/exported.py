"""The detector: an ONNX file and all that it knows, applied to recordings. Imports no TensorFlow, librosa or pandas."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bonafide.audio.conditioning import AudioSettings, condition
from bonafide.audio.halves import to_single
from bonafide.audio.recording import Recording
from bonafide.audio.spectrogram import SpectrogramSettings, crops, log_spectrogram
from bonafide.errors import UserError
from bonafide.scoring import metadata
from bonafide.scoring.calibration import Calibration, calibrate, p_ai
from bonafide.scoring.operating_points import band_between
from bonafide.text import printable

FORMAT = 4  # of the metadata; older ones are read, newer ones refused
MOST_FRAMES = 1 << 16  # of a crop
MOST_SAID = 200  # characters of what another library says of a file


@dataclass(frozen=True)
class Facts:
    """What the metadata of a detector's ONNX file says."""

    audio: AudioSettings
    spectrogram: SpectrogramSettings
    calibration: Calibration
    thresholds: Mapping[str, float]  # on the llr; a clip below is called ai
    card: Mapping[str, Any]  # what it was trained on, for people to read
    band: tuple[float, float] | None = None  # of llrs in which nothing is called; older files carry none

    @property
    def cannot_tell(self) -> tuple[float, float]:
        """The band of llrs in which nothing is called: its own, or in an older file that between two thresholds."""
        return self.band or band_between(self.thresholds)


class Scorer:
    """A trained detector as the pipeline has it: conditioned audio in, a score out.

    Parameters
    ----------
    model : Path or bytes
        The ONNX file that stage export wrote.
    """

    def __init__(self, model: Path | bytes) -> None:
        content = model if isinstance(model, bytes) else _read(model)
        self.sha256 = hashlib.sha256(content).hexdigest()
        try:
            self._session = onnx_session(content)
            self.facts = _facts(self._session.get_modelmeta().custom_metadata_map)
            self._input, self.crop_frames = _input_of(self._session, self.facts.spectrogram.width)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            name = "the model" if isinstance(model, bytes) else model
            why = printable(str(error).partition("\n")[0])[:MOST_SAID]
            raise UserError(f"{name} is no detector that Bonafide wrote: {why}") from None

    def logit(self, samples: np.ndarray) -> float:
        """Return the network's mean logit over the crops of conditioned `samples`, shape (n,); higher is more ai."""
        return self.logit_of_spectrogram(log_spectrogram(samples, self.facts.audio.rate, self.facts.spectrogram))

    def logit_of_spectrogram(self, spectrogram: np.ndarray) -> float:
        """Return the mean logit over the crops of a log-mel spectrogram, shape (frames, n_bands)."""
        return float(self.logits(crops(spectrogram, self.crop_frames)).mean(dtype=np.float64))

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """Return the network's logit of each crop in `batch`, shape (n, frames, n_bands); shape (n,)."""
        heard = to_single(batch) if batch.dtype == np.float16 else batch.astype(np.float32, copy=False)
        logits: np.ndarray = self._session.run(None, {self._input: heard})[0]
        return logits.reshape(len(batch))

    def score(self, recording: Recording) -> tuple[float, float]:
        """Return the llr (higher is more human) and the probability of ai of a decoded recording.

        Raises
        ------
        UnusableError
            When too little sound is left between silent edges.
        """
        llr = float(calibrate(self.logit(condition(recording, self.facts.audio)), self.facts.calibration))
        return llr, float(p_ai(llr))


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Return `facts` as plain data for the metadata."""
    return {
        "format": FORMAT,
        "audio": vars(facts.audio),
        "spectrogram": vars(facts.spectrogram),
        "calibration": vars(facts.calibration),
        "thresholds": dict(facts.thresholds),
        "card": dict(facts.card),
        **({} if facts.band is None else {"cannot_tell": list(facts.band)}),
    }


def _facts(texts: Mapping[str, str]) -> Facts:
    document = metadata.parsed(texts["bonafide"])
    number = document.get("format")
    if not isinstance(number, int) or not 1 <= number <= FORMAT:
        said = metadata.quoted(number)
        raise ValueError(f"its format is {said}, and this version of Bonafide reads up to {FORMAT}")
    described = _renamed(metadata.section(document, "mel" if number == 1 else "spectrogram"), number)
    audio = metadata.settings(AudioSettings, metadata.section(document, "audio"), "audio")
    spectrogram = metadata.settings(SpectrogramSettings, described, "spectrogram")
    calibration = metadata.settings(Calibration, metadata.section(document, "calibration"), "calibration")
    if calibration.scale <= 0:
        raise ValueError("calibration.scale: it must be above 0, or human and ai change places")
    metadata.check_sizes(
        audio.rate, audio.max_seconds, spectrogram.n_fft, spectrogram.hop_length, f_max=spectrogram.f_max
    )
    return Facts(
        audio,
        spectrogram,
        calibration,
        metadata.thresholds(metadata.section(document, "thresholds")),
        metadata.section(document, "card"),
        metadata.band(document.get("cannot_tell")),
    )


def _input_of(session: Any, width: int) -> tuple[str, int]:  # noqa: ANN401 - ONNX Runtime has no types
    """Return the name of the network's input, and how many frames long its crops are."""
    inputs = session.get_inputs()
    shape = inputs[0].shape if len(inputs) == 1 else []
    if len(shape) != 3 or not isinstance(shape[1], int) or not 0 < shape[1] <= MOST_FRAMES:
        raise ValueError("its network takes no crops of a spectrogram")
    if isinstance(shape[2], int) and shape[2] != width:
        raise ValueError(f"its network takes {shape[2]} bands, and its spectrogram has {width}")
    return str(inputs[0].name), shape[1]


def _renamed(spectrogram: dict[str, Any], number: int) -> dict[str, Any]:
    """Return an older format's settings of the spectrogram as they are called today."""
    if number == 1:  # the network knows its crop itself
        known = {name: value for name, value in spectrogram.items() if name != "crop_seconds"}
        spectrogram = {{"n_mels": "n_bands"}.get(name, name): value for name, value in known.items()}
    if number <= 2 and "linear_n_fft" in spectrogram:
        one = spectrogram.pop("linear_n_fft")
        spectrogram["linear_n_ffts"] = [one] if one else []
    return spectrogram


def _read(model: Path) -> bytes:
    try:
        return model.read_bytes()
    except OSError as error:
        raise UserError(f"the model {model} cannot be read: {error.strerror}") from None


def onnx_session(model: bytes) -> Any:  # noqa: ANN401 - ONNX Runtime has no types
    """Return what runs an ONNX file, on one thread; `RuntimeError` where it is none."""
    # ONNX Runtime's own telemetry writes files into the home folder when it is imported; nothing of ours phones home.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # work is spread over clips; and a sum's rounding stays the same
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exception types share no base but this
        raise RuntimeError(str(error)) from None
