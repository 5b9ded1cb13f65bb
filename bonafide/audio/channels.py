"""Which channel of a recording is to be heard: their mean, unless they cancel out; each, where voices differ."""

from dataclasses import dataclass, field

import numpy as np

FRAME_SECONDS = 0.1  # of an envelope: about a syllable
SILENCE = 1e-4  # RMS, as in conditioning
CANCELS = 0.1  # of the power that channels without anything in common have when mixed
LOUD = 0.5  # of the power of the loudest channel: as good as that
QUIET = 1e-3  # of the power of the loudest channel: what lies below is its echo, or noise
ALIKE = 0.5  # correlation of the envelopes of two channels that carry one voice; others say each their own
MOST = 8  # voices
FEWEST = 10  # frames: less says too little of an envelope
CANCEL = "its channels cancel out: number {} was heard alone"
DIFFER = "its channels carry different voices, which were mixed"


@dataclass
class Levels:
    """The power of each channel, and of their mean, frame by frame, gathered from blocks.

    Attributes
    ----------
    rate : int
        In hertz.
    """

    rate: int
    _kept: list[np.ndarray] = field(default_factory=list)  # shape (frames, channels + 1); the last is the mean
    _rest: np.ndarray | None = None

    def add(self, block: np.ndarray) -> None:
        """Take in a block, shape (n, channels)."""
        if block.shape[1] == 1:
            return
        size = max(1, round(FRAME_SECONDS * self.rate))
        block = block if self._rest is None else np.concatenate((self._rest, block))
        frames = len(block) // size
        whole, self._rest = block[: frames * size], block[frames * size :]
        if not frames:
            return
        both = np.concatenate((whole, whole.mean(axis=1, dtype=np.float32)[:, None]), axis=1)
        self._kept.append(np.square(both).reshape(frames, size, -1).mean(axis=1, dtype=np.float64))

    def cancelled(self) -> int | None:
        """Return the first loud channel where the channels cancel each other out, else None."""
        power = self._power()
        if power is None:
            return None
        total = power.mean(axis=0)
        channels, mean = total[:-1], total[-1]
        together = channels.sum() / channels.size**2
        loud = int(np.flatnonzero(channels >= LOUD * channels.max())[0])
        return loud if channels.max() > SILENCE**2 and mean < CANCELS * together else None

    def voices(self) -> list[int]:
        """Return a channel for each voice, in order, where channels carry different ones; else none."""
        power = self._power()
        if power is None or len(power) < FEWEST:
            return []
        total = power[:, :-1].mean(axis=0)
        envelopes = np.sqrt(power[:, :-1]).T
        chosen: list[int] = []
        for channel in np.argsort(-total, kind="stable"):
            if total[channel] < max(QUIET * total.max(), SILENCE**2) or len(chosen) == MOST:
                break
            if all(_correlation(envelopes[channel], envelopes[other]) < ALIKE for other in chosen):
                chosen.append(int(channel))
        return sorted(chosen) if len(chosen) > 1 else []

    def _power(self) -> np.ndarray | None:
        power = np.concatenate(self._kept) if self._kept else None
        return power if power is not None and len(power) else None


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return (
        float((one * other).sum()) / norm if norm > 0 else 0.0
    )  # what never changes is no voice, and not that of another channel


def mono(block: np.ndarray, channel: int | None = None) -> np.ndarray:
    """Return a channel of `block`, shape (n, channels), or the mean of all; shape (n,), float32."""
    if block.shape[1] == 1:
        channel = 0  # which is its mean
    mixed: np.ndarray = block.mean(axis=1, dtype=np.float32) if channel is None else block[:, channel]
    return np.ascontiguousarray(mixed)
