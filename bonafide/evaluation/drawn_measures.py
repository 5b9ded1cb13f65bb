"""The measures of `bonafide.scoring.measures` for the clips as they are and for every replicate at once."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from bonafide.evaluation.drawn_clips import DrawnClips, row_chunks
from bonafide.scoring import measures
from bonafide.scoring.calibration import Floats
from bonafide.scoring.operating_points import measure_name

# Measures that need the counts at every score; the EER needs them where it lies alone.
RANKED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "auc": measures.auc_of,
    "min_cllr": lambda human, ai: np.array(
        [measures.min_cllr_of(h, a) for h, a in zip(np.diff(human), np.diff(ai), strict=True)]
    ),
    "min_dcf": measures.min_dcf_of,
}


def measure(human: DrawnClips, ai: DrawnClips, metrics: Collection[str] | None = None) -> dict[str, Floats]:
    """Return each measure of the two classes against each other, shape=(1 + replicates,) by name.

    The first number is that of the clips as they are, the others are those of the replicates: NaN where one lacks a
    class. Both sides must have been made with the same edges, thresholds and replicates.
    """
    ranked, added = _wanted(human.thresholds, metrics)
    n_human, n_ai = human.totals[:, 0], ai.totals[:, 0]
    # A subset may have lost a class to the draw: 0 / 0 is meant to be NaN there.
    with np.errstate(invalid="ignore", divide="ignore"):
        values = _sums_measured(human.totals, ai.totals, human.thresholds)
        if "eer" in ranked:
            values["eer"] = eer_of_classes(human, ai)
        values |= _ranks_measured(human, ai, [name for name in ranked if name != "eer"])
    lost = (n_human == 0) | (n_ai == 0)
    return {name: np.where(lost, np.nan, values[name]) for name in sorted((*ranked, *added))}


def _wanted(thresholds: Mapping[str, float], metrics: Collection[str] | None) -> tuple[list[str], list[str]]:
    """Names of the ranked measures and of those that are sums, as far as they are wanted."""
    ranks = sorted([*RANKED, "eer"])
    added = ["act_dcf", "brier", "cllr", "ece"]
    added += [measure_name(name, rate) for name in thresholds for rate in measures.decisions_of(0, 0, 1, 1)]
    if metrics is None:
        return ranks, added
    if unknown := set(metrics) - set(ranks) - set(added):
        raise ValueError(f"There is no measure named {', '.join(sorted(unknown))}; thresholds bring theirs with them.")
    return [name for name in ranks if name in metrics], [name for name in added if name in metrics]


def _sums_measured(human: Floats, ai: Floats, thresholds: Mapping[str, float]) -> dict[str, Floats]:
    """Measures from the `DrawnClips.totals` of each class."""
    n_human, n_ai = human[:, 0], ai[:, 0]
    means = (human / n_human[:, None] + ai / n_ai[:, None]) / 2
    values = {
        "act_dcf": measures.dcf(human[:, 3] / n_human, 1 - ai[:, 3] / n_ai),
        "brier": means[:, 2],
        "cllr": means[:, 1],
        "ece": np.abs(means[:, -measures.BINS :]).sum(axis=1),
    }
    for column, name in enumerate(thresholds, start=4):
        rates = measures.decisions_of(human[:, column], ai[:, column], n_human, n_ai)
        values |= {measure_name(name, rate): value for rate, value in rates.items()}
    return values


def _ranks_measured(human: DrawnClips, ai: DrawnClips, names: list[str]) -> dict[str, Floats]:
    """Measures from the counts below every score."""
    if not names:
        return {}
    scores = np.unique(np.concatenate([human.llr, ai.llr]))
    positions = [np.searchsorted(side.llr, scores, side="right") for side in (human, ai)]
    parts = []
    for rows in row_chunks(len(human.counts), scores.size):
        below = [side.below(rows, at) for side, at in zip((human, ai), positions, strict=True)]
        parts.append([RANKED[name](*below) for name in names])
    return {name: np.concatenate(part) for name, part in zip(names, zip(*parts, strict=True), strict=True)}


def eer_of_classes(human: DrawnClips, ai: DrawnClips) -> Floats:
    """Equal error rate of each row of draws, shape=(1 + replicates,), as `bonafide.scoring.measures.eer` has it."""
    n_human, n_ai = human.below_edges[:, -1:], ai.below_edges[:, -1:]
    # From edge to edge fpr rises and fnr falls, so they are closest in the block at whose end fpr has reached fnr.
    reached = human.below_edges * n_ai + ai.below_edges * n_human >= n_human * n_ai
    blocks = np.maximum(reached.argmax(axis=1) - 1, 0)
    rates = np.empty(blocks.size)
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        inside = [side.llr[slice(*side.starts[block : block + 2])] for side in (human, ai)]
        scores = np.unique(np.concatenate(inside))
        below = (
            side.below(rows, np.searchsorted(llr, scores, side="right"), block)
            for side, llr in zip((human, ai), inside, strict=True)
        )
        rates[rows] = measures.eer_of(*below)
    return rates
