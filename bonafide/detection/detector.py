"""The detector for users: any recording in, a verdict with its reason out.

A recording no longer than the pipeline's own clips is scored exactly as the pipeline scores it. A longer one is
heard in overlapping windows, each conditioned by the same functions; its llr is the mean over its windows.

Recordings are decoded in this process. Whoever takes files from strangers runs it in a process that may die:
`predict_many` with two jobs or more, the service's workers.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bonafide.audio.conditioning import check, condition, level_dbfs
from bonafide.audio.decoding import Recording, UnusableError, decode
from bonafide.detection.many import one_by_one, spread
from bonafide.detection.results import Result, Window
from bonafide.detection.streaming import (
    as_path,
    refuse_implausible,
    refuse_unreadable,
    resampled,
    stream,
    windows,
)
from bonafide.detection.vad import ACTIVE_DB, Speech, detect_speech
from bonafide.detection.verdicts import Cut, cut_of, result_of
from bonafide.errors import UserError
from bonafide.scoring.calibration import calibrate, p_ai
from bonafide.scoring.exported import Scorer
from bonafide.scoring.metadata import check_complete

MIN_SPEECH = 1.0  # seconds; less says too little about a voice
WINDOW_SECONDS, HOP_SECONDS = 4.0, 1.0  # chosen with benchmarks/spliced.py
ARRAY_BLOCK = 1 << 16  # samples


class Detector:
    """A trained detector for recordings of any format and length; one may be shared by threads.

    Parameters
    ----------
    model : Path or str or bytes, optional
        The ONNX file that stage export wrote; the packaged one by default.

    Examples
    --------
    >>> result = Detector().predict(np.zeros(32000), rate=16000)  # or the path of a recording
    >>> result.verdict, result.reason, result.p_ai
    ('cannot tell', 'the recording is silent', None)
    """

    def __init__(self, model: Path | str | bytes | None = None) -> None:
        self.model = packaged_model() if model is None else Path(model) if isinstance(model, str) else model
        self.scorer = Scorer(self.model)
        self.facts = self.scorer.facts
        check_complete(self.facts.thresholds)

    def predict(
        self,
        audio: str | Path | BinaryIO | np.ndarray,
        *,
        rate: int | None = None,
        threshold: str | float = "balanced",
        heard: Callable[[float], None] | None = None,
    ) -> Result:
        """Say whether the voice in `audio` is human or AI-generated.

        Parameters
        ----------
        audio : str, Path, file opened in binary mode, or np.ndarray
            An array has the shape (n,) or (n, channels); floats have a full scale of 1.
        rate : int, optional
            Of an array, in hertz.
        threshold : {"balanced", "decisive", "precision", "recall"} or float
            See `bonafide.detection.verdicts.cut_of`.
        heard : callable, optional
            Told now and then how many seconds of a long recording were heard.

        Returns
        -------
        Result
            Audio that cannot be judged is no error: its verdict is "cannot tell" and its reason says why. A file
            that could not be read at all has a length of 0 seconds.

        Raises
        ------
        UserError
            When there is no such file, or a parameter makes no sense.
        """
        cut = cut_of(self.facts.thresholds, threshold)
        if isinstance(audio, np.ndarray):
            samples = _mono(audio)
            if rate is None:
                raise UserError("an array needs its sampling rate: predict(samples, rate=16000)")
            return self._judge(lambda: self._array(Recording(samples, rate, ""), cut, heard))
        if rate is not None:
            raise UserError("a file tells its own sampling rate: leave `rate` out")
        return self._judge(lambda: self._any_file(audio, cut, heard))

    def predict_many(
        self, files: Iterable[Path], *, jobs: int = 1, threshold: str | float = "balanced"
    ) -> Iterator[tuple[Path, Result]]:
        """Yield each of `files` with its result, in their order, as they get done.

        Parameters
        ----------
        files : iterable of Path
            A missing one gets a result that says so.
        jobs : int
            Processes. With two or more a file that makes the decoder crash costs only its own result.
        threshold : {"balanced", "decisive", "precision", "recall"} or float
            See `bonafide.detection.verdicts.cut_of`.
        """
        cut_of(self.facts.thresholds, threshold)  # a mistake shows before the first file is read
        if jobs == 1:
            return one_by_one(self, files, threshold)
        return spread(partial(Detector, self.model), files, jobs, threshold)

    def _judge(self, judge: Callable[[], Result]) -> Result:
        try:
            return judge()
        except UnusableError as error:
            return Result.refused(str(error))
        except UserError:
            raise
        except MemoryError:
            return Result.refused("this machine has too little memory left to read it")
        except Exception as error:  # a damaged file makes decoders raise what they like, and it is no user's mistake
            return Result.refused(f"the data cannot be decoded ({type(error).__name__}): the file is damaged")

    def _any_file(self, audio: str | Path | BinaryIO, cut: Cut, heard: Callable[[float], None] | None) -> Result:
        with as_path(audio) as path:
            refuse_unreadable(path)
            longest = self.facts.audio.max_seconds
            first = decode(path, max_seconds=longest + 1)
            if first.samples.size <= longest * first.rate:
                return self._short(first, cut)
            return self._long(stream(path, self.facts.audio.rate), cut, heard)

    def _array(self, recording: Recording, cut: Cut, heard: Callable[[float], None] | None) -> Result:
        refuse_implausible(recording.rate, 1)
        samples, rate = recording.samples, recording.rate
        if samples.size <= self.facts.audio.max_seconds * rate:
            return self._short(recording, cut)
        if not np.isfinite(samples).all():
            raise UnusableError("samples are NaN or infinite")
        blocks = (samples[start : start + ARRAY_BLOCK] for start in range(0, samples.size, ARRAY_BLOCK))
        return self._long(resampled(blocks, rate, self.facts.audio.rate), cut, heard)

    def _short(self, recording: Recording, cut: Cut) -> Result:
        """Score a recording as a whole, as the pipeline does, and its windows beside where it has several."""
        seconds = recording.samples.size / recording.rate
        try:
            check(recording.samples)
            llr, speech = self._score(recording)
        except UnusableError as error:
            return Result.refused(str(error), seconds=seconds)
        if speech.reason or speech.seconds < MIN_SPEECH:
            return Result.refused(
                speech.reason or _too_short(speech.seconds), seconds=seconds, speech_seconds=speech.seconds
            )
        parts: list[Window] = []
        if seconds > WINDOW_SECONDS + HOP_SECONDS / 2:
            blocks = resampled([recording.samples], recording.rate, self.facts.audio.rate)
            parts = [window for _, window, _ in self._windows(blocks) if isinstance(window, Window)]
        whole = Window(0.0, round(seconds, 3), llr, float(p_ai(llr)))
        return result_of(llr, parts or [whole], cut, hop=HOP_SECONDS, seconds=seconds, speech_seconds=speech.seconds)

    def _long(self, blocks: Iterable[np.ndarray], cut: Cut, heard: Callable[[float], None] | None) -> Result:
        parts: list[Window] = []
        why: Counter[str] = Counter()
        stop = spoken = 0.0
        for end, window, speech_seconds in self._windows(blocks):
            # Overlapping windows hear the same speech several times: each counts for what is new in it.
            spoken += speech_seconds * min(1.0, (end - stop) / WINDOW_SECONDS)
            stop = end
            if isinstance(window, Window):
                parts.append(window)
            else:
                why[window] += 1
            if heard is not None:
                heard(stop)
        if not parts:
            return Result.refused(why.most_common(1)[0][0] if why else "the file holds no audio frames", seconds=stop)
        if spoken < MIN_SPEECH:
            return Result.refused(_too_short(spoken), seconds=stop, speech_seconds=spoken)
        llr = float(np.mean([window.llr for window in parts]))
        return result_of(llr, parts, cut, hop=HOP_SECONDS, seconds=stop, speech_seconds=spoken)

    def _windows(self, blocks: Iterable[np.ndarray]) -> Iterator[tuple[float, Window | str, float]]:
        """Yield (end, the scored window or why there is none, seconds of speech) of each window of resampled audio."""
        rate = self.facts.audio.rate
        length = min(WINDOW_SECONDS, self.facts.audio.max_seconds)
        loudest = -np.inf
        for start, samples in windows(blocks, rate, length=length, hop=HOP_SECONDS):
            stop = start + samples.size / rate
            try:
                check(samples)
                level = level_dbfs(samples)
                loudest = max(loudest, level)
                if level < loudest - ACTIVE_DB:
                    raise UnusableError("the recording is silent")
                llr, speech = self._score(Recording(samples, rate, ""))
            except UnusableError as error:
                yield stop, str(error), 0.0
                continue
            if speech.reason or speech.seconds < MIN_SPEECH:
                yield stop, speech.reason or _too_short(speech.seconds), 0.0 if speech.reason else speech.seconds
            else:
                yield stop, Window(round(start, 3), round(stop, 3), llr, float(p_ai(llr))), speech.seconds

    def _score(self, recording: Recording) -> tuple[float, Speech]:
        """Return the llr of a recording, in the steps of the pipeline, and what speech there is in it."""
        samples = condition(recording, self.facts.audio)
        speech = detect_speech(samples, self.facts.audio.rate, seconds=recording.samples.size / recording.rate)
        if speech.reason:
            return 0.0, speech  # the network's run would be for nothing
        return float(calibrate(self.scorer.logit(samples), self.facts.calibration)), speech


def packaged_model() -> bytes:
    """Return the weights that come with the package."""
    weights = files("bonafide") / "weights" / "default.onnx"
    try:
        return weights.read_bytes()
    except FileNotFoundError:
        raise UserError(
            "this installation has no packaged weights: name a model, such as models/bonafide.onnx"
        ) from None


def _too_short(seconds: float) -> str:
    return f"too little speech: {seconds:.1f} s, {MIN_SPEECH:g} s are needed"


def _mono(samples: np.ndarray) -> np.ndarray:
    if samples.ndim not in (1, 2) or not samples.size or not np.issubdtype(samples.dtype, np.number):
        raise UserError(f"an array of samples has the shape (n,) or (n, channels), not {samples.shape}")
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / np.float32(np.iinfo(samples.dtype).max + 1.0)
    mono = samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)
    return np.ascontiguousarray(mono, dtype=np.float32)
