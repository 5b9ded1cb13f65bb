"""A decoded recording, and what is raised where there is none."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np

from bonafide.text import clock

# Seconds that may be missing before a recording is called cut short: more than a frame of any codec, and than the
# priming, rounded time stamps and headers that are a little off of sound files.
SLACK = 0.2


class UnusableError(Exception):
    """A recording that cannot be used; the message is the reason, for rejects.csv and verdicts."""


@dataclass(frozen=True)
class Recording:
    """Decoded audio.

    Attributes
    ----------
    samples : np.ndarray, shape=(n,), float32
        The mean of all channels, or the one that `bonafide.audio.channels` chose; full scale is 1.
    rate : int
        In hertz.
    format : str
        Container and coding as libsndfile names them, for example ``"WAV/PCM_16"``.
    note : str
        What else is to be known of it, such as where it is damaged; empty, or one sentence.
    """

    samples: np.ndarray
    rate: int
    format: str
    note: str = ""


@dataclass
class Sound:
    """An opened file whose sound comes block by block.

    Attributes
    ----------
    rate : int
        In hertz.
    channels : int
    format : str
        As `Recording` has it.
    blocks : iterator of np.ndarray, shape=(n, channels), float32
        Raises `UnusableError` where it cannot go on, or ends before an exact promise of the file.
    notes : list of str
        What is to be known of it; complete once all blocks were taken.
    until : float
        By PyAV: at which second the last packet ended, then. More than was heard where some could not be decoded.
    """

    rate: int
    channels: int
    format: str
    blocks: Iterator[np.ndarray]
    notes: list[str] = field(default_factory=list)
    until: float = 0.0

    def close(self) -> None:
        """Leave what was not read, and the process that reads it to others."""
        if isinstance(self.blocks, Generator):
            self.blocks.close()


def refuse_cut(heard: float, promised: float, slack: float = SLACK) -> None:
    """Raise `UnusableError` where of `promised` seconds, told exactly, more than `slack` are missing."""
    if promised - heard > slack:
        raise UnusableError(f"the file is cut short: {heard:.2f} of {promised:.2f} s are there")


def damage_at(seconds: float) -> str:
    """Return the sentence for damage that does not keep a file from being read."""
    return f"the file is damaged at {seconds:.1f} s" if seconds < 60 else f"the file is damaged at {clock(seconds)}"
