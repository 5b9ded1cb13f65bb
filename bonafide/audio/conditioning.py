"""Check and condition decoded recordings: any rate and level in, one out.

The pipeline and the detector both come through here, so that a score means the same in both. No clip keeps what
gives its recording chain away more than its voice: both classes get one rate, trimmed edges, no offset, one level.
"""

import io
import math
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
import soundfile
import soxr
from annotated_types import Ge, Gt, Lt

from bonafide.audio.recording import Recording, UnusableError

FRAME_SECONDS = 0.02  # one loudness reading, about two pitch periods of a low voice
SILENCE_RMS = 1e-4  # -80 dBFS: below the noise of any microphone
OFFSET_SHARE = 0.5  # of the power: beyond it the offset has eaten the range of the voice
RAIL = 0.999  # of the peak: a run of samples up there is a clipped crest
RAIL_RUN = 3  # samples; a crest that was not clipped has one or two
MAX_CLIPPED = 0.01  # of all samples; loud but sound recordings stay below
INT16 = 32768.0
SILENT = "the recording is silent"


@dataclass(frozen=True)
class AudioSettings:
    """What conditioning does; section `audio` of params.yaml."""

    rate: Annotated[int, Ge(8000)]
    trim_db: Annotated[float, Gt(0)]
    min_seconds: Annotated[float, Gt(0)]
    max_seconds: Annotated[float, Gt(0)]
    read_seconds: Annotated[float, Gt(0)]
    level_dbfs: Annotated[float, Lt(0)]


class Conditioned(NamedTuple):
    """A conditioned clip and where in its recording it begins."""

    samples: np.ndarray  # shape=(n,), float32
    start: float  # seconds


def check(samples: np.ndarray) -> None:
    """Raise `UnusableError` when `samples`, shape (n,), hold no usable voice: NaN, silence, clipping, an offset."""
    if not np.isfinite(samples).all():
        raise UnusableError("samples are NaN or infinite")
    offset = float(samples.mean(dtype=np.float64))
    power = float(np.square(samples, dtype=np.float64).mean())
    if power > SILENCE_RMS**2 and offset**2 > OFFSET_SHARE * power:
        raise UnusableError(f"a constant offset of {offset:.2f} drowns the signal")
    if power - offset**2 < SILENCE_RMS**2:
        raise UnusableError(SILENT)
    if (clipped := clipped_share(samples)) > MAX_CLIPPED:
        raise UnusableError(f"{clipped:.0%} of the samples are clipped")


def clipped_share(samples: np.ndarray) -> float:
    """Return the share of samples, shape (n,), that lie in runs of three or more at the peak."""
    size = np.abs(samples)
    railed = np.flatnonzero(size >= RAIL * size.max())  # few, as a rule
    ends = np.flatnonzero(np.concatenate(([True], np.diff(railed) != 1, [True])))
    runs = np.diff(ends)
    return float(runs[runs >= RAIL_RUN].sum() / max(1, samples.size))


def condition(recording: Recording, settings: AudioSettings) -> np.ndarray:
    """Return what the features are computed from, as `conditioned` does."""
    return conditioned(recording, settings).samples


def conditioned(recording: Recording, settings: AudioSettings) -> Conditioned:
    """Return what the features are computed from: no offset, one rate, trimmed, at most N seconds, one level.

    Returns
    -------
    Conditioned
        Its samples are multiples of 1/32768, so that storing them as 16-bit FLAC changes no score.

    Raises
    ------
    UnusableError
        When less than `settings.min_seconds` is left between silent edges.
    """
    samples = resample(_centred(recording.samples), recording.rate, settings.rate)
    start, stop = _loud(samples, settings.rate, settings.trim_db)
    samples = samples[start:stop]
    if samples.size < settings.min_seconds * settings.rate:
        seconds = samples.size / settings.rate
        raise UnusableError(f"too short: {seconds:.2f} s between silent edges, {settings.min_seconds} s are needed")
    samples = _centred(samples[: round(settings.max_seconds * settings.rate)])  # of what is kept, silence aside
    return Conditioned(quantize(level(samples, settings.level_dbfs)), start / settings.rate)


def resample(samples: np.ndarray, rate: int, target: int) -> np.ndarray:
    """Return `samples`, shape (n,), at `target` hertz (soxr, high quality)."""
    return samples if rate == target else soxr.resample(samples, rate, target, quality="HQ")


def trim(samples: np.ndarray, rate: int, *, trim_db: float) -> np.ndarray:
    """Return `samples`, shape (n,), without edges that are `trim_db` or more below the loudest 20 ms.

    An offset is not loud: digital silence beside a recording with an offset is cut as well.
    """
    start, stop = _loud(samples, rate, trim_db)
    return samples[start:stop]


def _loud(samples: np.ndarray, rate: int, trim_db: float) -> tuple[int, int]:
    """Return where the samples begin and end that `trim` leaves."""
    size = max(1, round(FRAME_SECONDS * rate))
    frames = -(-samples.size // size)
    missing = frames * size - samples.size
    padded = np.pad(samples, (0, missing), mode="edge") if missing else samples
    power = padded.reshape(frames, size).var(axis=1, dtype=np.float64)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-trim_db / 10))
    return (int(loud[0]) * size, (int(loud[-1]) + 1) * size) if loud.size else (0, 0)


def level_dbfs(samples: np.ndarray) -> float:
    """Return the RMS of `samples`, shape (n,), in decibels below full scale; they must not all be 0."""
    return 10 * math.log10(float(np.square(samples, dtype=np.float64).mean()))


def level(samples: np.ndarray, target_dbfs: float) -> np.ndarray:
    """Return `samples`, shape (n,), scaled to an RMS of `target_dbfs`, or less where the peak would clip."""
    gain = min(10 ** ((target_dbfs - level_dbfs(samples)) / 20), 0.99 / float(np.abs(samples).max()))
    return samples * np.float32(gain)


def quantize(samples: np.ndarray) -> np.ndarray:
    """Return `samples`, shape (n,), rounded to multiples of 1/32768 within [-1, 1)."""
    return (np.clip(np.rint(samples * INT16), -INT16, INT16 - 1) / INT16).astype(np.float32)


def to_flac(samples: np.ndarray, rate: int) -> bytes:
    """Return quantized `samples`, shape (n,), as the bytes of a 16-bit FLAC file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, (samples * INT16).astype(np.int16), rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def from_flac(flac: bytes) -> np.ndarray:
    """Return the samples, shape (n,), float32, of a FLAC file's bytes."""
    samples: np.ndarray = soundfile.read(io.BytesIO(flac), dtype="float32")[0]
    return samples


def _centred(samples: np.ndarray) -> np.ndarray:
    return samples - samples.mean(dtype=np.float64).astype(np.float32) if samples.size else samples
