"""A CNN on the mel spectrogram, and statistics of it and of a linear one, in one network, each with a say of its own.

A CNN finds by itself what a generator leaves behind, where it has heard enough; the statistics of
`bonafide.training.networks.statistics` are given, and need less. The answer is the mean of their logits. Each learns as
if it were alone: a branch that is right already would keep the other from learning.
"""

from collections.abc import Iterable

import numpy as np

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.errors import UserError
from bonafide.training.backend import keras, layers, ops
from bonafide.training.networks.statistics import SEGMENT, Clip, SpectralStatistics

MOMENTUM = 0.95  # of the running statistics of batches
FIRST_WIDTH, FIRST_SIZE, FIRST_STRIDES = 16, (5, 7), (2, 4)  # of the first convolution: frames, bands
BLOCKS = (32, 64, 96)  # channels of the two convolutions of each block
ZONES = 4  # of frequency, that are kept apart at the end
DENSE = 64  # features of the CNN from which its logit is made
STATISTICS_DENSE = (512, 128)
STATISTICS_DROPOUT = (0.3, 0.5, 0.5)  # of the statistics, and of what each dense layer makes of them
FIXED = "all_statistics"  # layer
FEWEST = 64  # bands and bins that the statistics can be taken of
RANGE_DB = 80.0  # below the loudest point of a crop; what is deeper shows the rounding of files
SPREAD_DB = 12.0  # typical deviation within a band


@keras.saving.register_keras_serializable("bonafide")
class Centred(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Log power, shape (n, frames, bands), in decibels, without each band's mean over time; shape (..., 1).

    The mean of a band is the recording chain's as much as the voice's, and tells corpora apart.
    """

    def call(self, decibels: keras.KerasTensor) -> keras.KerasTensor:
        """Return the bands of each crop, about between -2 and 2."""
        decibels = ops.maximum(decibels, ops.max(decibels, axis=(1, 2), keepdims=True) - RANGE_DB)
        return ((decibels - ops.mean(decibels, axis=1, keepdims=True)) / SPREAD_DB)[..., None]


def joint(frames: int, n_bands: int, linear_bins: int, dropout: float) -> keras.Model:
    """Return the network for crops of shape (frames, n_bands): a logit of each branch, shape (n, 2).

    The last `linear_bins` of the bands are a linear spectrogram; those before are mel bands.
    """
    crop = keras.Input((frames, n_bands), name="log_mel")
    mel, linear = crop[:, :, : n_bands - linear_bins], crop[:, :, n_bands - linear_bins :]
    heads = [_cnn(Centred(name="centred")(mel), dropout), _statistics([linear, mel])]
    return keras.Model(crop, layers.Concatenate(name="heads")(heads), name="joint")


def check(spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where the branches cannot hear crops of so many frames of such spectrograms."""
    if spectrogram.scale != "mel" or spectrogram.linear_bins < FEWEST or spectrogram.n_bands < FEWEST:
        raise UserError(
            f'the network joint needs features.scale "mel", and {FEWEST} or more of features.n_bands and of the bins of'
            " features.linear_n_fft: for one spectrogram alone choose another train.cnn.architecture"
        )
    if frames < SEGMENT:
        raise UserError(
            f"train.crop_seconds gives {frames} frames, and the network joint needs {SEGMENT}: make it longer"
        )


def standardise(branches: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Set mean and variance of the statistics to those of `batches` of crops, each of shape (n, frames, n_bands)."""
    first = keras.Model(branches.input, branches.get_layer(FIXED).output)
    values = np.concatenate([np.asarray(first.predict_on_batch(crops)) for crops in batches])
    branches.get_layer("standardise").set_weights([values.mean(axis=0), values.var(axis=0)])


def _cnn(x: keras.KerasTensor, dropout: float) -> keras.KerasTensor:
    x = layers.MaxPooling2D(2)(_convolution(x, FIRST_WIDTH, FIRST_SIZE, FIRST_STRIDES))
    for number, width in enumerate(BLOCKS):
        x = layers.MaxPooling2D(2)(x) if number else x
        x = _convolution(_convolution(x, width), width)
    x = layers.MaxPooling2D((1, max(1, x.shape[2] // ZONES)))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Dropout(dropout)(Moments(name="moments")(x))
    x = layers.Dropout(dropout)(layers.Dense(DENSE, "relu")(x))
    return layers.Dense(1, name="cnn_logit")(x)


def _convolution(
    x: keras.KerasTensor, width: int, size: int | tuple[int, int] = 3, strides: int | tuple[int, int] = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))


def _statistics(spectrograms: list[keras.KerasTensor]) -> keras.KerasTensor:
    x = layers.Concatenate(name=FIXED)([SpectralStatistics()(spectrogram) for spectrogram in spectrograms])
    x = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, trainable=False, name="standardise")(x)
    x = layers.Dropout(STATISTICS_DROPOUT[0])(Clip(name="limit")(x))
    for width, dropout in zip(STATISTICS_DENSE, STATISTICS_DROPOUT[1:], strict=True):
        x = layers.Dropout(dropout)(layers.Dense(width, "relu")(x))
    return layers.Dense(1, name="statistics_logit")(x)


@keras.saving.register_keras_serializable("bonafide")
class Moments(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Mean and standard deviation over frames, shape (n, frames, k); shape (n, 2 k)."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the moments of each crop."""
        mean, variance = ops.mean(x, axis=1), ops.var(x, axis=1)
        return ops.concatenate([mean, ops.sqrt(variance + 1e-4)], axis=-1)
