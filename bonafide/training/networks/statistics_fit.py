"""Fits the network of spectral statistics: an expert to recordings, one each to what changes them, and their gate."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.audio.statistics import SEGMENT
from bonafide.errors import UserError
from bonafide.training.backend import keras
from bonafide.training.crop_labels import AI
from bonafide.training.data import Clips
from bonafide.training.logits import CROPS_AT_ONCE, History, judge
from bonafide.training.networks.crop_statistics import CropStatistics, crop_statistics, crop_weights
from bonafide.training.networks.kernel_machines import Experts, draw_centres, fit_components, fit_gate, fit_kernel
from bonafide.training.networks.starts import Start
from bonafide.training.networks.statistics import in_two, statistics


@dataclass(frozen=True)
class StatisticsSettings:
    """How the network of spectral statistics is fitted; section `train.statistics` of params.yaml."""

    experts: tuple[tuple[Annotated[int, Ge(1)], ...], ...]
    components: Annotated[int, Gt(0)]
    centres: Annotated[int, Gt(0)]
    width: Annotated[float, Gt(0)]
    strength: Annotated[float, Gt(0)]
    copy_weight: Annotated[float, Gt(0)]
    companion_weight: Annotated[float, Gt(0)]


def check(settings: StatisticsSettings, spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where the statistics cannot be taken of crops of so many frames of such spectrograms."""
    bins = spectrogram.n_fft // 2 - 1
    if spectrogram.scale != "linear" or spectrogram.layout.widths != (bins,):
        raise UserError(
            'the network statistics needs features.scale "linear", features.n_bands of n_fft / 2 - 1,'
            f" {bins}, and nothing of features.linear_n_ffts and phase_n_fft; for mel bands choose another train.model"
        )
    if frames < SEGMENT:
        raise UserError(
            f"train.crop_seconds gives {frames} frames, and the network statistics needs {SEGMENT}: make it longer"
        )


def examples(clips: Clips, settings: StatisticsSettings) -> CropStatistics:
    """Return the statistics of all crops of `clips`, which the fits to parts of these share."""
    first, _ = in_two(statistics(clips.frames, clips.n_bands, components=1, centres=1, experts=1, width=1.0))
    return crop_statistics(clips, first)


def fit(
    clips: Clips,
    settings: StatisticsSettings,
    seed: int,
    checkpoints: Path,  # not needed: no fit is so long that it could not be done again
    shared: CropStatistics | None = None,
    start: Start | None = None,  # not needed: what is solved at once starts nowhere
) -> tuple[keras.Model, History]:
    """Fit the network and return it with one line of history.

    Every source counts by the square root of its clips, and both classes alike, among the corpus's own clips and among
    its companions. Memory: some 3 kB a training crop.

    Parameters
    ----------
    clips, settings, seed, checkpoints
        See `bonafide.training.networks.registry.Network`.
    shared : CropStatistics, optional
        Of the training clips and perhaps others: see `examples`.

    Returns
    -------
    keras.Model
        Crops (n, frames, n_bands) in, probability of ai (n, 1) out, with a layer named ``logit`` before it.
    list of dict
        epoch (1), loss, and on dev, where there is one: dev_loss, dev_auc, dev_eer.
    """
    training = (shared or examples(clips, settings)).of(clips.train).labelled()
    values = training.values
    print(f"{len(values)} crops of {len(clips.train)} clips; {values.shape[1]} statistics of each", flush=True)
    print(_heard(training.copies, settings.experts), flush=True)
    experts = fit_experts(training, clips, settings, seed)
    model = as_network(experts, clips, settings.width)
    # The loss of the probability given to the right class: log(1 + exp(-z)) with z the logit, turned for human crops.
    is_ai = training.labels == AI
    loss = np.mean(np.logaddexp(0, np.where(is_ai, -1, 1) * experts.logits(values)))
    return model, [{"epoch": 1, "loss": float(loss), **judge(model, clips)}]


def logits(model: keras.Model, shared: CropStatistics, clips: Collection[str]) -> dict[str, float]:
    """Return the logit of each of `clips`: the mean over its crops, without copies.

    `shared` has the statistics of all of them, so that the network's first and slowest layer is not run again.
    """
    _, second = in_two(model)
    own = shared.of(clips)
    own = own.where(own.copies == 0)
    of_crops = second.predict(own.values, batch_size=CROPS_AT_ONCE, verbose=0)[:, 0]
    names, of = np.unique(own.clips, return_inverse=True)
    means = np.bincount(of, of_crops) / np.bincount(of)
    return dict(zip(names.tolist(), means.tolist(), strict=True))


def fit_experts(training: CropStatistics, clips: Clips, settings: StatisticsSettings, seed: int) -> Experts:
    """Fit an expert to the recordings, one to each of the lists of copies in `settings.experts`, and their gate.

    Copies in no list stand beside the recordings and count `copy_weight`.

    Raises
    ------
    UserError
        When a copy is in two lists.
    """
    components = fit_components(training.values, settings.components, seed)
    x = components.of(training.values)
    numbers, of = np.unique(expert_of(training.copies, settings.experts), return_inverse=True)
    is_ai = training.labels == AI
    given = []
    for place, number in enumerate(numbers):
        own, copy_weight = of == place, 1.0 if number else settings.copy_weight
        given.append(crop_weights(training.where(own), is_ai[own], clips, copy_weight, settings.companion_weight))
    centres = draw_centres(x, settings.centres, seed)
    width = settings.width / training.values.shape[1]
    machines = fit_kernel(x, is_ai, of, given, centres, width, settings.strength)
    return Experts(components, machines, fit_gate(x, of, seed))


def as_network(experts: Experts, clips: Clips, width: float) -> keras.Model:
    """Return `experts` as a network for the crops of `clips`; `width` is that of the settings."""
    components, kernel, gate = experts.components, experts.kernel, experts.gate
    model = statistics(
        clips.frames,
        clips.n_bands,
        components=len(components.bias),
        centres=len(kernel.centres),
        experts=len(kernel.bias),
        width=width,
    )
    model.get_layer("standardise").set_weights([components.mean, components.variance])
    model.get_layer("components").set_weights([components.weights, components.bias])
    model.get_layer("kernel").set_weights([kernel.centres.T])
    model.get_layer("logits").set_weights([kernel.weights, kernel.bias])
    model.get_layer("gate").set_weights([gate.weights, gate.bias])
    return model


def expert_of(copies: np.ndarray, experts: Sequence[Collection[int]]) -> np.ndarray:
    """Return the number of the expert, 0 for that of recordings, that hears each copy, shape (n,)."""
    numbers = {copy: number for number, heard in enumerate(experts, start=1) for copy in heard}
    if len(numbers) < sum(len(heard) for heard in experts):
        raise UserError(f"train.statistics.experts has a copy in two places: {[list(heard) for heard in experts]}")
    return np.array([numbers.get(copy, 0) for copy in copies.tolist()])


def _heard(copies: np.ndarray, experts: Sequence[Collection[int]]) -> str:
    """Say which copies each expert hears; 0 are the recordings."""
    numbers = expert_of(copies, experts)
    heard = [", ".join(map(str, np.unique(copies[numbers == number]))) for number in np.unique(numbers)]
    return f"copies that the experts hear (0: the recordings): {'; '.join(heard)}"
