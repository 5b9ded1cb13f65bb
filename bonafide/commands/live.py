"""`bonafide detect --live -`: a verdict each second, on sound that comes by standard input."""

import json
import signal
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from bonafide.audio.pcm import Pcm, head_of
from bonafide.commands.writing import COLOURS, Answering, out, say_who_answered, styled
from bonafide.detection.live import LiveDetector
from bonafide.detection.results import Result, as_json, confidence
from bonafide.text import clock, duration

if TYPE_CHECKING:
    import numpy as np

    from bonafide.detection.detector import Detector

HEAD = f"{'heard':>7}  {'verdict':<11}  {'p(ai)':>5}  {'confidence':<11}  {'speech':>7}"
MOST_BYTES = 1 << 16  # that are taken in at a time


def listen(
    detector: "Detector", source: BinaryIO, raw: Pcm, threshold: str | float, writer: "LiveTable | LiveJson"
) -> Result:
    """Write a verdict each second until `source` or Ctrl-C ends the sound, then return that on all that was heard.

    Parameters
    ----------
    detector : Detector
    source : file opened in binary mode
    raw : Pcm
        How its samples lie where it is no WAV.
    threshold : str or float
        See `bonafide.detection.verdicts.cut_of`.
    writer : LiveTable or LiveJson
    """
    pcm, sound = _opened(source, raw)
    live = LiveDetector(detector, rate=pcm.rate, threshold=threshold)
    for samples in sound:
        for result in live.feed(samples):
            writer.write(result)
    result = live.finish()
    writer.finish(result)
    return result


def _opened(source: BinaryIO, raw: Pcm) -> tuple[Pcm, "Iterator[np.ndarray]"]:
    """Return how the samples of `source` lie, and these as they come, shape (n, channels)."""
    chunks, come = _chunks(source), bytearray()

    def read(size: int) -> bytes:
        while len(come) < size and (chunk := next(chunks, b"")):
            come.extend(chunk)
        content = bytes(come[:size])
        del come[:size]
        return content

    pcm, size, first = head_of(read, raw)
    return pcm, pcm.samples(_first(chain([first + bytes(come)], chunks), size))


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    """Yield what comes until it ends, or Ctrl-C ends it, which interrupts nothing but the waiting."""
    is_waiting = has_ended = False

    def end(*_: object) -> None:
        nonlocal has_ended
        has_ended = True
        if is_waiting:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        while not has_ended:
            try:
                is_waiting = True
                chunk = source.read1(MOST_BYTES)  # type: ignore[attr-defined] # what buffers has it
            except KeyboardInterrupt:
                return
            is_waiting = False
            if not chunk:
                return
            yield chunk
    finally:
        signal.signal(signal.SIGINT, before)


def _first(chunks: Iterable[bytes], size: int | None) -> Iterator[bytes]:
    """Yield the first `size` bytes of `chunks`, or all."""
    for chunk in chunks:
        yield chunk if size is None else chunk[:size]
        if size is not None and (size := size - len(chunk)) <= 0:
            return


class LiveJson:
    """A line of JSON for each second: whether it is the last, which is of all, what `Result` holds, what answered."""

    def __init__(self, answering: Answering) -> None:
        self._answering = asdict(answering)

    def write(self, result: Result, *, final: bool = False) -> None:
        """Show one verdict."""
        out(json.dumps({"final": final, **as_json(result), **self._answering}) + "\n")

    def finish(self, result: Result) -> None:
        """Show the last one."""
        self.write(result, final=True)


class LiveTable:
    """A line for each second, for people."""

    def __init__(self, answering: Answering) -> None:
        self._model = answering.model
        self._has_head = False

    def write(self, result: Result, *, final: bool = False) -> None:
        """Show one verdict."""
        if not self._has_head:
            out(styled(HEAD, bold=True) + "\n")
            self._has_head = True
        probability = "-" if result.p_ai is None else f"{result.p_ai:.2f}"
        verdict = styled(f"{result.verdict:<11}", fg=COLOURS[result.verdict])
        length = "all" if final else clock(result.seconds)
        reason = f"  {result.reason}" if result.reason else ""
        speech = duration(result.speech_seconds)
        out(f"{length:>7}  {verdict}  {probability:>5}  {confidence(result) or '-':<11}  {speech:>7}{reason}\n")

    def finish(self, result: Result) -> None:
        """Show the last one, and say on stderr what answered."""
        self.write(result, final=True)
        say_who_answered(self._model)
