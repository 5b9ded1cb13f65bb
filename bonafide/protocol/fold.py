"""A fold of a protocol: which it is, and the folder and files that keep it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

METRICS = "details.json"  # in a fold's folder, and last: a fold that has it is whole
NAME = re.compile(r"(?P<by>[a-z]+)-(?P<held>\d+(?:-and-\d+)*)-of-(?P<of>\d+)-seed-(?P<seed>\d+)")


@dataclass(frozen=True)
class Fold:
    """What a network is fitted without, and where it is kept.

    Attributes
    ----------
    home : Path
        The folder of all folds of a protocol.
    by : str
        ``"source"``, ``"generator"`` or ``"speaker"``: what is divided and held out.
    held : tuple of int
        Which of the parts is held out, from 1; two for a network that two folds are calibrated by.
    of : int
        How many parts there are.
    seed : int
        Of the training.
    """

    home: Path
    by: str
    held: tuple[int, ...]
    of: int
    seed: int

    def pair(self, other: int) -> "Fold":
        """Return the fold without the part `other` as well."""
        return replace(self, held=tuple(sorted((*self.held, other))))

    @property
    def number(self) -> int:
        """The part that is tested."""
        return self.held[0]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.by}-{'-and-'.join(map(str, self.held))}-of-{self.of}-seed-{self.seed}"

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.home / self.name

    @property
    def params(self) -> Path:
        """The params file that it was fitted with."""
        return self.folder / "params.yaml"

    @property
    def sides(self) -> Path:
        """The split table."""
        return self.folder / "split.parquet"

    @property
    def keras(self) -> Path:
        """The fitted network."""
        return self.folder / "bonafide.keras"

    @property
    def onnx(self) -> Path:
        """The detector, calibrated."""
        return self.folder / "bonafide.onnx"

    @property
    def scores(self) -> Path:
        """What the detector says of the tested clips."""
        return self.folder / "scores.parquet"

    @property
    def coded(self) -> Path:
        """What it says of them, each through a codec drawn at random."""
        return self.folder / "coded.parquet"

    @property
    def metrics(self) -> Path:
        """How right that is; written last, so that a fold that has it is whole."""
        return self.folder / METRICS


def whole_folds(home: Path, by: str, seeds: Sequence[int] | None = None) -> list[Fold]:
    """Return the folds in `home` by what they hold out that are done, perhaps of some `seeds` alone, in order."""
    matches = [NAME.fullmatch(path.parent.name) for path in home.glob(f"*/{METRICS}")]
    folds = [
        Fold(home, match["by"], tuple(map(int, match["held"].split("-and-"))), int(match["of"]), int(match["seed"]))
        for match in matches
        if match and match["by"] == by
    ]
    return sorted((fold for fold in folds if seeds is None or fold.seed in seeds), key=lambda fold: fold.name)
