"""A CNN on the mel spectrogram, and dense layers on statistics of it and of linear ones, in one network.

A CNN finds by itself what a generator leaves behind, where it has heard enough; the statistics of
`bonafide.audio.statistics` are given, and need less. Each branch learns as if it were alone, since a branch
that is right already would keep the other from learning, and the answer is a mean of their logits.

The CNN is fitted by `bonafide.training.networks.cnn`, to crops that are new in every epoch; the dense layers here, to
the statistics that stage features has taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from bonafide.audio.spectrogram import Layout, SpectrogramSettings
from bonafide.clips.features import check_crops
from bonafide.errors import UserError
from bonafide.progress import track
from bonafide.training.backend import keras, layers, make_deterministic, ops
from bonafide.training.crop_labels import AI
from bonafide.training.draws import balanced_weights
from bonafide.training.networks.crop_statistics import CropStatistics
from bonafide.training.networks.starts import Start, copy_of
from bonafide.training.networks.statistics import AllStatistics, Clip

MOMENTUM = 0.95  # of the running statistics of batches
FIRST_WIDTH, FIRST_SIZE, FIRST_STRIDES = 16, (5, 7), (4, 4)  # of the first convolution: frames, bands
BLOCKS = (24, 48, 72)  # channels of the two convolutions of each block
ZONES = 4  # of frequency, that are kept apart at the end
DENSE = 64  # features of the CNN from which its logit is made
FEWEST = 64  # bands and bins that the statistics can be taken of
RANGE_DB = 80.0  # below the loudest point of a crop; what is deeper shows the rounding of files
SPREAD_DB = 12.0  # typical deviation within a band

DENSE_BRANCH = "dense"
FEWEST_STEPS = 10  # of an epoch of the dense layers, however few crops there are


@dataclass(frozen=True)
class DenseSettings:
    """The dense layers and how they are fitted; section `train.cnn.dense` of params.yaml.

    Of `members`, each with layers of its own, the mean of the logits is taken.
    """

    members: Annotated[int, Gt(0)]
    layers: tuple[Annotated[int, Gt(0)], ...]
    dropout: tuple[Annotated[float, Ge(0), Lt(1)], ...]
    share: Annotated[float, Ge(0), Le(1)]
    epochs: Annotated[int, Gt(0)]
    epoch_crops: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(0)]
    learning_rate: Annotated[float, Gt(0)]
    weight_decay: Annotated[float, Ge(0)]


@keras.saving.register_keras_serializable("bonafide")
class Centred(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Log power, shape (n, frames, bands), in decibels, without each band's mean over time; shape (..., 1).

    The mean of a band is the recording chain's as much as the voice's, and tells corpora apart.
    """

    def call(self, decibels: keras.KerasTensor) -> keras.KerasTensor:
        """Return the bands of each crop, about between -2 and 2."""
        decibels = ops.maximum(decibels, ops.max(decibels, axis=(1, 2), keepdims=True) - RANGE_DB)
        return ((decibels - ops.mean(decibels, axis=1, keepdims=True)) / SPREAD_DB)[..., None]


def check(settings: DenseSettings, spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where the branches cannot hear crops of so many frames of such spectrograms."""
    if len(settings.dropout) != len(settings.layers) + 1:
        raise UserError(
            "train.cnn.dense.dropout needs a share for the statistics and one for each of train.cnn.dense.layers"
        )
    phase = spectrogram.phase_n_fft
    if phase and phase < 2 * FEWEST + 2:
        raise UserError(f"features.phase_n_fft is 0 or {2 * FEWEST + 2} samples or more for the network joint")
    if spectrogram.scale != "mel" or min(spectrogram.layout.widths) < FEWEST or not spectrogram.linear_n_ffts:
        raise UserError(
            f'the network joint needs features.scale "mel", {FEWEST} or more of features.n_bands, and one or more of'
            f" features.linear_n_ffts, each of {2 * FEWEST + 2} samples or more: for one spectrogram alone choose"
            " another train.cnn.architecture"
        )
    check_crops(frames, spectrogram)


def convolutions(frames: int, n_mels: int, dropout: float) -> keras.Model:
    """Return the CNN: the mel bands of crops in, shape (frames, n_mels), logits out."""
    crop = keras.Input((frames, n_mels), name="log_mel")
    x = Centred(name="centred")(crop)
    x = layers.MaxPooling2D(2)(_convolution(x, FIRST_WIDTH, FIRST_SIZE, FIRST_STRIDES))
    for number, width in enumerate(BLOCKS):
        x = layers.MaxPooling2D(2)(x) if number else x
        x = _convolution(_convolution(x, width), width)
    x = layers.MaxPooling2D((1, max(1, x.shape[2] // ZONES)))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Dropout(dropout)(layers.Flatten()(Moments(name="moments")(x)))
    x = layers.Dropout(dropout)(layers.Dense(DENSE, "relu")(x))
    return keras.Model(crop, layers.Dense(1)(x), name="joint")


def statistics_of(frames: int, layout: Layout) -> keras.Model:
    """Return what takes statistics of crops of so many frames as `bonafide.clips.features.crop_statistics` does."""
    crop = keras.Input((frames, sum(layout.widths)), name="log_mel")
    taken = AllStatistics(layout.widths, layout.phase, layout.steps)(crop)
    return keras.Model(crop, taken, name="all_statistics")


def fit_dense(
    training: CropStatistics,
    settings: DenseSettings,
    origins: Mapping[str, str],
    copy_share: float,
    label_smoothing: float,
    seed: int,
    start: Start | None = None,
) -> keras.Model:
    """Return dense layers, statistics in and logits out, fitted to those of the training crops.

    Parameters
    ----------
    training : CropStatistics
    settings : DenseSettings
    origins : dict of str to str
        The source of each human clip and the generator of each other one, among which the draws are balanced as
        `bonafide.training.draws.balanced_weights` says.
    copy_share : float
        Of the draws, what comes of copies where there are some.
    label_smoothing : float
    seed : int
    start : Start, optional
        Dense layers to go on from.
    """
    make_deterministic(seed)
    training = training.labelled()
    is_ai = training.labels == AI
    odds = balanced_weights(training.clips, is_ai, origins, np.ones(len(is_ai)))
    odds *= _shares(training.copies > 0, odds, copy_share)
    dense, learning = _adapting(start) if start else _dense(training.values, settings)
    rng, size, epochs = np.random.default_rng(seed), settings.batch_size, settings.epochs
    steps = max(FEWEST_STEPS, min(settings.epoch_crops, len(is_ai)) // size)
    highest = settings.learning_rate * (start.rate if start else 1.0)
    rate = keras.optimizers.schedules.CosineDecay(highest, epochs * steps)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)
    learning.compile(keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay), loss=loss)
    for _ in track(range(epochs), total=epochs, what="fitting dense layers, epochs"):
        drawn = rng.choice(len(is_ai), steps * size, p=odds / odds.sum())
        labels = np.repeat(is_ai[drawn, None].astype(np.float32), learning.output_shape[-1], axis=1)
        learning.fit(training.values[drawn], labels, batch_size=size, shuffle=False, verbose=0)
    if start:
        start.blend(dense)
    return dense


def together(cnn: keras.Model, statistics: keras.Model, dense: keras.Model, share: float) -> keras.Model:
    """Return one network of the fitted branches: crops in, probability of ai out, with a layer ``logit`` before it.

    Of the logit, `share` is that of the dense layers.
    """
    dense = _rounded(dense)
    crop = keras.Input(statistics.input_shape[1:], name="log_mel")
    mel = crop[:, :, : cnn.input_shape[-1]]
    both = layers.Concatenate(name="branches")([copy_of(cnn)(mel), dense(statistics(crop))])
    mean = layers.Dense(1, use_bias=False, trainable=False, name="logit")
    model = keras.Model(crop, layers.Activation("sigmoid", name="p_ai")(mean(both)), name="joint")
    mean.set_weights([np.array([[1 - share], [share]], np.float32)])
    return model


def apart(model: keras.Model) -> tuple[keras.Model, keras.Model, float]:
    """Return the CNN, the dense layers, and the share of these in the logit, of what `together` returned."""
    share = model.get_layer("logit").get_weights()[0][1, 0]
    return model.get_layer("joint"), model.get_layer(DENSE_BRANCH), float(share)


def _rounded(dense: keras.Model) -> keras.Model:
    """Return a copy whose weights are half as long in a file."""
    rounded = copy_of(dense)
    for layer in rounded.layers:
        if isinstance(layer, layers.Dense):
            layer.set_weights([weights.astype(np.float16).astype(np.float32) for weights in layer.get_weights()])
    return rounded


def _shares(of_copies: np.ndarray, odds: np.ndarray, copy_share: float) -> np.ndarray:
    """Return the factor for each crop that gives the copies `copy_share` of all draws, where there are some."""
    if of_copies.all() or not of_copies.any():
        return np.ones(len(odds))
    of_all = copy_share / odds[of_copies].sum(), (1 - copy_share) / odds[~of_copies].sum()
    shares: np.ndarray = np.where(of_copies, *of_all)
    return shares


def _adapting(start: Start) -> tuple[keras.Model, keras.Model]:
    """Return what `_dense` does, to go on from what was learnt before: for the mean, which is all that is kept."""
    dense = copy_of(start.network)
    return dense, dense


def _dense(values: np.ndarray, settings: DenseSettings) -> tuple[keras.Model, keras.Model]:
    """Return the dense layers, statistics in and logits out, and the same with the logit of each member for itself.

    Members that learnt for their mean would lean on each other; each for itself, they err in ways of their own.
    """
    standardise = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, trainable=False)
    statistics = keras.Input(values.shape[1:])
    limited = Clip(name="limit")(standardise(statistics))
    logits = []
    for _ in range(settings.members):
        x = layers.Dropout(settings.dropout[0])(limited)
        for width, dropout in zip(settings.layers, settings.dropout[1:], strict=True):
            x = layers.Dropout(dropout)(layers.Dense(width, "relu")(x))
        logits.append(layers.Dense(1)(x))
    mean = layers.Average()(logits) if len(logits) > 1 else logits[0]
    apart = layers.Concatenate()(logits) if len(logits) > 1 else logits[0]
    standardise.set_weights([values.mean(axis=0), values.var(axis=0)])
    return keras.Model(statistics, mean, name=DENSE_BRANCH), keras.Model(statistics, apart)


def _convolution(
    x: keras.KerasTensor, width: int, size: int | tuple[int, int] = 3, strides: int | tuple[int, int] = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))


@keras.saving.register_keras_serializable("bonafide")
class Moments(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Mean and standard deviation over frames, shape (n, frames, k); shape (n, 2, k)."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the moments of each crop."""
        mean, variance = ops.mean(x, axis=1), ops.var(x, axis=1)
        return ops.stack([mean, ops.sqrt(variance + 1e-4)], axis=1)
