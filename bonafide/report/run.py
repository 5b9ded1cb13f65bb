"""What a run has left behind, read once: all that the report says comes from here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from annotated_types import Ge

from bonafide.files import sha256
from bonafide.scoring.exported import Facts, Scorer
from bonafide.scoring.operating_points import NAMES, measure_name
from bonafide.text import Ends, ends_of

SPLIT_COLUMNS = ["split", "label", "speaker", "source", "generator", "language", "seconds", "license"]


@dataclass(frozen=True)
class ReportSettings:
    """What the page shows of the recordings; section `report` of params.yaml."""

    worst: Annotated[int, Ge(0)]
    right: Annotated[int, Ge(0)]
    players: bool
    spectrograms: bool


@dataclass(frozen=True)
class Files:
    """Where a run's outputs lie."""

    split: Path
    clips: Path
    rejects: Path
    history: Path
    model: Path
    scores: Path
    details: Path
    intervals: Path
    slices: Path
    plots: Path
    robustness: Path
    audit: Path


@dataclass(frozen=True)
class Run:
    """The contents of a run's outputs; `bonafide.evaluation` and `bonafide.audit` say what they mean."""

    settings: dict[str, Any]  # sections of params.yaml
    split: pd.DataFrame
    rejects: pd.DataFrame
    history: pd.DataFrame
    facts: Facts
    hashes: dict[str, str]  # SHA-256 of files, by their name
    scores: pd.DataFrame
    metrics: dict[str, float]
    intervals: dict[str, dict[str, float | None]]
    slices: pd.DataFrame
    confusion: pd.DataFrame
    curve: pd.DataFrame
    histogram: pd.DataFrame
    reliability: pd.DataFrame
    robustness: pd.DataFrame
    audit: dict[str, Any]
    packaged: dict[str, float]  # detector on the same clips, where the training started from it; empty elsewhere
    segments: dict[str, dict[str, float]]  # by length; empty where no test clip is partly synthetic

    def metric(self, name: str) -> float | None:
        """Return the metric of that name, None where it is not measured."""
        return self.metrics.get(name)

    def ends(self, name: str) -> Ends:
        """Return the 95 % interval of the metric of that name."""
        return ends_of(self.intervals.get(name, {}))

    def clips(self, label: str) -> int:
        """Return how many test clips of a class, "human" or "ai", there are."""
        return int(self.metrics[f"clips_{label}"])

    @property
    def llr(self) -> np.ndarray:
        """Scores of the test clips in nats, shape (n,)."""
        return np.asarray(self.scores["llr"])

    @property
    def human(self) -> np.ndarray:
        """Whether each test clip is human, shape (n,)."""
        return np.asarray(self.scores["label"] == "human")

    @property
    def thresholds(self) -> dict[str, float]:
        """The thresholds on the llr that were chosen on dev."""
        return {name: self.metrics[measure_name(name, "threshold")] for name in NAMES}

    @property
    def band(self) -> tuple[float, float]:
        """The llrs between which the detector says that it cannot tell."""
        return self.facts.cannot_tell


def used(train: dict[str, Any]) -> dict[str, Any]:
    """Return section `train` of params.yaml without the settings of networks that were not chosen."""
    return {key: value for key, value in train.items() if not isinstance(value, dict) or key == train["model"]}


def read_slices(path: Path) -> pd.DataFrame:
    """Read the table of slices; a speaker or source may be called NA or nan."""
    return pd.read_csv(path, dtype={"slice": str, "value": str}, keep_default_na=False, na_values=[""])


def read_run(files: Files, settings: dict[str, Any]) -> Run:
    """Read the outputs of a run."""
    metrics = json.loads(files.details.read_text(encoding="utf-8"))
    segments, packaged = metrics.pop("segments", {}), metrics.pop("packaged", {})
    return Run(
        settings=settings,
        split=pq.read_table(files.split, columns=SPLIT_COLUMNS).to_pandas(),
        rejects=pd.read_csv(files.rejects, dtype=str, keep_default_na=False),
        history=pd.read_csv(files.history),
        facts=Scorer(files.model).facts,
        hashes={str(path): sha256(path) for path in (files.model, files.split, files.scores)},
        scores=pq.read_table(files.scores, filters=[("split", "=", "test")]).to_pandas(),
        metrics=metrics,
        intervals=json.loads(files.intervals.read_text(encoding="utf-8")),
        slices=read_slices(files.slices),
        confusion=pd.read_csv(files.plots / "confusion.csv"),
        curve=pd.read_csv(files.plots / "curve.csv"),
        histogram=pd.read_csv(files.plots / "histogram.csv"),
        reliability=pd.read_csv(files.plots / "reliability.csv"),
        robustness=pd.read_csv(files.robustness),
        audit=json.loads(files.audit.read_text(encoding="utf-8")),
        packaged=packaged,
        segments=segments,
    )
