"""What in a recording spoke for the verdict: the network's input is covered patch by patch, and the score watched.

Needs no gradients, hence no more than the detector itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bonafide.audio.conditioning import level, quantize, resample
from bonafide.audio.decoding import Recording, UnusableError, decode
from bonafide.audio.spectrogram import crops, log_spectrogram
from bonafide.detection.detector import Detector
from bonafide.detection.results import Result
from bonafide.detection.streaming import refuse_unreadable
from bonafide.detection.verdicts import Cut, cut_of
from bonafide.errors import UserError
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Facts

PATCH_SECONDS = 0.2  # about a syllable
PATCH_SHARE = 1 / 8  # of the bands
MOST_PATCHES = 900  # of one map: seconds of computing
CROPS_AT_A_TIME = 32  # what the network is given at once
EXCERPT_SECONDS = 8.0  # that a map shows: more is too fine to see
FAR_SECONDS = 600.0  # how far into a file that cannot be wound forward the excerpt may lie
PLACES = 3  # that are told in words
SMALL = 1e-6  # nats: rounding


@dataclass(frozen=True)
class Place:
    """A patch that spoke for ai: seconds in the file, hertz, and by how much (nats of llr)."""

    start: float
    stop: float
    low: float
    high: float
    evidence: float


@dataclass(frozen=True)
class Explanation:
    """All that a page about one recording shows.

    Attributes
    ----------
    name : str
        Of the file.
    result : Result
    facts : Facts
        Of the detector.
    cut : Cut
        Where the llr makes a verdict.
    start : float
        Of the excerpt, seconds in the file.
    samples : np.ndarray, shape=(n,), float32
        The excerpt as the detector hears it, at its rate.
    mel : np.ndarray, shape=(frames, bands)
        Of the excerpt, in decibels.
    hertz : np.ndarray, shape=(bands,)
        Where the bands lie.
    llr : float or None
        Of the excerpt alone; None where nothing can be scored.
    evidence : np.ndarray, shape=(frames, bands), or None
        See `evidence_map`.
    """

    name: str
    result: Result
    facts: Facts
    cut: Cut
    start: float
    samples: np.ndarray
    mel: np.ndarray
    hertz: np.ndarray
    llr: float | None
    evidence: np.ndarray | None

    @property
    def stop(self) -> float:
        """Of the excerpt, seconds in the file."""
        return self.start + self.samples.size / self.facts.audio.rate


def explain(detector: Detector, path: Path, *, threshold: str | float = "balanced") -> Explanation:
    """Return what `detector` says of the file `path`, and what in its most telling part spoke for it.

    Raises
    ------
    UserError
        When the file is not there or holds no sound that can be shown.
    """
    result = detector.predict(path, threshold=threshold)
    facts = detector.facts
    try:
        refuse_unreadable(path)
        start, part = _excerpt(path, result)
        samples = _levelled(part, facts)
    except (UnusableError, soundfile.LibsndfileError) as error:
        raise UserError(f"{path} cannot be shown: {error}") from None
    mel = log_spectrogram(samples, facts.audio.rate, facts.spectrogram)
    scored = result.llr is not None
    llr = float(calibrate(_logits(detector, mel[None])[0], facts.calibration)) if scored else None
    evidence = evidence_map(detector, samples) if scored else None
    cut = cut_of(facts.thresholds, threshold)
    return Explanation(path.name, result, facts, cut, start, samples, mel, band_hertz(facts), llr, evidence)


def evidence_map(detector: Detector, samples: np.ndarray) -> np.ndarray:
    """Return how much each part of conditioned `samples`, shape (n,), spoke for ai.

    Patches of `PATCH_SECONDS` and `PATCH_SHARE` of the bands are covered, one at a time, with what each band has on
    average; the map is by how much that raises the llr, averaged over the patches that a place lies in.

    Returns
    -------
    np.ndarray, shape=(frames, bands), float64
        In nats of llr. Above 0: it spoke for ai; below: for human.
    """
    mel = log_spectrogram(samples, detector.facts.audio.rate, detector.facts.spectrogram)
    frames, bands = mel.shape
    per_second = detector.facts.audio.rate / detector.facts.spectrogram.hop_length
    patches = list(_patches(frames, bands, max(1, round(PATCH_SECONDS * per_second))))
    mean = mel.mean(axis=0, dtype=np.float64).astype(mel.dtype)
    change, times = np.zeros((frames, bands)), np.zeros((frames, bands))
    before = float(_logits(detector, mel[None])[0])
    for start in range(0, len(patches), CROPS_AT_A_TIME):
        some = patches[start : start + CROPS_AT_A_TIME]
        covered = np.repeat(mel[None], len(some), axis=0)
        for one, (time, band) in zip(covered, some, strict=True):
            one[time, band] = mean[band]
        for (time, band), logit in zip(some, _logits(detector, covered), strict=True):
            change[time, band] += before - logit  # a logit is higher for ai, an llr for human
            times[time, band] += 1
    return detector.facts.calibration.scale * change / times


def places(explanation: Explanation) -> list[Place]:
    """Return the patches that spoke most for ai, the strongest first, none beside another."""
    if explanation.evidence is None:
        return []
    evidence = explanation.evidence.copy()
    found: list[Place] = []
    frames, bands = evidence.shape
    seconds = explanation.samples.size / explanation.facts.audio.rate / frames
    height, width = max(1, round(bands * PATCH_SHARE)), max(1, round(PATCH_SECONDS / seconds))
    top = float(evidence.max())
    while len(found) < PLACES and evidence.max() > max(SMALL, top / 3):
        frame, band = np.unravel_index(int(evidence.argmax()), evidence.shape)
        first, low = max(0, int(frame) - width // 2), max(0, int(band) - height // 2)
        last, high = min(frames, first + width), min(bands, low + height)
        strength = float(explanation.evidence[first:last, low:high].mean())
        at = explanation.start + seconds * first, explanation.start + seconds * last
        found.append(Place(*at, float(explanation.hertz[low]), float(explanation.hertz[high - 1]), strength))
        evidence[max(0, first - width) : last + width, max(0, low - height) : high + height] = 0
    return sorted(found, key=lambda place: -place.evidence)


def band_hertz(facts: Facts) -> np.ndarray:
    """Return where each band of the detector's input lies, shape (bands,), by playing tones to it."""
    rate = facts.audio.rate
    tones = np.geomspace(40, 0.49 * rate, 240)
    time = np.arange(2 * facts.spectrogram.n_fft) / rate
    played = (log_spectrogram(np.sin(2 * np.pi * tone * time), rate, facts.spectrogram) for tone in tones)
    loudest = [int(levels.mean(axis=0).argmax()) for levels in played]
    known = np.unique(loudest)
    centres = [tones[np.asarray(loudest) == band].mean() for band in known]
    return np.interp(np.arange(log_spectrogram(time, rate, facts.spectrogram).shape[1]), known, centres)


def _patches(frames: int, bands: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield patches that overlap by half, and less in time where they would be more than `MOST_PATCHES`."""
    height = max(1, round(bands * PATCH_SHARE))
    lows = _steps(bands, height, max(1, height // 2))
    width = min(width, frames)
    step = max(1, width // 2, -(-frames * len(lows) // MOST_PATCHES))
    width = max(width, step)  # nothing is left out
    for start in _steps(frames, width, step):
        for low in lows:
            yield slice(start, start + width), slice(low, low + height)


def _steps(length: int, size: int, step: int) -> list[int]:
    """Return starts of stretches of `size` that cover `length`."""
    last = max(0, length - size)
    return [*range(0, last, step), last]


def _logits(detector: Detector, mels: np.ndarray) -> np.ndarray:
    """Return the mean logit over the crops of each of `mels`, shape (n, frames, bands); crops of one kind run once."""
    size = detector.scorer.crop_frames
    batch = np.concatenate([crops(mel, size) for mel in mels])
    # A patch lies in one or two crops; the others are the same in all of `mels`.
    of = np.unique([hash(crop.tobytes()) for crop in batch], return_index=True, return_inverse=True)
    logits = np.concatenate([detector.scorer.logits(part) for part in _split(batch[of[1]])])
    return logits[of[2]].reshape(len(mels), -1).mean(axis=1, dtype=np.float64)


def _split(batch: np.ndarray) -> list[np.ndarray]:
    return [batch[start : start + CROPS_AT_A_TIME] for start in range(0, len(batch), CROPS_AT_A_TIME)]


def _excerpt(path: Path, result: Result) -> tuple[float, Recording]:
    """Return the most telling part of a file, at most `EXCERPT_SECONDS` long, and where it starts."""
    start = _telling(result, result.seconds)
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames < 2**40:  # what a format without a length says has more
                file.seek(min(round(start * file.samplerate), max(0, file.frames - 1)))
            samples = file.read(round(EXCERPT_SECONDS * file.samplerate), dtype="float32", always_2d=True).mean(axis=1)
            recording = Recording(samples.astype(np.float32), file.samplerate, file.format)
    except soundfile.LibsndfileError:
        start = _telling(result, FAR_SECONDS)
        whole = decode(path, max_seconds=start + EXCERPT_SECONDS)
        recording = Recording(whole.samples[round(start * whole.rate) :], whole.rate, whole.format)
    if not recording.samples.size or not np.isfinite(recording.samples).all():
        raise UnusableError("it holds no sound")
    return start, recording


def _telling(result: Result, limit: float) -> float:
    """Return where an excerpt starts that holds the window that speaks most for the verdict."""
    windows = [window for window in result.windows if window.stop <= limit]
    if result.seconds <= EXCERPT_SECONDS or not windows:
        return 0.0
    side = 1 if result.verdict == "human" else -1
    best = max(windows, key=lambda window: side * window.llr)
    return min(max(0.0, (best.start + best.stop - EXCERPT_SECONDS) / 2), result.seconds - EXCERPT_SECONDS)


def _levelled(part: Recording, facts: Facts) -> np.ndarray:
    """Return `part` as the detector hears it, its edges untrimmed so that the time axis stays that of the file."""
    samples = resample(part.samples - part.samples.mean(dtype=np.float64), part.rate, facts.audio.rate)
    samples = samples.astype(np.float32)
    return quantize(level(samples, facts.audio.level_dbfs)) if np.abs(samples).max() > 0 else samples
