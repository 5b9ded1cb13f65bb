"""Decoding by PyAV in a process of its own: one that a file makes crash costs that file its answer, and nothing else.

The process is started when a file first needs it, and used again for those that follow.
"""

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

import bonafide
from bonafide.audio.recording import Sound, UnusableError

CRASHED = "the decoder crashed on it: the file is damaged"
HOME = Path(bonafide.__file__).parents[1]  # where the process finds this very package

_idle: list["_Helper"] = []
_lock = threading.Lock()
_here = False


def may_die() -> None:
    """Say that this process may die of a file: PyAV is called in it, and no other process is started."""
    global _here
    _here = True


def av_is_there() -> bool:
    """Tell whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def av_sound_apart(path: Path, most_seconds: float | None = None) -> Sound:
    """Open what `bonafide.audio.av_decoding.av_sound` opens; all of it, or its first `most_seconds`.

    Raises
    ------
    UnusableError
        As that does, and where the decoder crashed.
    """
    if _here:
        from bonafide.audio.av_decoding import av_sound

        return av_sound(path)
    helper, head = _asked({"path": str(path.absolute()), "most_seconds": most_seconds})
    if "unusable" in head:
        _give_back(helper)
        raise UnusableError(head["unusable"])
    sound = Sound(head["rate"], head["channels"], head["format"], iter(()), [])
    most = round(most_seconds * sound.rate) if most_seconds is not None else None
    sound.blocks = _blocks(helper, sound, most)
    return sound


def _asked(question: dict[str, Any]) -> tuple["_Helper", dict[str, Any]]:
    """Return a helper that took the question, and the head of its answer."""
    while True:
        with _lock:
            helper = _idle.pop() if _idle else None
        fresh = helper is None
        helper = helper or _Helper()
        with suppress(OSError):
            helper.ask(question)
        if (head := helper.said()) is not None:
            return helper, head
        helper.end()
        if fresh:  # another one may have died while it was idle
            raise UnusableError(CRASHED)


def _blocks(helper: "_Helper", sound: Sound, most: int | None) -> Iterator[np.ndarray]:
    taken, ended = 0, False
    try:
        while (said := helper.said()) is not None:
            if "block" not in said:
                ended = True
                _conclude(sound, said)
                return
            block = helper.samples(said["block"], sound.channels)
            taken += len(block)
            yield block
        raise UnusableError(CRASHED)
    finally:
        if not ended and most is not None and taken >= most and (said := helper.said()) is not None:
            ended = "notes" in said
            sound.notes += said.get("notes", [])
        if ended:
            _give_back(helper)
        else:
            helper.end()


def _conclude(sound: Sound, said: dict[str, Any]) -> None:
    if "unusable" in said:
        raise UnusableError(said["unusable"])
    sound.notes += said["notes"]
    sound.until = said["until"]


def _give_back(helper: "_Helper") -> None:
    with _lock:
        _idle.append(helper)


class _Helper:
    """The process, and what is said to it and by it: JSON, a line each, and blocks of samples after some."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            # -P: a file of the working folder must not stand in for a module
            [sys.executable, "-P", "-m", "bonafide.audio.decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders print there what they find in files
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        )

    def ask(self, question: dict[str, Any]) -> None:
        stdin = _pipe(self._process.stdin)
        stdin.write(json.dumps(question).encode() + b"\n")
        stdin.flush()

    def said(self) -> dict[str, Any] | None:
        """Return what it says next, None where it is gone."""
        line = _pipe(self._process.stdout).readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def samples(self, count: int, channels: int) -> np.ndarray:
        content = _pipe(self._process.stdout).read(4 * count * channels)
        if len(content) < 4 * count * channels:
            raise UnusableError(CRASHED)
        return np.frombuffer(content, np.float32).reshape(count, channels)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent has no reader
                _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # both were asked for
    return pipe


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a pipe has one reader
