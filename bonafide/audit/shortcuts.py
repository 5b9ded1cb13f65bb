"""Learns to tell the classes apart from facts that hold no voice: a probe that succeeds has found a shortcut.

scikit-learn and the measures are imported where they are used: they take longer than all else of an audit of a corpus
in which little has changed, and each process of a pool would import them again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from bonafide.evaluation.bootstrap import Draws

FOLDS = 5
BINS = 255  # of a fact's values, at most: the trees' own
TREES, LEAVES, LEAST_LEAF = 40, 6, 10  # small: a probe that learns clips by heart finds nothing in others


@dataclass(frozen=True)
class Sides:
    """The clips that probes learn from and the clips that they are scored on.

    Attributes
    ----------
    train, test : np.ndarray, shape=(n,), bool
        Which clips lie on each side.
    human : np.ndarray, shape=(n,), bool
    groups : np.ndarray, shape=(n,), int
        What the split moves as one: cross-validation does too.
    """

    train: np.ndarray
    test: np.ndarray
    human: np.ndarray
    groups: np.ndarray


@dataclass(frozen=True)
class Probe:
    """One question to the corpus.

    Attributes
    ----------
    view : {"files", "clips"}
        Of the recordings as they were found, or as the network gets them.
    name : str
    values : np.ndarray, shape=(n, k), float; shape=(n,), str
        Numbers, or a category a clip; the empty string is unknown.
    neighbours : int
        0 for boosted trees (numbers) and counts (categories).
    """

    view: str
    name: str
    values: np.ndarray
    neighbours: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a probe found.

    Attributes
    ----------
    auc, low, high : float
        On test after learning from train, with its 95 % interval; 0.5 is chance, below it the classes swap places.
    accuracy : float
        On test, balanced over the classes.
    train_auc : float or None
        Cross-validated inside train, whole groups held out; None where train has fewer than two groups of a class.
    """

    view: str
    name: str
    auc: float
    low: float
    high: float
    accuracy: float
    train_auc: float | None


def ask(probe: Probe, sides: Sides, draws: "Draws", seed: int) -> Outcome:
    """Return how well `probe` tells the classes apart, with an interval from `draws` of the test side's clips."""
    from bonafide.scoring.measures import auc

    with one_thread():
        score = predict(probe, sides.human, sides.train, sides.test, seed)
        inside = cross_validated(probe, sides, seed)
    human = sides.human[sides.test]
    low, high = draws.intervals(score, metrics=["auc"])["auc"]
    # A score of 0 knows nothing: half of such clips are right by chance.
    right = np.where(score == 0, 0.5, (score > 0) == human)
    accuracy = (right[human].mean() + right[~human].mean()) / 2
    return Outcome(probe.view, probe.name, auc(score, human), low, high, float(accuracy), inside)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let probes compute on one thread: sums over several round differently."""
    import sklearn.ensemble  # noqa: F401 - before, as the limit holds for the libraries that are loaded

    with threadpool_limits(1):
        yield


def cross_validated(probe: Probe, sides: Sides, seed: int) -> float | None:
    """Return the AUC inside train, each clip scored by a probe that saw no clip of its group.

    All folds are ranked together, as a group may hold one class alone. What is left out tilts the balance of the
    rest, so that a probe without any information comes out somewhat below 0.5.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    from bonafide.scoring.measures import auc

    inside = np.flatnonzero(sides.train)
    human, groups = sides.human[inside], sides.groups[inside]
    folds = min(FOLDS, np.unique(groups[human]).size, np.unique(groups[~human]).size)
    if folds < 2:
        return None
    scores = np.full(inside.size, np.nan)
    for learn, held in StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(inside, human, groups):
        if np.unique(human[learn]).size == 2:
            everyone = np.arange(sides.human.size)
            learned, asked = np.isin(everyone, inside[learn]), np.isin(everyone, inside[held])
            scores[held] = predict(probe, sides.human, learned, asked, seed)
    known = ~np.isnan(scores)
    return auc(scores[known], human[known]) if np.unique(human[known]).size == 2 else None


def predict(probe: Probe, human: np.ndarray, learn: np.ndarray, score: np.ndarray, seed: int) -> np.ndarray:
    """Return the log odds of human for the clips `score`, learned from the clips `learn` with both classes alike."""
    if probe.values.ndim == 1:
        log_odds: np.ndarray = _from_counts(probe.values, human, learn)[score]
        return log_odds
    if probe.neighbours:
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        near = min(probe.neighbours, int(learn.sum()))
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(near, weights="uniform"))
        model.fit(probe.values[learn], human[learn])
        share, prior = model.predict_proba(probe.values[score])[:, 1], human[learn].mean()
        log_odds = _log_odds((share * near + 2 * prior) / (near + 2)) - _log_odds(prior)
        return log_odds
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=min(LEAST_LEAF, max(1, int(learn.sum()) // 8)),
        class_weight="balanced",
        early_stopping=False,
        random_state=seed,
    )
    learned, asked = _binned(probe.values[learn], human[learn], probe.values[score])
    log_odds = trees.fit(learned, human[learn]).decision_function(asked)
    return log_odds


def _binned(learned: np.ndarray, human: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both tables, shape (n, k) and (m, k), with the numbers of bins in place of values where these are many.

    The bins are those that the trees make of their values themselves: quantiles, each class weighing one half. They
    take ten times as long for them, as they sort all values anew for each of 254 quantiles.
    """
    learned, asked = learned.copy(), asked.copy()
    weights = human.size / (2 * np.where(human, human.sum(), (~human).sum()))
    for own, other in zip(learned.T, asked.T, strict=True):
        if np.unique(own).size > BINS:
            order = np.argsort(own)
            values, below = own[order], np.cumsum(weights[order])
            ranks = np.linspace(0, 100, BINS + 1)[1:-1] / 100 * below[-1]
            at = np.minimum(np.searchsorted(below, ranks), values.size - 1)
            over = below[at] - ranks > np.finfo(float).eps
            upper = values[np.minimum(at + ~over, values.size - 1)]
            edges = np.unique((values[at] + upper) / 2)  # between two values where a quantile falls between them
            own[:], other[:] = np.searchsorted(edges, own), np.searchsorted(edges, other)
    return learned, asked


def _from_counts(values: np.ndarray, human: np.ndarray, learn: np.ndarray) -> np.ndarray:
    """Log odds of each category; an unknown one, or one that was not learned, says nothing: 0."""
    names, code = np.unique(values, return_inverse=True)
    counted = learn & (values != "")
    of_human = np.bincount(code[counted & human], minlength=names.size)
    of_ai = np.bincount(code[counted & ~human], minlength=names.size)
    odds = np.log((of_human + 1) / (of_human.sum() + names.size)) - np.log((of_ai + 1) / (of_ai.sum() + names.size))
    # What is said of one class alone tells who wrote the table, not how the clips sound.
    told = (of_human + of_ai > 0) & (of_human.sum() > 0) & (of_ai.sum() > 0)
    of_clips: np.ndarray = np.where(told, odds, 0.0)[code]
    return of_clips


def _log_odds(share: np.ndarray) -> np.ndarray:
    log_odds: np.ndarray = np.log(share) - np.log1p(-share)
    return log_odds
