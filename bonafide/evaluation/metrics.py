"""Metrics of the test clips, with intervals, from their scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt

from bonafide.evaluation.bootstrap import Draws, percentiles
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.measures import answers, auc_between, summary

# As many as `dvc metrics show` can put beside each other in 120 columns; decisions at the balanced threshold.
HEADLINE = ("accuracy", "auc", "cllr", "eer", "f1", "fnr", "fpr", "min_dcf", "precision", "recall")
BAND = ("band_low", "band_high")  # llrs in nats, among the metrics


@dataclass(frozen=True)
class EvaluateSettings:
    """How the test clips are measured; section `evaluate` of params.yaml."""

    replicates: Annotated[int, Gt(0)]
    seed: Annotated[int, Ge(0)]
    small_slice: Annotated[int, Gt(0)]


def metrics_of(scores: pd.DataFrame, thresholds: dict[str, float], band: tuple[float, float]) -> dict[str, float]:
    """Return the metrics of all test clips: pooled, at each threshold, and as means over generators and sources.

    Those of `answers` are of what lies outside the `band` of llrs in which nothing is called, which goes along.
    ``fnr_of_tts`` and the like are the shares of each family that are missed at the balanced threshold.
    """
    llr, human = arrays(scores)
    groups = _by_group(scores, thresholds["balanced"])
    means = {name: float(of.mean()) for name, of in groups.items()}
    missed = ~pd.Series(is_ai(llr, thresholds["balanced"]))[~human]
    means |= {
        f"fnr_of_{name}": float(of.mean()) for name, of in missed.groupby(scores["family"].to_numpy()[~human]) if name
    }
    answered = answers(llr, human, *band) | dict(zip(BAND, band, strict=True))
    return dict(sorted((summary(llr, human, thresholds) | means | answered).items()))


def headline_of(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return those of `metrics_of` that people look at first."""
    return {name: metrics[name] for name in HEADLINE}


def intervals_of(
    scores: pd.DataFrame, thresholds: dict[str, float], settings: EvaluateSettings
) -> dict[str, dict[str, float | None]]:
    """Return the 95 % interval, over speakers and generators, of every number of `metrics_of` that has one.

    ``"female - male.eer"`` and the like are differences between the voices at the same thresholds, where both have
    clips of both classes. Those of means over generators or sources draw these alone: what another generator would
    change, for the same other clips.
    """
    llr, human = arrays(scores)
    draws = Draws(clusters(scores), human, replicates=settings.replicates, seed=settings.seed)
    ends = draws.intervals(llr, thresholds=thresholds)
    female, male = ((scores["gender"] == gender).to_numpy() for gender in ("female", "male"))
    if all(human[voice].any() and not human[voice].all() for voice in (female, male)):
        metrics = ["eer", "auc", "fpr", "fnr", "hter"]
        apart = draws.group_difference(llr, female, male, thresholds=thresholds, metrics=metrics)
        ends |= {f"female - male.{name}": each for name, each in apart.items()}
    rng = np.random.default_rng(settings.seed)
    groups = _by_group(scores, thresholds["balanced"])
    several = {name: of for name, of in groups.items() if of.size > 1}  # one alone says nothing of others
    drawn_means = {name: rng.choice(of, (settings.replicates, of.size)).mean(axis=1) for name, of in several.items()}
    ends |= percentiles(drawn_means)
    return {name: {"low": _or_none(low), "high": _or_none(high)} for name, (low, high) in sorted(ends.items())}


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
