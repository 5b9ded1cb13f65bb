"""The detector for users: any recording in, a verdict with its reason out.

A recording no longer than the pipeline's own clips is scored exactly as the pipeline scores it. A longer one is
heard in overlapping windows, each conditioned by the same functions; its llr is the mean over its windows.

What libsndfile cannot read is decoded in a process that may die, so that a file that makes it crash costs its own
answer alone.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bonafide.audio.channels import Levels
from bonafide.audio.decoding import first_seconds
from bonafide.audio.opening import open_sound
from bonafide.audio.recording import Recording, Sound, UnusableError
from bonafide.detection.arrays import array_sound, rate_of, samples_of
from bonafide.detection.choice import PACKAGED, choice_of, packaged_model
from bonafide.detection.many import Asked, as_file, one_by_one, spread
from bonafide.detection.results import Result
from bonafide.detection.streaming import as_path, refuse_implausible, refuse_unreadable, stream
from bonafide.detection.verdicts import Cut, cut_of
from bonafide.detection.voices import Channels, check_channels, heard_channels, noted
from bonafide.detection.window_scores import WindowScores, short_result
from bonafide.errors import UserError
from bonafide.scoring.exported import Scorer
from bonafide.scoring.metadata import check_complete


class Detector:
    """A trained detector for recordings of any format and length; one may be shared by threads.

    Parameters
    ----------
    model : Path or str or bytes, optional
        The ONNX file that stage export wrote, its content, ``"packaged"``, or ``"REPO@TAG"``: that of the pipeline in
        a git repository at a tag. Without it the one that is in use: see `bonafide.detection.choice`.

    Attributes
    ----------
    name, sha256 : str
        The path of its file or ``"packaged"``, empty where it was given as bytes; the SHA-256 of its content.

    Examples
    --------
    >>> result = Detector().predict(np.zeros(32000), rate=16000)  # or the path of a recording
    >>> result.verdict, result.reason, result.p_ai
    ('cannot tell', 'the recording is silent', None)
    """

    def __init__(self, model: Path | str | bytes | None = None) -> None:
        choice = choice_of(model)
        self.name = choice.name
        self.model = packaged_model() if choice.model is None else choice.model
        with choice.explained():
            self.scorer = Scorer(self.model)
            self.facts = self.scorer.facts
            check_complete(self.facts.thresholds)
        self.sha256 = self.scorer.sha256

    def predict(
        self,
        audio: str | Path | bytes | BinaryIO | np.ndarray,
        *,
        rate: int | None = None,
        threshold: str | float = "balanced",
        channels: Channels = "each",
        heard: Callable[[float], None] | None = None,
    ) -> Result:
        """Say whether the voice in `audio` is human or AI-generated.

        Parameters
        ----------
        audio : str, Path, bytes, file opened in binary mode, or np.ndarray
            Bytes are the content of a file. An array has the shape (n,) or (n, channels); floats have a full scale
            of 1, int16, int32 and uint8 that of their type.
        rate : int, optional
            Of an array, in hertz.
        threshold : {"balanced", "decisive", "precision", "recall"} or float
            See `bonafide.detection.verdicts.cut_of`.
        channels : {"each", "mix"}
            Where channels carry different voices: a verdict for each, or one for their mean. Other channels are
            heard as their mean, or as the loudest one where they cancel each other out.
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
        cut = cut_of(self.facts.thresholds, self.facts.cannot_tell, threshold)
        check_channels(channels)
        if isinstance(audio, np.ndarray):
            samples = samples_of(audio)
            if rate is None:
                raise UserError("an array needs its sampling rate: predict(samples, rate=16000)")
            opened = partial(array_sound, samples, rate_of(rate))
            return self._judge(lambda: self._sound(lambda _: opened(), cut, channels, heard))
        if not isinstance(audio, str | Path | bytes | bytearray | memoryview) and not hasattr(audio, "read"):
            raise UserError(f"audio is a path, bytes, an open file or an array, not {type(audio).__name__}")
        if rate is not None:
            raise UserError("a file tells its own sampling rate: leave `rate` out")
        return self._judge(lambda: self._any_file(audio, cut, channels, heard))

    def predict_many(
        self,
        files: Iterable[Path],
        *,
        jobs: int = 1,
        threshold: str | float = "balanced",
        channels: Channels = "each",
    ) -> Iterator[tuple[Path, Result]]:
        """Yield each of `files` with its result, in their order, as they get done.

        Parameters
        ----------
        files : iterable of Path
            A missing one gets a result that says so.
        jobs : int
            Processes. A script needs ``if __name__ == "__main__":`` before it asks for two or more.
        threshold : {"balanced", "decisive", "precision", "recall"} or float
            See `bonafide.detection.verdicts.cut_of`.
        channels : {"each", "mix"}
            See `predict`.

        Raises
        ------
        UserError
            When a parameter makes no sense, or the processes do not start.
        """
        # A mistake shows before the first file is read.
        cut_of(self.facts.thresholds, self.facts.cannot_tell, threshold)
        asked = Asked(threshold, check_channels(channels))
        if jobs == 1:
            return one_by_one(self, files, asked)
        return self._spread(files, jobs, asked)

    def _spread(self, files: Iterable[Path], jobs: int, asked: Asked) -> Iterator[tuple[Path, Result]]:
        with as_file(PACKAGED if self.name == PACKAGED else self.model) as model:
            yield from spread(partial(Detector, model), files, jobs, asked)

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

    def _any_file(
        self,
        audio: str | Path | bytes | BinaryIO,
        cut: Cut,
        channels: Channels,
        heard: Callable[[float], None] | None,
    ) -> Result:
        with as_path(audio) as path:
            refuse_unreadable(path)
            return self._sound(partial(open_sound, path), cut, channels, heard)

    def _sound(
        self,
        opened: Callable[[float | None], Sound],
        cut: Cut,
        channels: Channels,
        heard: Callable[[float], None] | None,
    ) -> Result:
        """Score what `opened` opens, the whole of it or its first seconds, as often as it takes to hear its voices."""
        longest = self.facts.audio.max_seconds
        sound = opened(longest + 1)
        refuse_implausible(sound.rate, sound.channels)
        levels = Levels(sound.rate)
        samples = first_seconds(sound, longest + 1, levels=levels)

        def short(channel: int | None) -> Result:
            one = samples if channel is None else first_seconds(opened(longest + 1), longest + 1, channel=channel)
            return noted(short_result(self.scorer, Recording(one, sound.rate, ""), cut), *sound.notes)

        if samples.size <= longest * sound.rate:
            return heard_channels(short, levels, channels)
        levels = Levels(sound.rate)

        def long(channel: int | None) -> Result:
            whole = opened(None)
            gathered = levels if channel is None else None
            blocks = stream(whole, self.facts.audio.rate, channel=channel, levels=gathered)
            return noted(self._long(blocks, cut, heard), *whole.notes)

        return heard_channels(long, levels, channels)

    def _long(self, blocks: Iterable[np.ndarray], cut: Cut, heard: Callable[[float], None] | None) -> Result:
        scores = WindowScores(self.scorer)
        for block in blocks:
            scores.add(block)
            if heard is not None:
                heard(scores.seconds)
        scores.end()
        return scores.result(cut)
