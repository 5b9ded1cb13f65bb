"""What the exported detector makes of the test clips: scores, metrics, the same by slice, points of the curves."""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from annotated_types import Ge, Gt

from bonafide.audio import from_flac
from bonafide.bootstrap import cluster_bootstrap
from bonafide.calibration import calibrate, is_ai, p_ai
from bonafide.cliptable import LABELS
from bonafide.detector import Detector
from bonafide.executors import run_all
from bonafide.parts import part_files
from bonafide.progress import track
from bonafide.scoring import auc, decisions, det_curve, eer, summary
from bonafide.tables import read_rows

SLICES = ("gender", "generator", "source", "language", "speaker_seen", "generator_seen", "source_seen")
CURVE_POINTS = 400  # of a plot; a screen shows no more


@dataclass(frozen=True)
class EvaluateSettings:
    """How the test clips are measured; section `evaluate` of params.yaml."""

    replicates: Annotated[int, Gt(0)]
    seed: Annotated[int, Ge(0)]


def score_clips(model: Path, clips: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with the ``logit``, ``llr`` and ``p_ai`` that the detector gives to each clip.

    Parameters
    ----------
    model : Path
        The exported detector.
    clips : Path
        Folder of the parts that hold the conditioned audio.
    rows : pd.DataFrame
        Of the split table, with a column ``clip``.
    """
    chosen = frozenset(rows["clip"])
    paths = list(part_files(clips).values())
    score = partial(_score_part, str(model), chosen)
    logits: dict[str, float] = {}
    for part in track(run_all(score, paths), total=len(paths), what="scoring parts"):
        logits |= part
    scored = rows.assign(logit=rows["clip"].map(logits))
    llr = calibrate(scored["logit"].to_numpy(), Detector(model).facts.calibration)
    return scored.assign(llr=llr, p_ai=p_ai(llr))


def metrics_of(scores: pd.DataFrame, thresholds: dict[str, float], settings: EvaluateSettings) -> dict[str, Any]:
    """Return the metrics of all test clips, each with its 95 % interval over speakers and generators."""
    llr, human = arrays(scores)
    measured = summary(llr, human, thresholds)
    intervals = cluster_bootstrap(
        llr,
        human,
        clusters(scores),
        thresholds=thresholds,
        replicates=settings.replicates,
        seed=settings.seed,
    )
    nested: dict[str, Any] = {}
    for name, (low, high) in intervals.items():
        group, _, metric = name.rpartition(".")
        (nested.setdefault(group, {}) if group else nested)[metric] = {"low": low, "high": high}
    return {**measured, "interval": nested}


def slices_of(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row of metrics for each value of each slice.

    A slice of one class, such as a generator, has its error rate; its EER and AUC are taken against all clips of
    the other class, which column ``against`` says.
    """
    rows = [
        {"slice": name, "value": str(value), **_measure(inside, scores, threshold)}
        for name in SLICES
        for value, inside in scores[scores[name] != ""].groupby(name, sort=True)
    ]
    return pd.DataFrame(rows)


def confusion(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row for each clip with what it is and what it is called: the points of a confusion matrix."""
    called = np.where(is_ai(scores["llr"].to_numpy(), threshold), "ai", "human")
    return pd.DataFrame({"actual": scores["label"].to_numpy(), "predicted": called})


def curve(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the ROC and DET curves: false-positive, true-positive and false-negative rate."""
    _, fpr, fnr = det_curve(*arrays(scores))
    kept = np.unique(np.linspace(0, len(fpr) - 1, CURVE_POINTS).astype(int))
    return pd.DataFrame({"fpr": fpr[kept], "tpr": 1 - fnr[kept], "fnr": fnr[kept]})


def arrays(scores: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the llr, shape (n,), and whether each clip is human, shape (n,)."""
    return scores["llr"].to_numpy(), (scores["label"] == "human").to_numpy()


def clusters(scores: pd.DataFrame) -> np.ndarray:
    """Return what stands and falls together, shape (n,): speakers of human clips, generators of ai clips."""
    return np.where(scores["label"] == "human", scores["speaker"], scores["generator"])


def _measure(inside: pd.DataFrame, scores: pd.DataFrame, threshold: float) -> dict[str, Any]:
    labels = set(inside["label"])
    against = "slice" if len(labels) == 2 else f"all {'ai' if labels == {'human'} else 'human'}"
    both = inside if len(labels) == 2 else pd.concat([inside, scores[~scores["label"].isin(labels)]])
    llr, human = arrays(both)
    rates = decisions(llr, human, threshold)
    if len(labels) == 1:  # what the other class does at the threshold says nothing about this slice
        rates = {"fpr": rates["fpr"]} if labels == {"human"} else {"fnr": rates["fnr"], "recall": rates["recall"]}
    counts = {f"clips_{label}": int((inside["label"] == label).sum()) for label in LABELS}
    return {**counts, "against": against, "eer": eer(llr, human), "auc": auc(llr, human), **rates}


@lru_cache(maxsize=1)
def _detector(model: str) -> Detector:
    return Detector(Path(model))


def _score_part(model: str, chosen: frozenset[str], path: Path) -> dict[str, float]:
    detector = _detector(model)
    return {
        row["clip"]: detector.logit(from_flac(row["audio"]["bytes"]))
        for batch in read_rows([path], ["clip", "audio"])
        for row in batch.filter(pa.compute.is_in(batch.column("clip"), pa.array(sorted(chosen)))).to_pylist()
    }
