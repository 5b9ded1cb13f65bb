"""The default network: a CNN on the mel spectrogram, and statistics of the linear one, each with a say of its own.

A CNN finds by itself what a generator leaves behind, where it has heard enough; the statistics of
`bonafide.training.networks.statistics` are given, and need less. They err on different clips, so that the mean of
their logits is better than either. Each learns as if it were alone: a branch that is right already would keep the
other from learning.
"""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from bonafide.audio.spectrogram import SpectrogramSettings, mel_edges, triangles
from bonafide.errors import UserError
from bonafide.training.networks.statistics import LN_DB, SEGMENT, Clip, SpectralStatistics

MOMENTUM = 0.95  # of the running statistics of batches
FIRST_WIDTH, BLOCKS = 16, (32, 64, 96)  # channels of the first convolution, and of the two in each block
ZONES = 4  # of frequency, that are kept apart at the end
DENSE = 64  # features of the CNN from which its logit is made
STATISTICS_DENSE = (512, 128)
STATISTICS_DROPOUT = 0.5
RANGE_DB = 80.0  # below the loudest point of a crop; what is deeper shows the rounding of files
SPREAD_DB = 12.0  # typical deviation within a band
MEL_BANDS = 96  # as many as leave each one a bin of its own below 1 kHz
F_MAX = 8000.0  # Hz; of the last linear band


@keras.saving.register_keras_serializable("bonafide")
class MelBands(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Log power in mel bands of linear ones, shape (n, frames, bands), in decibels without each band's mean over time.

    The mean of a band is the recording chain's as much as the voice's, and tells corpora apart.
    """

    def __init__(self, bands: int, f_max: float, **kwargs: Any) -> None:  # noqa: ANN401 - of keras.layers.Layer
        super().__init__(**kwargs)
        self.bands, self.f_max = bands, f_max

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the filters, shape (linear bands, mel bands), each with the sum 1."""
        filters = triangles(mel_edges(0.0, self.f_max, self.bands), np.linspace(0, self.f_max, int(shape[-1] or 0) + 2))
        self._filters = (filters[1:-1] / filters[1:-1].sum(axis=0)).astype(np.float32)

    def call(self, crop: keras.KerasTensor) -> keras.KerasTensor:
        """Return the bands of each crop, shape (n, frames, mel bands, 1), about between -2 and 2."""
        power = ops.matmul(ops.exp(ops.cast(crop, "float32") * LN_DB), self._filters)
        decibels = ops.log(power + 1e-12) / LN_DB
        decibels = ops.maximum(decibels, ops.max(decibels, axis=(1, 2), keepdims=True) - RANGE_DB)
        return ((decibels - ops.mean(decibels, axis=1, keepdims=True)) / SPREAD_DB)[..., None]

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is built from."""
        return {**super().get_config(), "bands": self.bands, "f_max": self.f_max}


def joint(frames: int, n_bands: int, dropout: float) -> keras.Model:
    """Return the network for crops of shape (frames, n_bands) on the linear scale: a logit of each branch, (n, 2)."""
    crop = keras.Input((frames, n_bands), name="log_mel")
    heads = [_cnn(MelBands(MEL_BANDS, F_MAX, name="mel")(crop), dropout), _statistics(crop)]
    return keras.Model(crop, layers.Concatenate(name="heads")(heads), name="joint")


def check(spectrogram: SpectrogramSettings, frames: int) -> None:
    """Raise `UserError` where the branches cannot hear crops of so many frames of such spectrograms."""
    bins = spectrogram.n_fft // 2 - 1
    if spectrogram.scale != "linear" or spectrogram.n_bands != bins:
        raise UserError(
            'the network joint needs features.scale "linear" and features.n_bands of n_fft / 2 - 1,'
            f" {bins}: it makes mel bands of them itself; for mel bands in the features choose another"
            " train.cnn.architecture"
        )
    if frames < SEGMENT:
        raise UserError(
            f"train.crop_seconds gives {frames} frames, and the network joint needs {SEGMENT}: make it longer"
        )


def standardise(branches: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Set mean and variance of the statistics to those of `batches` of crops, each of shape (n, frames, n_bands)."""
    first = keras.Model(branches.input, branches.get_layer("spectral_statistics").output)
    values = np.concatenate([np.asarray(first.predict_on_batch(crops)) for crops in batches])
    branches.get_layer("standardise").set_weights([values.mean(axis=0), values.var(axis=0)])


def _cnn(x: keras.KerasTensor, dropout: float) -> keras.KerasTensor:
    x = layers.MaxPooling2D(2)(_convolution(x, FIRST_WIDTH, 5, 2))
    for number, width in enumerate(BLOCKS):
        x = layers.MaxPooling2D(2)(x) if number else x
        x = _convolution(_convolution(x, width), width)
    x = layers.MaxPooling2D((1, x.shape[2] // ZONES))(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = layers.Dropout(dropout)(Moments()(x))
    x = layers.Dropout(dropout)(layers.Dense(DENSE, "relu")(x))
    return layers.Dense(1, name="cnn_logit")(x)


def _convolution(x: keras.KerasTensor, width: int, size: int = 3, stride: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))


def _statistics(crop: keras.KerasTensor) -> keras.KerasTensor:
    x = SpectralStatistics(name="spectral_statistics")(crop)
    x = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, trainable=False, name="standardise")(x)
    x = layers.Dropout(0.3)(Clip(name="limit")(x))
    for width in STATISTICS_DENSE:
        x = layers.Dropout(STATISTICS_DROPOUT)(layers.Dense(width, "relu")(x))
    return layers.Dense(1, name="statistics_logit")(x)


@keras.saving.register_keras_serializable("bonafide")
class Moments(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Mean and standard deviation over frames, shape (n, frames, k); shape (n, 2 k)."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the moments of each crop."""
        mean, variance = ops.mean(x, axis=1), ops.var(x, axis=1)
        return ops.concatenate([mean, ops.sqrt(variance + 1e-4)], axis=-1)
