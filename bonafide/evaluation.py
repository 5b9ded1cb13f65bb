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
from bonafide.bootstrap import cluster_bootstrap, group_bootstrap, intervals
from bonafide.calibration import calibrate, is_ai, p_ai
from bonafide.detector import Detector
from bonafide.executors import run_all
from bonafide.parts import part_files
from bonafide.progress import track
from bonafide.scoring import auc_between, det_curve, reliability, summary
from bonafide.tables import read_rows
from bonafide.voices import describe_voice

CURVE_POINTS = 400  # of a plot; a screen shows no more
HISTOGRAM_BINS = 40


@dataclass(frozen=True)
class EvaluateSettings:
    """How the test clips are measured; section `evaluate` of params.yaml."""

    replicates: Annotated[int, Gt(0)]
    seed: Annotated[int, Ge(0)]
    small_slice: Annotated[int, Gt(0)]
    families: dict[str, str]


def score_clips(model: Path, clips: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with the ``logit``, ``llr`` and ``p_ai`` that the detector gives to each clip.

    What the slices need beside it comes from the same pass: ``pitch_hz`` and ``snr_db``.

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
    found: dict[str, dict[str, float]] = {}
    for part in track(run_all(score, paths), total=len(paths), what="scoring parts"):
        found |= part
    scored = rows.join(pd.DataFrame.from_dict(found, orient="index"), on="clip")
    llr = calibrate(scored["logit"].to_numpy(), Detector(model).facts.calibration)
    return scored.assign(llr=llr, p_ai=p_ai(llr))


def metrics_of(scores: pd.DataFrame, thresholds: dict[str, float]) -> dict[str, Any]:
    """Return the metrics of all test clips: pooled, at each threshold, and as means over generators and sources."""
    llr, human = arrays(scores)
    groups = _by_group(scores, thresholds["balanced"])
    return {**summary(llr, human, thresholds), "macro": {name: float(of.mean()) for name, of in groups.items()}}


def intervals_of(
    scores: pd.DataFrame, thresholds: dict[str, float], settings: EvaluateSettings
) -> dict[str, dict[str, float | None]]:
    """Return the 95 % interval, over speakers and generators, of every number of `metrics_of` that has one.

    Names of nested metrics are joined by a dot, such as ``"balanced.fpr"``; ``"female - male.eer"`` and the like are
    differences between the voices at the same thresholds, where both have clips of both classes. Those of means over
    generators or sources draw these alone: what another generator would change, for the same other clips.
    """
    llr, human = arrays(scores)
    drawn: dict[str, Any] = {"thresholds": thresholds, "replicates": settings.replicates, "seed": settings.seed}
    found = dict(cluster_bootstrap(llr, human, clusters(scores), **drawn))
    female, male = ((scores["gender"] == gender).to_numpy() for gender in ("female", "male"))
    if all(human[voice].any() and not human[voice].all() for voice in (female, male)):
        metrics = ["eer", "auc", "balanced.fpr", "balanced.fnr", "balanced.hter"]
        apart = group_bootstrap(llr, human, clusters(scores), female, male, metrics=metrics, **drawn)
        found |= {f"female - male.{name}": ends for name, ends in apart.items()}
    rng = np.random.default_rng(settings.seed)
    groups = _by_group(scores, thresholds["balanced"])
    drawn_means = {name: rng.choice(of, (settings.replicates, of.size)).mean(axis=1) for name, of in groups.items()}
    found |= intervals({f"macro.{name}": means for name, means in drawn_means.items()})
    return {name: {"low": _or_none(low), "high": _or_none(high)} for name, (low, high) in sorted(found.items())}


def confusion(scores: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return a row for each clip with what it is and what it is called: the points of a confusion matrix."""
    called = np.where(is_ai(scores["llr"].to_numpy(), threshold), "ai", "human")
    return pd.DataFrame({"actual": scores["label"].to_numpy(), "predicted": called})


def curve(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the ROC and DET curves: false-positive, true-positive and false-negative rate."""
    _, fpr, fnr = det_curve(*arrays(scores))
    kept = np.unique(np.linspace(0, len(fpr) - 1, CURVE_POINTS).astype(int))
    return pd.DataFrame({"fpr": fpr[kept], "tpr": 1 - fnr[kept], "fnr": fnr[kept]})


def reliability_points(scores: pd.DataFrame) -> pd.DataFrame:
    """Return points of the reliability diagram: mean p_ai and share of ai clips of each bin that holds clips."""
    _, predicted, observed = reliability(*arrays(scores))
    return pd.DataFrame({"predicted": predicted, "observed": observed}).dropna()


def histogram(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each class's clips in bins over the llr, written as the middle of each bin in nats."""
    llr, human = arrays(scores)
    edges = np.histogram_bin_edges(llr, HISTOGRAM_BINS)
    shares = {name: np.histogram(llr[side], edges)[0] / side.sum() for name, side in (("human", human), ("ai", ~human))}
    return pd.DataFrame({"llr": (edges[:-1] + edges[1:]) / 2, **shares})


def arrays(scores: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the llr, shape (n,), and whether each clip is human, shape (n,)."""
    return scores["llr"].to_numpy(), (scores["label"] == "human").to_numpy()


def clusters(scores: pd.DataFrame) -> np.ndarray:
    """Return what stands and falls together, shape (n,): speakers of human clips, generators of ai clips."""
    return np.where(scores["label"] == "human", scores["speaker"], scores["generator"])


def _by_group(scores: pd.DataFrame, threshold: float) -> dict[str, np.ndarray]:
    """Return measures of each generator, or human source, by name: in their means each counts alike, large or small."""
    llr, human = arrays(scores)
    flagged, humans = pd.Series(is_ai(llr, threshold)), np.sort(llr[human])
    generators = scores["generator"].to_numpy()[~human]
    sources = scores["source"].to_numpy()[human]
    aucs = [auc_between(humans, np.sort(inside)) for _, inside in pd.Series(llr[~human]).groupby(generators)]
    return {
        "auc_over_generators": np.array(aucs),
        "fnr_over_generators": 1 - flagged[~human].groupby(generators).mean().to_numpy(),
        "fpr_over_human_sources": flagged[human].groupby(sources).mean().to_numpy(),
    }


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@lru_cache(maxsize=1)
def _detector(model: str) -> Detector:
    return Detector(Path(model))


def _score_part(model: str, chosen: frozenset[str], path: Path) -> dict[str, dict[str, float]]:
    detector = _detector(model)
    rate = detector.facts.audio.rate
    found = {}
    for batch in read_rows([path], ["clip", "audio"]):
        inside = batch.filter(pa.compute.is_in(batch.column("clip"), pa.array(sorted(chosen), pa.string())))
        for row in inside.to_pylist():
            samples = from_flac(row["audio"]["bytes"])
            found[row["clip"]] = {"logit": detector.logit(samples), **describe_voice(samples, rate)}
    return found
