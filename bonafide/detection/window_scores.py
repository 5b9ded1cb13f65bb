"""What a recording says: as a whole where it is short, window by window, while it comes, where it is long."""

from collections import Counter
from dataclasses import replace

import numpy as np

from bonafide.audio.blocks import resampled
from bonafide.audio.conditioning import SILENT, check, conditioned, level_dbfs
from bonafide.audio.recording import Recording, UnusableError
from bonafide.detection.results import Result, Window
from bonafide.detection.streaming import Windows
from bonafide.detection.vad import ACTIVE_DB, Speech, detect_speech
from bonafide.detection.verdicts import Cut, result_of
from bonafide.scoring.calibration import calibrate, p_ai
from bonafide.scoring.exported import Scorer

MIN_SPEECH = 1.0  # seconds; less says too little about a voice
WINDOW_SECONDS, HOP_SECONDS = 4.0, 1.0  # chosen with benchmarks/spliced.py
NO_FRAMES = "the file holds no audio frames"


class WindowScores:
    """The scores of the windows of one recording, taken while its sound comes.

    Parameters
    ----------
    scorer : Scorer

    Attributes
    ----------
    seconds : float
        Heard up to the end of the last window.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer, self._rate = scorer, scorer.facts.audio.rate
        length = min(WINDOW_SECONDS, scorer.facts.audio.max_seconds)
        self._windows = Windows(self._rate, length=length, hop=HOP_SECONDS)
        self._entries: list[Window | str] = []  # each window, or why it has no score
        self.seconds = self._new = self._most = 0.0
        self._loudest = -np.inf

    def add(self, block: np.ndarray) -> None:
        """Score the windows that `block`, shape (n,), at the detector's rate, completes."""
        for start, samples in self._windows.add(block):
            self._take(start, samples)

    def end(self) -> None:
        """Score what lies behind the last whole window."""
        for start, samples in self._windows.end():
            self._take(start, samples)

    @property
    def windows(self) -> list[Window]:
        """Those that have a score, in time order."""
        return [entry for entry in self._entries if isinstance(entry, Window)]

    @property
    def spoken(self) -> float:
        """Seconds of speech so far."""
        return max(self._new, self._most)  # one window may take for speech what another could not tell

    def result(self, cut: Cut, last: int | None = None) -> Result:
        """Return what they say together, or what the `last` ones of them do."""
        entries = self._entries if last is None else self._entries[-last:]
        windows = [entry for entry in entries if isinstance(entry, Window)]
        if not windows:
            why = Counter(map(str, entries)).most_common(1)
            return Result.refused(why[0][0] if why else NO_FRAMES, seconds=self.seconds)
        if self.spoken < MIN_SPEECH:
            return Result.refused(too_short(self.spoken), seconds=self.seconds, speech_seconds=self.spoken)
        llr = float(np.mean([window.llr for window in windows]))
        return result_of(llr, windows, cut, hop=HOP_SECONDS, seconds=self.seconds, speech_seconds=self.spoken)

    def _take(self, start: float, samples: np.ndarray) -> None:
        stop = start + samples.size / self._rate
        try:
            speech = self._heard(start, stop, samples)
        except UnusableError as error:
            self._entries.append(str(error))
        else:
            # Overlapping windows hear the same speech several times: each counts for what is new in it.
            self._new += speech.seconds_between(max(start, self.seconds) - start, stop - start)
            self._most = max(self._most, speech.seconds_between(0.0, stop - start))
        self.seconds = stop

    def _heard(self, start: float, stop: float, samples: np.ndarray) -> Speech:
        """Score a window, or note why it has no score; raises `UnusableError` where it holds no speech."""
        check(samples)
        level = level_dbfs(samples)
        self._loudest = max(self._loudest, level)
        if level < self._loudest - ACTIVE_DB:
            raise UnusableError(SILENT)
        llr, speech = score(self._scorer, Recording(samples, self._rate, ""))
        if speech.reason:
            raise UnusableError(speech.reason)
        if speech.seconds < MIN_SPEECH:
            self._entries.append(too_short(speech.seconds))
        else:
            self._entries.append(Window(round(start, 3), round(stop, 3), llr, float(p_ai(llr))))
        return speech


def short_result(scorer: Scorer, recording: Recording, cut: Cut) -> Result:
    """Return what a recording says as a whole, as the pipeline scores it, with its windows where it has several."""
    seconds = recording.samples.size / recording.rate
    try:
        check(recording.samples)
        llr, speech = score(scorer, recording)
    except UnusableError as error:
        return Result.refused(str(error), seconds=seconds)
    if speech.reason or speech.seconds < MIN_SPEECH:
        return Result.refused(
            speech.reason or too_short(speech.seconds), seconds=seconds, speech_seconds=speech.seconds
        )
    parts: list[Window] = []
    if seconds > WINDOW_SECONDS + HOP_SECONDS / 2:
        scores = WindowScores(scorer)
        for block in resampled([recording.samples], recording.rate, scorer.facts.audio.rate):
            scores.add(block)
        scores.end()
        parts = scores.windows
    whole = Window(0.0, round(seconds, 3), llr, float(p_ai(llr)))
    return result_of(llr, parts or [whole], cut, hop=HOP_SECONDS, seconds=seconds, speech_seconds=speech.seconds)


def score(scorer: Scorer, recording: Recording) -> tuple[float, Speech]:
    """Return the llr of a recording, in the steps of the pipeline, and what speech there is in it."""
    facts = scorer.facts
    samples, start = conditioned(recording, facts.audio)
    speech = detect_speech(samples, facts.audio.rate, seconds=recording.samples.size / recording.rate)
    speech = replace(speech, begin=start)
    if speech.reason:
        return 0.0, speech  # the network's run would be for nothing
    return float(calibrate(scorer.logit(samples), facts.calibration)), speech


def too_short(seconds: float, least: float = MIN_SPEECH) -> str:
    """Return the sentence for a recording with less speech than it takes."""
    return f"too little speech: {seconds:.1f} s, {least:g} s are needed"
