"""Fits the network of spectral statistics: no epochs, one convex problem with one answer.

The statistics of every training crop are taken once; a Gaussian kernel is approximated by comparing with some of them
(Williams & Seeger 2000, "Using the Nystroem method"), and a logistic regression weighs these comparisons: once for
recordings, once for each chain of augmentation that is to have an expert. The examples are the same for all, so that
an expert more costs little.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from bonafide.audio.spectrogram import crops
from bonafide.errors import UserError
from bonafide.training.data import Clips, training_spectrograms
from bonafide.training.fit import CROPS_AT_ONCE, TrainSettings, judge
from bonafide.training.networks.statistics import LIMIT, statistics

SMALLEST = 1e-2  # of the kernel's eigenvalues: below it weights grow until rounding shows in the score
ITERATIONS = 300
FEW_CROPS = 6000  # enough for the components and for the gate
GATE_STRENGTH = 60.0  # inverse of its regularisation, for the mean over the crops


@dataclass(frozen=True)
class CropStatistics:
    """Statistics of crops, shape (n, k), with the clip of each and the number of its copy, shape (n,).

    Copy 0 is the recording, copy k went through chain k of the augmentation.
    """

    clips: np.ndarray
    copies: np.ndarray
    values: np.ndarray

    def of(self, clips: Collection[str]) -> "CropStatistics":
        """Return those of `clips` alone."""
        return self.where(np.isin(self.clips, list(clips)))

    def where(self, chosen: np.ndarray) -> "CropStatistics":
        """Return those where `chosen`, shape (n,), is true."""
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
        Crops (n, frames, n_bands) in, probability of ai (n, 1) out, with a layer named ``logit`` before it.
    list of dict
        epoch (1), loss, and on dev, where there is one: dev_loss, dev_auc, dev_eer.
    """
    training = known.of(clips.train) if known else crop_statistics(clips)
    found = training.values
    print(f"{len(found)} crops of {len(clips.train)} clips; {found.shape[1]} statistics of each", flush=True)
    print(_heard(training.copies, settings.kernel.experts), flush=True)
    experts = fit_experts(training, clips, settings)

    kernel = experts.kernel
    model = statistics(
        clips.frames,
        clips.n_bands,
        components=len(experts.components.bias),
        centres=len(kernel.centres),
        experts=len(kernel.bias),
        width=settings.kernel.width,
    )
    model.get_layer("standardise").set_weights([experts.components.mean, experts.components.variance])
    model.get_layer("components").set_weights([experts.components.weights, experts.components.bias])
    model.get_layer("kernel").set_weights([kernel.centres.T])
    model.get_layer("logits").set_weights([kernel.weights, kernel.bias])
    model.get_layer("gate").set_weights([experts.gate.weights, experts.gate.bias])
    # The loss of the probability given to the right class: log(1 + exp(-z)) with z the logit, turned for human crops.
    is_ai = np.array([clips.train[name] for name in training.clips])
    loss = np.mean(np.logaddexp(0, np.where(is_ai, -1, 1) * experts.logits(found)))
    return model, [{"epoch": 1, "loss": float(loss), **(judge(model, clips) if clips.dev else {})}]


@dataclass(frozen=True)
class Components:
    """Principal components of standardised statistics.

    Attributes
    ----------
    mean, variance : np.ndarray, shape=(k,)
        Of each statistic in training.
    weights : np.ndarray, shape=(k, c)
    bias : np.ndarray, shape=(c,)
    """

    mean: np.ndarray
    variance: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the components of each row of statistics, shape (n, k); shape (n, c), float32."""
        standard = np.clip((values - self.mean) / np.sqrt(self.variance + 1e-6), -LIMIT, LIMIT)
        return (standard @ self.weights + self.bias).astype(np.float32)


@dataclass(frozen=True)
class KernelMachines:
    """Kernel machines over components that share their examples.

    Attributes
    ----------
    centres : np.ndarray, shape=(m, c)
        Components of examples.
    width : float
        Of the Gaussian kernel.
    weights : np.ndarray, shape=(m, experts)
    bias : np.ndarray, shape=(experts,)
    """

    centres: np.ndarray
    width: float
    weights: np.ndarray
    bias: np.ndarray

    def logits(self, components: np.ndarray) -> np.ndarray:
        """Return each machine's logit, higher is more ai, of each row, shape (n, c); shape (n, experts)."""
        return gaussian(components, self.centres, self.width) @ self.weights + self.bias


@dataclass(frozen=True)
class Gate:
    """A linear softmax over components, with weights of shape (c, experts) and a bias of shape (experts,)."""

    weights: np.ndarray
    bias: np.ndarray

    def shares(self, components: np.ndarray) -> np.ndarray:
        """Return what each expert counts for each row, shape (n, experts); rows have the sum 1."""
        return softmax(components @ self.weights + self.bias, axis=1)


@dataclass(frozen=True)
class Experts:
    """Kernel machines for recordings and for what changes them, and the gate that weighs them."""

    components: Components
    kernel: KernelMachines
    gate: Gate

    def logits(self, values: np.ndarray) -> np.ndarray:
        """Return the logit, higher is more ai, of each row of statistics, shape (n, k); shape (n,)."""
        x = self.components.of(values)
        return (self.gate.shares(x) * self.kernel.logits(x)).sum(axis=1)


def fit_experts(training: CropStatistics, clips: Clips, settings: TrainSettings) -> Experts:
    """Fit an expert to the recordings, one to each of the lists of copies in `settings.kernel.experts`, and their gate.

    Copies in no list stand beside the recordings and count `copy_weight`.

    Raises
    ------
    UserError
        When a copy is in two lists.
    """
    kernel = settings.kernel
    components = fit_components(training.values, kernel.components, settings.seed)
    x = components.of(training.values)
    numbers, of = np.unique(expert_of(training.copies, kernel.experts), return_inverse=True)
    is_ai = np.array([clips.train[name] for name in training.clips])
    given = [
        crop_weights(training.where(of == place), is_ai[of == place], clips, 1.0 if number else kernel.copy_weight)
        for place, number in enumerate(numbers)
    ]
    machines = fit_kernel(x, is_ai, of, given, kernel.width / training.values.shape[1], settings)
    return Experts(components, machines, fit_gate(x, of, settings.seed))


def expert_of(copies: np.ndarray, experts: Sequence[Collection[int]]) -> np.ndarray:
    """Return the number of the expert, 0 for that of recordings, that hears each copy, shape (n,)."""
    numbers = {copy: number for number, heard in enumerate(experts, start=1) for copy in heard}
    if len(numbers) < sum(len(heard) for heard in experts):
        raise UserError(f"train.kernel.experts has a copy in two places: {[list(heard) for heard in experts]}")
    return np.array([numbers.get(copy, 0) for copy in copies.tolist()])


def _heard(copies: np.ndarray, experts: Sequence[Collection[int]]) -> str:
    """Say which copies each expert hears; 0 are the recordings."""
    numbers = expert_of(copies, experts)
    heard = [", ".join(map(str, np.unique(copies[numbers == number]))) for number in np.unique(numbers)]
    return f"copies that the experts hear (0: the recordings): {'; '.join(heard)}"


def fit_components(values: np.ndarray, count: int, seed: int) -> Components:
    """Return the first `count` principal components of statistics, shape (n, k), each standardised and limited."""
    mean, variance = values.mean(axis=0, dtype=np.float64), values.var(axis=0, dtype=np.float64)
    identity = Components(mean, variance, np.eye(values.shape[1]), np.zeros(values.shape[1]))
    drawn = np.random.default_rng(seed).permutation(len(values))[:FEW_CROPS]
    standard = identity.of(values[drawn]).astype(np.float64)
    middle = standard.mean(axis=0)
    weights = _short(np.linalg.eigh(np.cov(standard.T))[1][:, ::-1][:, :count])
    return Components(mean, variance, weights, -middle @ weights)


def fit_gate(components: np.ndarray, expert: np.ndarray, seed: int) -> Gate:
    """Fit what tells from its components, shape (n, c), which `expert`, shape (n,), a crop belongs to."""
    drawn = np.random.default_rng(seed).permutation(len(components))[:FEW_CROPS]
    x, expert = components[drawn], expert[drawn]
    count = int(expert.max()) + 1
    if count == 1:
        return Gate(np.zeros((x.shape[1], 1)), np.zeros(1))
    spread = np.maximum(x.std(axis=0, dtype=np.float64), SMALLEST)  # few crops span few components
    regression = LogisticRegression(C=GATE_STRENGTH / len(x), max_iter=ITERATIONS, class_weight="balanced")
    regression.fit(x / spread, expert)
    weights, bias = (regression.coef_ / spread).T, regression.intercept_
    if count == 2:  # of two classes, scikit-learn fits the second alone
        weights, bias = np.hstack([np.zeros_like(weights), weights]), np.append(0.0, bias)
    return Gate(weights, bias)


def fit_kernel(
    components: np.ndarray,
    is_ai: np.ndarray,
    expert: np.ndarray,
    weights: Sequence[np.ndarray],
    width: float,
    settings: TrainSettings,
) -> KernelMachines:
    """Fit a kernel machine to the crops of each expert.

    Parameters
    ----------
    components : np.ndarray, shape=(n, c)
    is_ai : np.ndarray, shape=(n,), bool
    expert : np.ndarray, shape=(n,), int
        Which machine a crop is for.
    weights : sequence of np.ndarray
        What each crop counts, for the crops of each expert.
    width : float
        Of the Gaussian kernel.
    settings : TrainSettings
        Its `kernel` and `seed`.
    """
    rng = np.random.default_rng(settings.seed)
    drawn = rng.choice(len(components), min(settings.kernel.centres, len(components)), replace=False)
    centres = _short(components[drawn])
    whiten = _inverse_root(gaussian(centres, centres, width))
    found = []
    for number, given in enumerate(weights):
        own = expert == number
        # Newton's steps: the problem is small and dense, and gradient steps would stop short of its answer.
        regression = LogisticRegression(C=settings.kernel.strength, solver="newton-cholesky")
        regression.fit(gaussian(components[own], centres, width) @ whiten, is_ai[own], sample_weight=given)
        found.append((whiten @ regression.coef_[0], regression.intercept_[0]))
    coefficients, bias = zip(*found, strict=True)
    return KernelMachines(centres, width, np.stack(coefficients, axis=1), np.array(bias))


def crop_weights(training: CropStatistics, is_ai: np.ndarray, clips: Clips, copy_weight: float) -> np.ndarray:
    """Return what each crop counts, shape (n,): the corpus's own 1 in the mean, its companions together a share.

    The companions count `clips.companion_weight` of what all of its own do. Both are balanced by themselves, so that
    companions move no balance among the corpus's own sources.
    """
    given = np.where(training.copies > 0, copy_weight, 1.0)
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


def _short(values: np.ndarray) -> np.ndarray:
    """Return `values` rounded to what half the bytes hold, so that the exported file can store them so."""
    return values.astype(np.float16).astype(np.float32)


def _inverse_root(kernel: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(kernel)
    return vectors / np.sqrt(np.maximum(values, SMALLEST))


def crop_statistics(clips: Clips) -> CropStatistics:
    """Return the statistics of every crop of the training clips and their copies."""
    model = statistics(clips.frames, clips.n_bands, components=1, centres=1, experts=1, width=1.0)
    scorer = keras.Model(model.input, model.get_layer("statistics").output)
    names: list[str] = []
    copies: list[int] = []
    waiting: list[np.ndarray] = []
    found: list[np.ndarray] = []
    for clip, copy, mel in training_spectrograms(clips.features, clips.train):
        for crop in crops(mel, clips.frames):
            names.append(clip)
            copies.append(copy)
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
