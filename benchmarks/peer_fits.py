"""The published detectors that `peers.py` compares with: how each is fitted to what it hears."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bonafide.scoring.measures import auc

COMPONENTS, PASSES, FRAMES_OF_START = 512, 10, 10  # of a Gaussian mixture; it starts from every tenth frame

Logits = Callable[[np.ndarray], np.ndarray]  # numbers of clips to logits, higher is more ai
Fit = Callable[["Heard", "Sides", int, "int | None"], Logits]


@dataclass(frozen=True)
class Heard:
    """Features of all clips, shape (n, ...), and how many frames of each are not a repetition, shape (n,)."""

    values: np.ndarray
    frames: np.ndarray


@dataclass(frozen=True)
class Sides:
    """Numbers of the clips that train, judge and are tested, and whether each clip of all is ai, shape (n,)."""

    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray
    is_ai: np.ndarray


@dataclass(frozen=True)
class Net:
    """A network of `peer_nets` and how it is trained.

    The rule for the epoch to keep is the same for all and that of ours: the highest AUC on dev. Both classes weigh
    alike, by weights where the authors repeat clips.
    """

    name: str
    batch: int
    rate: float  # of Adam
    epochs: int
    halve_every: int | None = None  # epochs

    def __call__(self, heard: Heard, sides: Sides, seed: int, epochs: int | None) -> Logits:
        """Train the network and return what scores clips with it."""
        import keras

        keras.utils.set_random_seed(seed)
        model = build(self.name, heard.values.shape[1:])
        model.compile(keras.optimizers.Adam(self.rate), keras.losses.BinaryCrossentropy(from_logits=True))
        rng = np.random.default_rng(seed)
        best, kept = -1.0, model.get_weights()
        for epoch in range(epochs or self.epochs):
            started = time.perf_counter()
            if self.halve_every:
                model.optimizer.learning_rate = self.rate * 0.5 ** (epoch // self.halve_every)
            loss = one_epoch(model, heard, sides, self.batch, rng)
            took = time.perf_counter() - started
            judged = auc(-logits_of(model, heard, sides.dev), ~sides.is_ai[sides.dev])
            print(f"  epoch {epoch + 1}: loss {loss:.4f}, dev AUC {judged:.4f}, {took:.1f} s", flush=True)
            if judged > best:
                best, kept = judged, model.get_weights()
        model.set_weights(kept)
        return lambda clips: logits_of(model, heard, clips)


@dataclass(frozen=True)
class Peer:
    """A system to compare with: which features of `peer_features.FRONTS` it hears, and how it is fitted."""

    front: str
    fit: Fit
    label: str

    def settings(self, epochs: int | None) -> list[Any]:
        """Return what a fit depends on beside the clips; `epochs` are those of a network, instead of its own."""
        fit = self.fit
        return [vars(fit), epochs or fit.epochs] if isinstance(fit, Net) else [COMPONENTS, PASSES]

    def label_of(self, epochs: int | None) -> str:
        """Return what the row of such a fit is called."""
        return self.label + (f", {epochs} epochs" if epochs and isinstance(self.fit, Net) else "")


def fit_svm(heard: Heard, sides: Sides, seed: int, epochs: int | None) -> Logits:
    """Fit what a popular tool has: a support vector machine of scikit-learn's defaults over standardised means."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    machine = make_pipeline(StandardScaler(), SVC(kernel="rbf", random_state=seed))
    machine.fit(heard.values[sides.train], sides.is_ai[sides.train])
    return lambda clips: machine.decision_function(heard.values[clips])


def fit_gmm(heard: Heard, sides: Sides, seed: int, epochs: int | None) -> Logits:
    """Fit a mixture of 512 diagonal Gaussians to the frames of each class: the LFCC-GMM baseline of ASVspoof 2019.

    Todisco et al. 2019, "ASVspoof 2019: Future Horizons in Spoofed and Fake Audio Detection"; the start from a tenth
    of the frames and ten passes are those of the organisers' Python version.
    """

    def frames_of(clip: int) -> np.ndarray:
        return heard.values[clip, : heard.frames[clip]].astype(np.float32)

    mean, spread = moments(np.concatenate([frames_of(clip) for clip in sides.train]))
    mixtures = []
    for label in (True, False):
        own = [(frames_of(clip) - mean) / spread for clip in sides.train if sides.is_ai[clip] == label]
        mixtures.append(mixture(np.concatenate(own), seed))

    def score(clips: np.ndarray) -> np.ndarray:
        standard = [(frames_of(clip) - mean) / spread for clip in clips]
        return np.array([mixtures[0].score(frames) - mixtures[1].score(frames) for frames in standard])

    return score


def moments(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation: a likelihood ratio is the same in any unit, float32 is not."""
    return frames.mean(axis=0), frames.std(axis=0)


def mixture(frames: np.ndarray, seed: int) -> Any:  # noqa: ANN401 - of scikit-learn, which has no types
    """Return a fitted mixture of Gaussians for `frames`, shape (n, k)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    options: dict[str, Any] = {"covariance_type": "diag", "max_iter": PASSES, "random_state": seed, "reg_covar": 1e-4}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ten passes are what was published
        size = min(COMPONENTS, len(frames) // FRAMES_OF_START)
        start = GaussianMixture(size, **options).fit(frames[::FRAMES_OF_START])
        options |= {"weights_init": start.weights_, "means_init": start.means_, "precisions_init": start.precisions_}
        return GaussianMixture(size, **options).fit(frames)


def build(name: str, shape: tuple[int, ...]) -> Any:  # noqa: ANN401 - Keras is imported where a network is wanted
    """Return the untrained network `name` of `peer_nets` for features of `shape`."""
    import peer_nets

    return getattr(peer_nets, name)(*shape)


def one_epoch(model: Any, heard: Heard, sides: Sides, batch: int, rng: np.random.Generator) -> float:  # noqa: ANN401
    """Return the mean loss of one pass over the training clips in a new order; the rest of a batch is left out."""
    order = rng.permutation(sides.train)
    batch = min(batch, len(order))
    share = sides.is_ai[sides.train].mean()
    losses = []
    for start in range(0, len(order) - batch + 1, batch):
        clips = np.sort(order[start : start + batch])
        is_ai = sides.is_ai[clips]
        weight = np.where(is_ai, 0.5 / share, 0.5 / (1 - share)).astype(np.float32)
        x = heard.values[clips].astype(np.float32)
        losses.append(float(model.train_on_batch(x, is_ai[:, None].astype(np.float32), sample_weight=weight)))
    return float(np.mean(losses))


def logits_of(model: Any, heard: Heard, clips: np.ndarray, batch: int = 64) -> np.ndarray:  # noqa: ANN401
    """Return the logit of each of `clips`; batches are filled up, so that one compiled graph serves all."""
    values = []
    for start in range(0, len(clips), batch):
        own = clips[start : start + batch]
        filled = np.concatenate([own, np.repeat(own[-1:], batch - len(own))])
        logits = np.asarray(model.predict_on_batch(heard.values[filled].astype(np.float32)))
        values.append(logits[: len(own), 0].astype(np.float64))
    return np.concatenate(values)


PEERS = {
    "mfcc-svm": Peer("librosa_means", fit_svm, "MFCC, chroma, contrast means and SVM"),
    "lfcc-gmm": Peer("asvspoof_lfcc", fit_gmm, "LFCC-GMM (ASVspoof baseline)"),
    # Wang & Yamagishi 2021: Adam at 3e-4, halved every 10 epochs, 64 clips a step.
    "lcnn": Peer("asvspoof_lfcc", Net("lcnn", 64, 3e-4, 30, halve_every=10), "LFCC-LCNN (ASVspoof baseline)"),
    # Kawa et al. 2022 and 2023: Adam at 1e-4 for 10 epochs, 8 clips a step.
    "specrnet": Peer("kawa_lfcc", Net("specrnet", 8, 1e-4, 10), "SpecRNet"),
    "mesonet": Peer("kawa_lfcc", Net("mesonet", 8, 1e-4, 10), "MesoInception-4"),
}
