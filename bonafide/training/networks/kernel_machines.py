"""Kernel machines and the gate that weighs them: no epochs, but convex problems with one answer each.

A Gaussian kernel is approximated by comparing with some of the examples (Williams & Seeger 2000, "Using the Nystroem
method"), and a logistic regression weighs these comparisons. The examples are the same for all machines, so that an
expert more costs little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from bonafide.progress import track
from bonafide.training.networks.statistics import LIMIT

SMALLEST = 1e-2  # of the kernel's eigenvalues: below it weights grow until rounding shows in the score
ITERATIONS = 300
FEW_CROPS = 6000  # enough for the components and for the gate
GATE_STRENGTH = 60.0  # inverse of its regularisation, for the mean over the crops


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
        components: np.ndarray = (standard @ self.weights + self.bias).astype(np.float32)
        return components


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
        logits: np.ndarray = gaussian(components, self.centres, self.width) @ self.weights + self.bias
        return logits


@dataclass(frozen=True)
class Gate:
    """A linear softmax over components, with weights of shape (c, experts) and a bias of shape (experts,)."""

    weights: np.ndarray
    bias: np.ndarray

    def shares(self, components: np.ndarray) -> np.ndarray:
        """Return what each expert counts for each row, shape (n, experts); rows have the sum 1."""
        shares: np.ndarray = softmax(components @ self.weights + self.bias, axis=1)
        return shares


@dataclass(frozen=True)
class Experts:
    """Kernel machines for recordings and for what changes them, and the gate that weighs them."""

    components: Components
    kernel: KernelMachines
    gate: Gate

    def logits(self, values: np.ndarray) -> np.ndarray:
        """Return the logit, higher is more ai, of each row of statistics, shape (n, k); shape (n,)."""
        x = self.components.of(values)
        logits: np.ndarray = (self.gate.shares(x) * self.kernel.logits(x)).sum(axis=1)
        return logits


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


def draw_centres(components: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` of the rows of `components`, shape (n, c), or all where there are fewer."""
    drawn = np.random.default_rng(seed).choice(len(components), min(count, len(components)), replace=False)
    return _short(components[drawn])


def fit_kernel(
    components: np.ndarray,
    is_ai: np.ndarray,
    expert: np.ndarray,
    weights: Sequence[np.ndarray],
    centres: np.ndarray,
    width: float,
    strength: float,
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
    centres : np.ndarray, shape=(m, c)
        What crops are compared with.
    width : float
        Of the Gaussian kernel.
    strength : float
        Inverse of the regularisation.
    """
    whiten = _inverse_root(gaussian(centres, centres, width))
    coefficients, bias = [], []
    for number, given in enumerate(track(weights, total=len(weights), what="fitting kernel machines")):
        own = expert == number
        # Newton's steps: the problem is small and dense, and gradient steps would stop short of its answer.
        regression = LogisticRegression(C=strength, solver="newton-cholesky")
        regression.fit(gaussian(components[own], centres, width) @ whiten, is_ai[own], sample_weight=given)
        coefficients.append(whiten @ regression.coef_[0])
        bias.append(regression.intercept_[0])
    return KernelMachines(centres, width, np.stack(coefficients, axis=1), np.array(bias))


def gaussian(x: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    """Return exp(-width |x - centre|^2) for x, shape (n, k), and centres, shape (m, k); shape (n, m), float64."""
    squares = np.square(x, dtype=np.float64).sum(axis=1)[:, None] + np.square(centres, dtype=np.float64).sum(axis=1)
    nearness: np.ndarray = np.exp(-width * np.maximum(squares - 2.0 * (x @ centres.T), 0.0))
    return nearness


def _short(values: np.ndarray) -> np.ndarray:
    """Return `values` rounded to what half the bytes hold, so that the exported file can store them so."""
    return values.astype(np.float16).astype(np.float32)


def _inverse_root(kernel: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(kernel)
    root: np.ndarray = vectors / np.sqrt(np.maximum(values, SMALLEST))
    return root
