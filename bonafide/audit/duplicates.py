"""The same sound in two splits, or under both labels: errors of the corpus that no metric shows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bonafide.audit import fingerprints
from bonafide.audit.comparing import compared
from bonafide.corpus.rows import LABELS

PARTLY = "ai in part"


@dataclass(frozen=True)
class Duplicate:
    """Two clips with the same sound.

    Attributes
    ----------
    paths, splits, labels : (str, str)
        Of both clips; the label of a partly synthetic one is `PARTLY`.
    likeness : float
        Correlation of the waveforms, 1 at most.
    """

    paths: tuple[str, str]
    splits: tuple[str, str]
    labels: tuple[str, str]
    likeness: float

    @property
    def across(self) -> bool:
        """Whether a split holds what another one has: a leak."""
        first, second = (_held_out(side) for side in self.splits)
        return first != second and "dropped" not in self.splits

    @property
    def contrary(self) -> bool:
        """Whether both labels are given to one sound by clips that count, of which none is spliced from the other."""
        return set(self.labels) == set(LABELS) and "apart" not in self.splits


def duplicates(rows: pd.DataFrame, clips: Path, rate: int, *, same_above: float) -> list[Duplicate]:
    """Return the clips that are the same sound across splits or labels, by path.

    A recording and its declared copy (same `pair`) may resemble each other as they like.

    Parameters
    ----------
    rows : pd.DataFrame
        Of the split table, with ``hashes`` and ``audio_sha256`` as `bonafide.audit.probes.measure` returns them,
        numbered from 0.
    clips : Path
        Folder of the parts that hold the conditioned audio.
    rate : int
        Of that audio, in hertz.
    same_above : float
        Likeness of the waveforms from which on two clips are the same sound.
    """
    prints = [np.frombuffer(each, "<u4") for each in rows["hashes"]]
    alike = fingerprints.candidates(prints, _forbidden(rows))
    likeness = compared(rows["clip"].tolist(), rows["audio_sha256"].tolist(), alike, clips, rate)
    by_clip = rows.set_index("clip")
    same = [_duplicate(by_clip, pair, value) for pair, value in likeness.items() if value >= same_above]
    return sorted(same, key=lambda each: each.paths)


def _held_out(side: str) -> str:
    """Return `side`, that of the tested clips for those that are counted apart: neither is heard in training."""
    return "test" if side == "apart" else side


def _forbidden(rows: pd.DataFrame) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return which pairs of positions must not hold the same sound, as a function of two arrays of positions."""
    split = rows["split"].to_numpy()
    apart, dropped = split == "apart", split == "dropped"
    side = pd.factorize(np.array([_held_out(each) for each in split], object))[0]
    label, pair = pd.factorize(rows["label"])[0], pd.factorize(rows["pair"])[0]
    paired, partly = (rows["pair"] != "").to_numpy(), (rows["segments"].map(len) > 0).to_numpy()

    def forbidden(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        counted = ~(apart[first] | apart[second])  # a person through a codec is that person's sound
        used = ~(dropped[first] | dropped[second])
        declared = (pair[first] == pair[second]) & paired[first]
        contrary = (label[first] != label[second]) & ~declared & counted & ~(partly[first] | partly[second])
        both: np.ndarray = ((side[first] != side[second]) & used) | contrary
        return both

    return forbidden


def _duplicate(by_clip: pd.DataFrame, pair: tuple[str, str], likeness: float) -> Duplicate:
    both = by_clip.loc[list(pair)].sort_values("path")
    both["label"] = both["label"].where(both["segments"].map(len) == 0, PARTLY)
    paths, splits, labels = ((both[name].iloc[0], both[name].iloc[1]) for name in ("path", "split", "label"))
    return Duplicate(paths, splits, labels, round(likeness, 3))
