"""Fits the network of spectral statistics: no epochs, one convex problem with one answer.

The statistics of every training crop are taken once; a Gaussian kernel is approximated by comparing with some of them
(Williams & Seeger 2000, "Using the Nystroem method"), and a logistic regression weighs these comparisons.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from bonafide.batches import training_mels
from bonafide.mel import crops
from bonafide.models.statistics import LIMIT, statistics
from bonafide.training import CROPS_AT_ONCE, Clips, TrainSettings, judge

SMALLEST = 1e-2  # of the kernel's eigenvalues: below it weights grow until rounding shows in the score
ITERATIONS = 300


@dataclass(frozen=True)
class CropStatistics:
    """Statistics of crops, shape (n, k), with the clip of each and whether it is of an augmented copy, shape (n,)."""

    clips: np.ndarray
    copies: np.ndarray
    values: np.ndarray

    def of(self, clips: Collection[str]) -> "CropStatistics":
        """Return those of `clips` alone."""
        chosen = np.isin(self.clips, list(clips))
        return CropStatistics(self.clips[chosen], self.copies[chosen], self.values[chosen])


def fit_statistics(
    clips: Clips, settings: TrainSettings, known: CropStatistics | None = None
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Fit the network "statistics" and return it with one line of history.

    Every source counts by the square root of its clips, and both classes alike, among the corpus's own clips and among
    its companions. Memory: some 3 kB a training crop.

    Parameters
    ----------
    clips : Clips
    settings : TrainSettings
    known : CropStatistics, optional
        Of the training clips and perhaps others, where many networks are fitted to parts of the same clips.

    Returns
    -------
    keras.Model
        Crops (n, frames, n_mels) in, probability of ai (n, 1) out, with a layer named ``logit`` before it.
    list of dict
        epoch (1), loss, and on dev, where there is one: dev_loss, dev_auc, dev_eer.
    """
    training = known.of(clips.train) if known else crop_statistics(clips)
    found = training.values
    is_ai = np.array([clips.train[name] for name in training.clips])
    weights = crop_weights(training, is_ai, clips, settings.kernel.copy_weight)
    print(f"{len(found)} crops of {len(clips.train)} clips; {found.shape[1]} statistics of each", flush=True)

    machine = fit_kernel(found, is_ai, weights, settings)

    model = statistics(clips.frames, clips.n_mels, len(machine.centres), settings.kernel.width)
    model.get_layer("standardise").set_weights([machine.mean, machine.variance])
    model.get_layer("kernel").set_weights([machine.centres.T])
    model.get_layer("logit").set_weights([machine.weights[:, None], np.array([machine.bias])])
    # The loss of the probability given to the right class: log(1 + exp(-z)) with z the logit, turned for human crops.
    loss = np.average(np.logaddexp(0, np.where(is_ai, -1, 1) * machine.logits(found)), weights=weights)
    return model, [{"epoch": 1, "loss": float(loss), **(judge(model, clips) if clips.dev else {})}]


@dataclass(frozen=True)
class KernelMachine:
    """A kernel machine over statistics: what the layers of the network "statistics" after the first one hold.

    Attributes
    ----------
    mean, variance : np.ndarray, shape=(k,)
        Of each statistic in training.
    centres : np.ndarray, shape=(m, k)
        Standardised statistics of examples.
    width : float
        Of the Gaussian kernel.
    weights : np.ndarray, shape=(m,)
    bias : float
    """

    mean: np.ndarray
    variance: np.ndarray
    centres: np.ndarray
    width: float
    weights: np.ndarray
    bias: float

    def logits(self, values: np.ndarray) -> np.ndarray:
        """Return the logit, higher is more ai, of each row of statistics, shape (n, k); shape (n,)."""
        near = gaussian(_standard(values, self.mean, self.variance), self.centres, self.width)
        return near @ self.weights + self.bias


def fit_kernel(values: np.ndarray, is_ai: np.ndarray, weights: np.ndarray, settings: TrainSettings) -> KernelMachine:
    """Fit a kernel machine to statistics of crops.

    Parameters
    ----------
    values : np.ndarray, shape=(n, k)
    is_ai : np.ndarray, shape=(n,), bool
    weights : np.ndarray, shape=(n,)
        What each crop counts.
    settings : TrainSettings
        Its `kernel` and `seed`.
    """
    mean, variance = values.mean(axis=0, dtype=np.float64), values.var(axis=0, dtype=np.float64)
    standard = _standard(values, mean, variance)
    rng = np.random.default_rng(settings.seed)
    centres = standard[rng.choice(len(standard), min(settings.kernel.centres, len(standard)), replace=False)]
    width = settings.kernel.width / standard.shape[1]
    whiten = _inverse_root(gaussian(centres, centres, width))
    regression = LogisticRegression(C=settings.kernel.strength, max_iter=ITERATIONS)
    regression.fit(gaussian(standard, centres, width) @ whiten, is_ai, sample_weight=weights)
    return KernelMachine(mean, variance, centres, width, whiten @ regression.coef_[0], float(regression.intercept_[0]))


def crop_weights(training: CropStatistics, is_ai: np.ndarray, clips: Clips, copy_weight: float) -> np.ndarray:
    """Return what each crop counts, shape (n,): the corpus's own 1 in the mean, its companions together a share.

    The companions count `clips.companion_weight` of what all of its own do. Both are balanced by themselves, so that
    companions move no balance among the corpus's own sources.
    """
    given = np.where(training.copies, copy_weight, 1.0)
    beside = np.isin(training.clips, list(clips.companions))
    weights = np.zeros(len(beside))
    for part, whole in ((~beside, 1.0), (beside, clips.companion_weight)):
        balanced = balanced_weights(training.clips[part], is_ai[part], clips.sources, given[part])
        weights[part] = balanced * whole * (~beside).sum() / max(1, part.sum())
    return weights


def balanced_weights(
    names: Iterable[str], is_ai: np.ndarray, sources: Mapping[str, str], given: np.ndarray
) -> np.ndarray:
    """Return a weight for each crop, with the mean 1: sources count by the root of their crops, classes alike.

    Parameters
    ----------
    names : iterable of str
        The clip of each crop.
    is_ai : np.ndarray, shape=(n,), bool
    sources : dict of str to str
        The source of each clip; clips that are not in it count as one source.
    given : np.ndarray, shape=(n,)
        What each crop counts beside others of its source and class.
    """
    groups = [(sources.get(name, ""), bool(label)) for name, label in zip(names, is_ai, strict=True)]
    sizes = Counter(groups)
    weights = given * np.array([1 / math.sqrt(sizes[group]) for group in groups])
    for label in set(is_ai.tolist()):
        weights[is_ai == label] *= len(groups) / 2 / weights[is_ai == label].sum()
    return weights


def gaussian(x: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    """Return exp(-width |x - centre|^2) for x, shape (n, k), and centres, shape (m, k); shape (n, m), float64."""
    squares = np.square(x, dtype=np.float64).sum(axis=1)[:, None] + np.square(centres, dtype=np.float64).sum(axis=1)
    return np.exp(-width * np.maximum(squares - 2.0 * (x @ centres.T), 0.0))


def _standard(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.clip((values - mean) / np.sqrt(variance + 1e-6), -LIMIT, LIMIT).astype(np.float32)


def _inverse_root(kernel: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(kernel)
    return vectors / np.sqrt(np.maximum(values, SMALLEST))


def crop_statistics(clips: Clips) -> CropStatistics:
    """Return the statistics of every crop of the training clips and their copies."""
    model = statistics(clips.frames, clips.n_mels, 1, 1.0)
    scorer = keras.Model(model.input, model.get_layer("statistics").output)
    names: list[str] = []
    copies: list[bool] = []
    waiting: list[np.ndarray] = []
    found: list[np.ndarray] = []
    for clip, copy, mel in training_mels(clips.features, clips.train):
        for crop in crops(mel, clips.frames):
            names.append(clip)
            copies.append(copy > 0)
            waiting.append(crop.astype(np.float32))
        while len(waiting) >= CROPS_AT_ONCE:
            found.append(_predict(scorer, waiting[:CROPS_AT_ONCE]))
            waiting = waiting[CROPS_AT_ONCE:]
    if waiting:
        found.append(_predict(scorer, waiting))
    return CropStatistics(np.array(names), np.array(copies), np.concatenate(found))


def _predict(scorer: keras.Model, waiting: list[np.ndarray]) -> np.ndarray:
    """Return the outputs for the crops; a batch is filled up, so that one compiled graph serves all."""
    filler = [np.zeros_like(waiting[0])] * (CROPS_AT_ONCE - len(waiting))
    return np.asarray(scorer.predict_on_batch(np.stack(waiting + filler)))[: len(waiting)]
