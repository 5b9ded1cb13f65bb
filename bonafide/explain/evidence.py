"""What in a recording spoke for the verdict: the network's input is covered patch by patch, and the score watched.

The patches are covered one after another, in a random order, until nothing is left: what the score changes by at each
step is that patch's part, and the parts add up to the whole change, whatever the network is (Strumbelj and Kononenko
2014, "Explaining prediction models and individual predictions with feature contributions": one sample of the Shapley
values, and its reverse). Needs no gradients, hence no more than the detector itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from bonafide.audio.blocks import beginning, without
from bonafide.audio.channels import Levels, mono
from bonafide.audio.conditioning import level, quantize, resample
from bonafide.audio.opening import open_sound
from bonafide.audio.recording import Recording, UnusableError
from bonafide.audio.spectrogram import SpectrogramSettings, band_centres, crops, log_spectrogram
from bonafide.detection.detector import Detector
from bonafide.detection.results import Result
from bonafide.detection.streaming import refuse_unreadable
from bonafide.detection.verdicts import Cut, cut_of
from bonafide.errors import UserError
from bonafide.scoring.calibration import calibrate
from bonafide.scoring.exported import Facts, Scorer

PATCH_SECONDS = 0.2  # about a syllable
PATCH_SHARE = 1 / 8  # of the bands
MOST_PATCHES = 900  # of one map, over both grids: seconds of computing
SEED = 1  # of the order in which patches are covered
CROPS_AT_A_TIME = 8  # what the network is given at once: a worker of the service has room for no more
EXCERPT_SECONDS = 8.0  # that a map shows: more is too fine to see
FAR_SECONDS = 600.0  # how far into a file that cannot be wound forward the excerpt may lie
PLACES = 3  # that are told in words
SMALL = 1e-6  # nats: rounding


@dataclass(frozen=True)
class Place:
    """A patch that spoke for AI (evidence above 0) or for human: seconds in the file, hertz, nats of llr."""

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
    spectrogram : np.ndarray, shape=(frames, bands)
        Of the excerpt, in decibels.
    hertz : np.ndarray, shape=(bands,)
        The centres of the bands.
    llr : float or None
        Of the excerpt alone; None where nothing can be scored.
    evidence : np.ndarray, shape=(frames, bands), or None
        See `evidence_map`; ``llr == base - evidence.sum()``.
    base : float or None
        The llr with everything covered, which no part of the recording speaks for.
    """

    name: str
    result: Result
    facts: Facts
    cut: Cut
    start: float
    samples: np.ndarray
    spectrogram: np.ndarray
    hertz: np.ndarray
    llr: float | None
    evidence: np.ndarray | None
    base: float | None = None

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
    spectrogram = log_spectrogram(samples, facts.audio.rate, facts.spectrogram)
    llr, evidence, base = None, None, None
    if result.llr is not None:
        both = _logits(detector.scorer, np.stack([spectrogram, _bare(spectrogram, facts.spectrogram)]))
        llr, base = (float(each) for each in calibrate(both, facts.calibration))
        evidence = evidence_map(detector.scorer, spectrogram)
    cut = cut_of(facts.thresholds, facts.cannot_tell, threshold)
    bands = facts.spectrogram.n_bands  # what a linear spectrogram behind them shows is the same sound again
    spectrogram, hertz = spectrogram[:, :bands], band_centres(facts.spectrogram, facts.audio.rate)[:bands]
    return Explanation(path.name, result, facts, cut, start, samples, spectrogram, hertz, llr, evidence, base)


def evidence_map(scorer: Scorer, spectrogram: np.ndarray) -> np.ndarray:
    """Return how much each part of a log spectrogram, shape (frames, width), spoke for AI.

    Patches of `PATCH_SECONDS` and `PATCH_SHARE` of the bands are covered, one after another, with steady noise of the
    same average spectrum. A patch's part is by how much that raises the llr, spread evenly over it. The map is the
    mean over two grids, of which the second lies half a patch aside and is covered in the opposite order. Of what
    stands behind the bands, the same frequencies are covered with them.

    Returns
    -------
    np.ndarray, shape=(frames, bands), float64
        In nats of llr. Above 0: it spoke for AI; below: for human. Its sum is the llr of what is left where all is
        covered, less the llr of the spectrogram.
    """
    frames, bands = len(spectrogram), scorer.facts.spectrogram.n_bands
    per_second = scorer.facts.audio.rate / scorer.facts.spectrogram.hop_length
    width = max(1, round(PATCH_SECONDS * per_second))
    evidence = np.zeros((frames, bands))
    order = np.random.default_rng(SEED).permutation
    for shifted in (False, True):
        patches = list(_patches(frames, bands, width, shifted=shifted))
        # Sampled by place, not by number, so that the second grid's order is near to the reverse of the first's.
        chosen = order(len(patches))
        evidence += _contributions(scorer, spectrogram, [patches[i] for i in (chosen[::-1] if shifted else chosen)])
    return np.asarray(scorer.facts.calibration.scale * evidence / 2)


def _contributions(scorer: Scorer, spectrogram: np.ndarray, patches: list[tuple[slice, slice]]) -> np.ndarray:
    """Return by how much covering each of `patches`, after those before it, lowers the logit, spread over it."""
    settings = scorer.facts.spectrogram
    change, hertz = np.zeros((len(spectrogram), settings.n_bands)), band_centres(settings, scorer.facts.audio.rate)
    bare, covered = _bare(spectrogram, settings), spectrogram.copy()
    before = float(_logits(scorer, spectrogram[None])[0])
    for start in range(0, len(patches), CROPS_AT_A_TIME):
        some, steps = patches[start : start + CROPS_AT_A_TIME], []
        for time, band in some:
            columns = _columns(hertz, band, settings.n_bands)
            covered[time, columns] = bare[time, columns]
            steps.append(covered.copy())
        for (time, band), logit in zip(some, _logits(scorer, np.stack(steps)), strict=True):
            here = change[time, band]
            here += (before - logit) / here.size  # a logit is higher for ai, an llr for human
            before = float(logit)
    return change


def _columns(hertz: np.ndarray, band: slice, n_bands: int) -> np.ndarray:
    """Return which values of a frame tell of `band`: its own, and bins behind the bands that are nearest to it."""
    own = np.arange(hertz.size)
    nearest = np.abs(hertz[:n_bands, None] - hertz[None, n_bands:]).argmin(axis=0)
    own[n_bands:] = nearest
    columns: np.ndarray = (own >= band.start) & (own < band.stop)
    return columns


def _bare(spectrogram: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Return steady noise with the average spectrum of a spectrogram, the same whenever it is asked for.

    Noise, as a band that stands still is what no recording has, and speaks for AI more than any voice; phase is kept.
    """
    power = np.random.default_rng(SEED).exponential(size=spectrogram.shape)  # of Gaussian noise, in a bin
    noise = 10 * np.log10(np.maximum(power, 1e-3))
    spectra = settings.width - (settings.layout.widths[-1] if settings.phase_n_fft else 0)
    noise[:, spectra:] = noise.mean()
    return np.asarray((spectrogram.mean(axis=0, dtype=np.float64) + noise - noise.mean()).astype(spectrogram.dtype))


def side_of(explanation: Explanation) -> int:
    """Return for what its places are to be shown: 1 for AI, -1 for human."""
    human = explanation.result.verdict == "human"
    return -1 if human or (explanation.result.verdict == "cannot tell" and (explanation.llr or 0.0) > 0) else 1


def places(explanation: Explanation) -> list[Place]:
    """Return the patches that spoke most for the verdict, the strongest first, none beside another."""
    if explanation.evidence is None:
        return []
    side = side_of(explanation)
    evidence = side * explanation.evidence
    strongest: list[Place] = []
    frames, bands = evidence.shape
    seconds = explanation.samples.size / explanation.facts.audio.rate / frames
    height, width = max(1, round(bands * PATCH_SHARE)), max(1, round(PATCH_SECONDS / seconds))
    top = float(evidence.max())
    while len(strongest) < PLACES and evidence.max() > max(SMALL / (height * width), top / 3):
        frame, band = np.unravel_index(int(evidence.argmax()), evidence.shape)
        first, low = max(0, int(frame) - width // 2), max(0, int(band) - height // 2)
        last, high = min(frames, first + width), min(bands, low + height)
        strength = float(explanation.evidence[first:last, low:high].sum())
        at = explanation.start + seconds * first, explanation.start + seconds * last
        strongest.append(Place(*at, float(explanation.hertz[low]), float(explanation.hertz[high - 1]), strength))
        evidence[max(0, first - width) : last + width, max(0, low - height) : high + height] = 0
    return sorted(strongest, key=lambda place: -side * place.evidence)


def _patches(frames: int, bands: int, width: int, *, shifted: bool = False) -> Iterator[tuple[slice, slice]]:
    """Yield the patches of a grid that covers all once, wider in time where they would be too many."""
    height = max(1, round(bands * PATCH_SHARE))
    rows = _stretches(bands, height, height // 2 if shifted else 0)
    width = max(width, -(-frames * 2 * len(rows) // MOST_PATCHES))
    for time in _stretches(frames, width, width // 2 if shifted else 0):
        for band in rows:
            yield time, band


def _stretches(length: int, size: int, first: int) -> list[slice]:
    """Return stretches of `size` that cover `length` once; the first has `first` where that is above 0.

    The last one is longer rather than a sliver, which would weigh too much for what it is.
    """
    edges = [0, *range(first or size, length - size // 2, size), length]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _logits(scorer: Scorer, spectrograms: np.ndarray) -> np.ndarray:
    """Return the mean logit of each of `spectrograms`, shape (n, frames, bands); crops that are alike run once."""
    batch = np.concatenate([crops(spectrogram, scorer.crop_frames) for spectrogram in spectrograms])
    # A patch lies in one or two crops; the others are the same in all.
    of = np.unique([hash(crop.tobytes()) for crop in batch], return_index=True, return_inverse=True)
    logits = np.concatenate([scorer.logits(part) for part in _split(batch[of[1]])])
    return np.asarray(logits[of[2]].reshape(len(spectrograms), -1).mean(axis=1, dtype=np.float64))


def _split(batch: np.ndarray) -> list[np.ndarray]:
    return [batch[start : start + CROPS_AT_A_TIME] for start in range(0, len(batch), CROPS_AT_A_TIME)]


def _excerpt(path: Path, result: Result) -> tuple[float, Recording]:
    """Return the most telling part of a file, at most `EXCERPT_SECONDS` long, and where it starts."""
    start = _telling(result, result.seconds)
    try:
        with soundfile.SoundFile(path) as file:
            if abs(file.frames / file.samplerate - result.seconds) > 1:  # its header tells another length
                raise soundfile.LibsndfileError(0)
            file.seek(min(round(start * file.samplerate), max(0, file.frames - 1)))
            samples = file.read(round(EXCERPT_SECONDS * file.samplerate), dtype="float32", always_2d=True)
            rate, coding = file.samplerate, file.format
    except soundfile.LibsndfileError:
        start = _telling(result, FAR_SECONDS)
        sound = open_sound(path)
        rest = without(sound.blocks, round(start * sound.rate))
        samples = beginning(rest, round(EXCERPT_SECONDS * sound.rate), sound.channels)
        rate, coding = sound.rate, sound.format
    recording = Recording(mono(samples, _channel(samples, rate, result)), rate, coding)
    if not recording.samples.size or not np.isfinite(recording.samples).all():
        raise UnusableError("it holds no sound")
    return start, recording


def _channel(samples: np.ndarray, rate: int, result: Result) -> int | None:
    """Return the channel of `samples`, shape (n, channels), that the result's windows are of; None for the mean."""
    if result.channels:
        return min(result.channels, key=lambda one: np.inf if one.llr is None else one.llr).number - 1
    levels = Levels(rate)
    levels.add(samples)
    return levels.cancelled()


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
