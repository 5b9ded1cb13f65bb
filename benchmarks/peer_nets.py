"""Published networks in backend-neutral Keras: LFCC of shape (n, frames, coefficients) in, logit of ai (n, 1) out.

Written anew from the papers; what an article leaves open is as in the authors' own repositories.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

DECAY = keras.regularizers.L2(5e-5)  # half of Kawa's weight decay of 1e-4, for Keras squares without the half
DELTA_REACH = 199  # frames on either side, as in Kawa's published code (a window of 400), where 2 is usual
SPECRNET_COEFFICIENTS = 80
MESO_POOLED = 1024


def lcnn(frames: int, coefficients: int) -> keras.Model:
    """Return LCNN-LSTM-sum.

    Lavrentyeva et al. 2019, "STC antispoofing systems for the ASVspoof2019 challenge", with the recurrent end of
    Wang & Yamagishi 2021, "A comparative study on recent neural spoofing countermeasures for synthetic speech
    detection": the LFCC-LCNN baseline of ASVspoof 2021.
    """
    crop = keras.Input((frames, coefficients))
    x = layers.Reshape((frames, coefficients, 1))(crop)
    x = layers.MaxPooling2D(2)(_max_feature_map(x, 32, 5))
    x = _plain_norm(_max_feature_map(x, 32, 1))
    x = _plain_norm(layers.MaxPooling2D(2)(_max_feature_map(x, 48, 3)))
    x = _plain_norm(_max_feature_map(x, 48, 1))
    x = layers.MaxPooling2D(2)(_max_feature_map(x, 64, 3))
    x = _plain_norm(_max_feature_map(x, 64, 1))
    x = _plain_norm(_max_feature_map(x, 32, 3))
    x = _plain_norm(_max_feature_map(x, 32, 1))
    x = layers.MaxPooling2D(2)(_max_feature_map(x, 32, 3))
    x = layers.Dropout(0.7)(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    memory = x
    for _ in range(2):
        memory = layers.Bidirectional(layers.LSTM(x.shape[-1] // 2, return_sequences=True))(memory)
    x = layers.GlobalAveragePooling1D()(layers.Add()([x, memory]))
    return keras.Model(crop, layers.Dense(1, name="logit")(x), name="lcnn")


def specrnet(frames: int, coefficients: int) -> keras.Model:
    """Return SpecRNet: Kawa et al. 2022, "SpecRNet: Towards Faster and More Accessible Audio DeepFake Detection"."""
    crop = keras.Input((frames, coefficients))
    x = layers.Reshape((frames, SPECRNET_COEFFICIENTS, 1))(crop[:, :, :SPECRNET_COEFFICIENTS])
    x = layers.Activation("selu")(_norm(x))
    for number, width in enumerate((20, 64, 64)):
        x = layers.MaxPooling2D(2)(_attended(_residual(x, width, first=number == 0)))
    x = layers.Activation("selu")(_norm(x))
    x = ops.mean(x, axis=2)
    for _ in range(2):
        x = layers.Bidirectional(layers.GRU(64, return_sequences=True, kernel_regularizer=DECAY))(x)
    x = layers.Dense(128, kernel_regularizer=DECAY)(x[:, -1])
    return keras.Model(crop, layers.Dense(1, kernel_regularizer=DECAY, name="logit")(x), name="specrnet")


def mesonet(frames: int, coefficients: int) -> keras.Model:
    """Return MesoInception-4 over LFCC with deltas and double deltas.

    Afchar et al. 2018, "MesoNet: a Compact Facial Video Forgery Detection Network", for speech by Kawa et al. 2022,
    "Attack Agnostic Dataset: Towards Generalization and Stabilization of Audio DeepFake Detection".
    """
    crop = keras.Input((frames, coefficients))
    x = layers.Reshape((frames, 3 * coefficients, 1))(WithDeltas()(crop))
    x = _inception(x, (1, 4, 4, 2))
    x = _inception(x, (2, 4, 4, 2))
    shared = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)  # both convolutions go through one, as published
    x = layers.MaxPooling2D(2)(shared(_conv(x, 16, 5, activation="relu", use_bias=False)))
    x = layers.MaxPooling2D(4)(shared(_conv(x, 16, 5, activation="relu", use_bias=False)))
    x = layers.Flatten()(layers.Permute((3, 2, 1))(x))  # time last: neighbours in time are pooled
    x = AdaptiveMean(MESO_POOLED)(layers.Dropout(0.5)(x))
    x = layers.LeakyReLU(0.1)(layers.Dense(16, kernel_regularizer=DECAY)(x))
    x = layers.Dropout(0.5)(x)
    return keras.Model(crop, layers.Dense(1, kernel_regularizer=DECAY, name="logit")(x), name="mesonet")


class WithDeltas(layers.Layer):
    """Appends to features, shape (n, frames, k), their slopes over time and the slopes of these: (n, frames, 3 k)."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the constant matrix that takes slopes."""
        self._slopes = slopes(int(shape[1] or 0), DELTA_REACH)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the features with their slopes."""
        delta = ops.einsum("tu,nuk->ntk", self._slopes, x)
        return ops.concatenate([x, delta, ops.einsum("tu,nuk->ntk", self._slopes, delta)], axis=-1)


class AdaptiveMean(layers.Layer):
    """Takes means of nearly equal, where needed overlapping, stretches of a vector: shape (n, k) to (n, size)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the constant matrix that takes means."""
        width = int(shape[1] or 0)
        self._means = np.zeros((width, self.size), np.float32)
        for column in range(self.size):
            start, stop = column * width // self.size, -(-(column + 1) * width // self.size)
            self._means[start:stop, column] = 1 / (stop - start)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return the means."""
        return ops.matmul(x, self._means)


def slopes(frames: int, reach: int) -> np.ndarray:
    """Return the matrix, shape (frames, frames), of regression slopes over `reach` frames on either side.

    The first and the last frame are repeated beyond the edges.
    """
    steps = np.arange(-reach, reach + 1)
    matrix = np.zeros((frames, frames))
    for frame in range(frames):
        np.add.at(matrix[frame], np.clip(frame + steps, 0, frames - 1), steps / np.square(steps).sum())
    return matrix.astype(np.float32)


def _conv(x: keras.KerasTensor, width: int, size: int, **options: object) -> keras.KerasTensor:
    return layers.Conv2D(width, size, padding="same", kernel_regularizer=DECAY, **options)(x)


def _norm(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def _plain_norm(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False)(x)


def _max_feature_map(x: keras.KerasTensor, width: int, size: int) -> keras.KerasTensor:
    """Convolve to twice `width` maps and keep the larger of each two (Wu et al. 2018, "A Light CNN")."""
    x = layers.Conv2D(2 * width, size, padding="same", kernel_initializer="he_uniform")(x)
    return layers.Maximum()([x[..., :width], x[..., width:]])


def _residual(x: keras.KerasTensor, width: int, *, first: bool) -> keras.KerasTensor:
    inner = x if first else layers.LeakyReLU(0.3)(_norm(x))
    inner = layers.LeakyReLU(0.3)(_norm(_conv(inner, width, 3)))
    inner = _conv(inner, width, 3)
    short = x if x.shape[-1] == width else _conv(x, width, 1)
    return layers.MaxPooling2D(2)(layers.Add()([inner, short]))


def _attended(x: keras.KerasTensor) -> keras.KerasTensor:
    """Scale and shift each map by how much it has to say over the whole crop."""
    width = x.shape[-1]
    weight = layers.Dense(width, activation="sigmoid", kernel_regularizer=DECAY)(layers.GlobalAveragePooling2D()(x))
    weight = layers.Reshape((1, 1, width))(weight)
    return layers.Add()([layers.Multiply()([x, weight]), weight])


def _inception(x: keras.KerasTensor, widths: tuple[int, int, int, int]) -> keras.KerasTensor:
    branches = [_conv(x, widths[0], 1, use_bias=False)]
    for dilation, width in enumerate(widths[1:], start=1):
        narrow = _conv(x, width, 1, use_bias=False)
        branches.append(_conv(narrow, width, 3, dilation_rate=dilation, use_bias=False))
    return layers.MaxPooling2D(2)(_norm(layers.Concatenate()(branches)))
