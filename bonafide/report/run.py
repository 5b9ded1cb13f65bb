"""What a run has left behind, read once: all that the report says comes from here."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from annotated_types import Ge

from bonafide.scoring.calibration import cannot_tell_band
from bonafide.scoring.exported import Facts, Scorer
from bonafide.text import Ends, ends_of

SPLIT_COLUMNS = ["split", "label", "speaker", "source", "generator", "language", "seconds", "license"]
PRESETS = ("balanced", "decisive", "precision", "recall")


@dataclass(frozen=True)
class ReportSettings:
    """What the page shows of the recordings; section `report` of params.yaml."""

    worst: Annotated[int, Ge(0)]
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
    metrics: Path
    intervals: Path
    slices: Path
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
    metrics: dict[str, Any]
    intervals: dict[str, dict[str, float | None]]
    slices: pd.DataFrame
    robustness: pd.DataFrame
    audit: dict[str, Any]

    def metric(self, name: str) -> float | None:
        """Return the metric of that dotted name, None where it is not measured."""
        value: Any = self.metrics
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return None if value is None else float(value)

    def ends(self, name: str) -> Ends:
        """Return the 95 % interval of the metric of that dotted name."""
        return ends_of(self.intervals.get(name, {}))

    @property
    def llr(self) -> np.ndarray:
        """Scores of the test clips in nats, shape (n,)."""
        return self.scores["llr"].to_numpy()

    @property
    def human(self) -> np.ndarray:
        """Whether each test clip is human, shape (n,)."""
        return (self.scores["label"] == "human").to_numpy()

    @property
    def thresholds(self) -> dict[str, float]:
        """The thresholds on the llr that were chosen on dev."""
        return {name: self.metrics[name]["threshold"] for name in PRESETS}

    @property
    def band(self) -> tuple[float, float]:
        """The llrs between which the detector says that it cannot tell."""
        return cannot_tell_band(self.thresholds)


def used(train: dict[str, Any]) -> dict[str, Any]:
    """Return section `train` of params.yaml without the settings of networks that were not chosen."""
    return {key: value for key, value in train.items() if not isinstance(value, dict) or key == train["model"]}


def read_run(files: Files, settings: dict[str, Any]) -> Run:
    """Read the outputs of a run."""
    return Run(
        settings=settings,
        split=pq.read_table(files.split, columns=SPLIT_COLUMNS).to_pandas(),
        rejects=pd.read_csv(files.rejects, dtype=str, keep_default_na=False),
        history=pd.read_csv(files.history),
        facts=Scorer(files.model).facts,
        hashes={str(path): _sha256(path) for path in (files.model, files.split, files.scores)},
        scores=pq.read_table(files.scores).to_pandas(),
        metrics=json.loads(files.metrics.read_text(encoding="utf-8")),
        intervals=json.loads(files.intervals.read_text(encoding="utf-8")),
        slices=pd.read_csv(files.slices, dtype={"slice": str, "value": str}, keep_default_na=True, na_values=[""]),
        robustness=pd.read_csv(files.robustness),
        audit=json.loads(files.audit.read_text(encoding="utf-8")),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
