"""Speech judged while it is heard: a first verdict after 2 s of it, then one every second.

While no more was heard than the pipeline's own clips hold, a verdict is what `Detector.predict` says of all of it.
Later ones are of the last minute, so that a voice that begins late is not lost in the mean of all that was before it,
and so that a second costs the same however long one listens.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import soxr

from bonafide.audio.channels import mono
from bonafide.audio.recording import Recording, UnusableError
from bonafide.detection.arrays import rate_of, samples_of
from bonafide.detection.detector import Detector
from bonafide.detection.results import Result
from bonafide.detection.streaming import refuse_implausible
from bonafide.detection.verdicts import cut_of
from bonafide.detection.window_scores import HOP_SECONDS, NO_FRAMES, WindowScores, short_result, too_short
from bonafide.errors import UserError

FIRST_SPEECH = 2.0  # seconds, before there is a verdict; afterwards the whole is judged like any recording
RECENT_SECONDS = 60.0  # that a verdict is of
STEPS = 10  # a second: sound is taken in by so much, so that no verdict depends on how it was cut into chunks


class LiveDetector:
    """A detector that listens to one recording; a call with a person a channel takes one for each channel.

    Parameters
    ----------
    detector : Detector
        May be shared.
    rate : int
        Of the samples, in hertz.
    threshold : {"balanced", "decisive", "precision", "recall"} or float
        See `bonafide.detection.verdicts.cut_of`.

    Raises
    ------
    UserError
        When a parameter makes no sense.

    Examples
    --------
    >>> live = LiveDetector(Detector(), rate=16000)
    >>> [update.seconds for update in live.feed(np.zeros(40000, np.int16))]
    [1.0, 2.0]
    >>> live.finish().reason
    'the recording is silent'
    """

    def __init__(self, detector: Detector, *, rate: int, threshold: str | float = "balanced") -> None:
        self._scorer = detector.scorer
        facts = detector.facts
        self._cut = cut_of(facts.thresholds, facts.cannot_tell, threshold)
        self._rate, self._to = rate_of(rate), facts.audio.rate
        try:
            refuse_implausible(self._rate, channels=1)
        except UnusableError as error:
            raise UserError(str(error)) from None
        self._resampler = soxr.ResampleStream(self._rate, self._to, 1, dtype="float32", quality="HQ")
        self._scores = WindowScores(self._scorer)
        self._rest = np.zeros(0, np.float32)  # less than a step
        # What may have to be judged as a whole, and a sample more: then it is known to be longer.
        self._beginning = np.zeros(round(facts.audio.max_seconds * self._rate) + 1, np.float32)
        self._heard = self._resampled = 0  # samples
        self._updates = 0
        self._ended = False

    def feed(self, samples: np.ndarray) -> list[Result]:
        """Take in the next samples, and return the verdict at each second that they complete.

        Parameters
        ----------
        samples : np.ndarray, shape=(n,) or (n, channels)
            Any number of them; floats have a full scale of 1, int16, int32 and uint8 that of their type. Channels
            are heard as their mean.

        Returns
        -------
        list of Result
            In the order of time. `seconds` is all that was heard, and `speech_seconds` all speech in it; verdict,
            score, `windows` and `segments` are of the last minute.

        Raises
        ------
        UserError
            When they are no samples, or the recording has ended.
        """
        if self._ended:
            raise UserError("this recording has ended: a new one needs a new LiveDetector")
        if not samples.size:
            return []
        if not np.isfinite(block := mono(samples_of(samples))).all():
            raise UserError("samples are NaN or infinite")
        return [update for step in self._steps(block) for update in self._hear(step)]

    def finish(self) -> Result:
        """Return the verdict on all that was heard: what `Detector.predict` says of the whole recording."""
        self._ended = True
        if not self._heard + self._rest.size:
            return Result.refused(NO_FRAMES)
        for _ in self._hear(self._rest):
            pass
        self._rest = self._rest[:0]
        if self._is_short:
            return self._whole()
        self._scores.add(self._resampled_block(self._rest, last=True))
        self._scores.end()
        return self._scores.result(self._cut)

    @property
    def seconds(self) -> float:
        """Length of all that was heard."""
        return (self._heard + self._rest.size) / self._rate

    @property
    def _is_short(self) -> bool:
        return self._heard < self._beginning.size

    def _steps(self, block: np.ndarray) -> Iterator[np.ndarray]:
        block, size = np.concatenate((self._rest, block)), self._rate // STEPS
        whole = block.size - block.size % size
        self._rest = block[whole:]
        for start in range(0, whole, size):
            yield block[start : start + size]

    def _hear(self, step: np.ndarray) -> Iterator[Result]:
        if self._is_short:
            room = self._beginning[self._heard :]
            room[: step.size] = step[: room.size]
        self._heard += step.size
        block = self._resampled_block(step)
        self._resampled += block.size
        self._scores.add(block)
        if self._resampled >= (self._updates + 1) * HOP_SECONDS * self._to:
            self._updates += 1
            yield self._update()

    def _resampled_block(self, block: np.ndarray, *, last: bool = False) -> np.ndarray:
        if self._rate == self._to:
            return block
        resampled: np.ndarray = self._resampler.resample_chunk(block, last=last)
        return resampled

    def _whole(self) -> Result:
        return short_result(self._scorer, Recording(self._beginning[: self._heard], self._rate, ""), self._cut)

    def _update(self) -> Result:
        if self._is_short:
            result = self._whole()
        else:
            result = self._scores.result(self._cut, last=round(RECENT_SECONDS / HOP_SECONDS))
        seconds = round(self._heard / self._rate, 3)
        if result.llr is not None and result.speech_seconds < FIRST_SPEECH:
            spoken = result.speech_seconds
            return Result.refused(too_short(spoken, FIRST_SPEECH), seconds=seconds, speech_seconds=spoken)
        return replace(result, seconds=seconds)
