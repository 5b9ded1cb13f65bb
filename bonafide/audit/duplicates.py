"""The same sound in two splits, or under both labels: errors of the corpus that no metric shows."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bonafide.audio.conditioning import from_flac
from bonafide.audit import fingerprints
from bonafide.corpus.rows import LABELS
from bonafide.pipeline.executors import run_all
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import rows_of
from bonafide.progress import track

PARTLY = "ai in part"
PAIRS_PER_TASK = 1000  # compared by one worker at a time: some 100 MB of waveforms


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
        Of the split table, with ``hashes`` as `bonafide.audit.probes.measure` returns them, numbered from 0.
    clips : Path
        Folder of the parts that hold the conditioned audio.
    rate : int
        Of that audio, in hertz.
    same_above : float
        Likeness of the waveforms from which on two clips are the same sound.
    """
    prints = [np.frombuffer(each, "<u4") for each in rows["hashes"]]
    alike = fingerprints.candidates(prints, partial(_forbidden, rows))
    names = rows["clip"].to_numpy()
    pairs = list(zip(names[alike.first], names[alike.second], alike.offset.tolist(), strict=True))
    tasks = [pairs[start : start + PAIRS_PER_TASK] for start in range(0, len(pairs), PAIRS_PER_TASK)]
    compare = partial(_compare, str(clips), rate)
    likeness: dict[tuple[str, str], float] = {}
    for part in track(run_all(compare, tasks) if tasks else [], total=len(tasks), what="comparing waveforms"):
        likeness |= part
    by_clip = rows.set_index("clip")
    same = [_duplicate(by_clip, pair, value) for pair, value in likeness.items() if value >= same_above]
    return sorted(same, key=lambda each: each.paths)


def _held_out(side: str) -> str:
    """Return `side`, that of the tested clips for those that are counted apart: neither is heard in training."""
    return "test" if side == "apart" else side


def _forbidden(rows: pd.DataFrame, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which pairs of positions must not hold the same sound."""
    split, label, pair = (rows[name].to_numpy().astype(str) for name in ("split", "label", "pair"))
    counted = (split[first] != "apart") & (split[second] != "apart")  # a person through a codec is that person's sound
    split = np.where(split == "apart", _held_out("apart"), split)
    used = (split[first] != "dropped") & (split[second] != "dropped")
    declared = (pair[first] == pair[second]) & (pair[first] != "")
    partly = (rows["segments"].map(len) > 0).to_numpy()
    contrary = (label[first] != label[second]) & ~declared & counted & ~partly[first] & ~partly[second]
    forbidden: np.ndarray = ((split[first] != split[second]) & used) | contrary
    return forbidden


def _compare(clips: str, rate: int, pairs: list[tuple[str, str, int]]) -> dict[tuple[str, str], float]:
    """Return the likeness of each of `pairs`: two clips and the hops between them."""
    names = {name for first, second, _ in pairs for name in (first, second)}
    waves = {
        row["clip"]: fingerprints.narrow(from_flac(row["audio"]["bytes"]), rate)
        for row in rows_of(part_files(Path(clips)).values(), names, ["audio"])
    }
    return {
        (first, second): fingerprints.likeness(waves[first], waves[second], hops * fingerprints.HOP)
        for first, second, hops in pairs
    }


def _duplicate(by_clip: pd.DataFrame, pair: tuple[str, str], likeness: float) -> Duplicate:
    both = by_clip.loc[list(pair)].sort_values("path")
    both["label"] = both["label"].where(both["segments"].map(len) == 0, PARTLY)
    paths, splits, labels = ((both[name].iloc[0], both[name].iloc[1]) for name in ("path", "split", "label"))
    return Duplicate(paths, splits, labels, round(likeness, 3))
