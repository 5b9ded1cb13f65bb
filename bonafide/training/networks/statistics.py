"""The default network: fixed statistics of a linear-frequency log spectrogram, judged by kernel machines.

What a generator leaves behind is less in any one spot of the spectrogram than in how it varies: how tonal each band
is, how lively its cepstra are, how alike neighbouring bands move. A convolutional network has to find these
statistics by itself and, from some thousand clips, finds the recording chain first. Here they are given.

A telephone, a codec or noise take away much of what tells the classes apart and change the rest. So each of them may
have an expert, a kernel machine of its own, and a gate weighs the experts by what a crop sounds like (Jacobs et al.
1991, "Adaptive mixtures of local experts"; here gate and experts are fitted apart, as the lines are known). All
compare a crop with the same examples and differ in what these say to them.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from bonafide.training.backend import keras, layers, ops

FIRST = "statistics"  # layer, after which the network is called as well
TONAL_BANDS = 64
BANDS = 32  # for cepstra, correlation and modulation
NEIGHBOURS = (1, 2, 4, 8)  # bands apart
QUEFRENCIES = 40  # groups of cepstral coefficients of the fine structure
RIPPLE_BANDS = 16
RIPPLE_BINS = 15  # of the running mean that is the smooth long-term spectrum
SEGMENT = 64  # frames of one modulation spectrum
MODULATION_EDGES = (1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 33)  # of its groups, in steps of frame rate / SEGMENT
MODULATION_BANDS = 8
LOUD = 4.0  # dB; how soft the border between loud and quiet frames is
LIMIT = 4.0  # standard deviations; what is farther out says no more
STILL = 0.05  # natural logarithms; a band that moves less, as in digital silence, shows but rounding
PITCH_FIRST = 30  # samples: the shortest period of a voice at 16 kHz
LN_DB = float(np.log(10) / 10)  # from decibels to the natural logarithm of power


@keras.saving.register_keras_serializable("bonafide")
class SpectralStatistics(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Fixed statistics over the frames of log power spectrograms, shape (n, frames, bins), in decibels.

    Returns a tensor of shape (n, statistics). None of them changes with the level, and only slowly with a filter.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the constant matrices for crops of `shape`."""
        frames, bins = int(shape[1] or 0), int(shape[2] or 0)
        self._tonal = _triangles(bins, TONAL_BANDS)
        self._bands = _triangles(bins, BANDS)
        self._dct = _dct(BANDS)
        self._cepstrum = _cosines(bins)
        self._ripple = _groups(bins, RIPPLE_BANDS)
        self._ungrouped = (self._ripple.T > 0).astype(np.float32)
        self._quefrencies = _groups(self._cepstrum.shape[1], QUEFRENCIES)
        self._segments = max(1, frames // SEGMENT)
        self._waves = _waves(SEGMENT)
        self._modulation = _edges_to_groups(MODULATION_EDGES, SEGMENT // 2 + 1)
        self._wide = _groups(BANDS, MODULATION_BANDS)

    def call(self, crop: keras.KerasTensor) -> keras.KerasTensor:
        """Return the statistics of each crop."""
        log_power = ops.cast(crop, "float32") * LN_DB
        loud = _loudness(crop)
        bands = ops.log(ops.matmul(ops.exp(log_power), self._bands) + 1e-9)
        parts = [
            *self._tonality(log_power, loud),
            *_liveliness(ops.matmul(bands, self._dct)),
            *_togetherness(bands),
            self._rhythm(bands),
            *self._fine_structure(log_power, loud),
            self._ripples(log_power, loud),
        ]
        return ops.concatenate(parts, axis=-1)

    def _tonality(self, log_power: keras.KerasTensor, loud: keras.KerasTensor) -> tuple[keras.KerasTensor, ...]:
        """Spectral flatness in each band: its mean and its deviation over loud frames."""
        power = ops.matmul(ops.exp(log_power), self._tonal)
        return _moments(ops.matmul(log_power, self._tonal) - ops.log(power + 1e-12), loud)

    def _rhythm(self, bands: keras.KerasTensor) -> keras.KerasTensor:
        """How fast the bands rise and fall: their modulation spectrum."""
        moving = _standardised(bands)[:, : self._segments * SEGMENT]
        cut = ops.reshape(moving, (-1, self._segments, SEGMENT, BANDS))
        by_time = ops.transpose(cut, (0, 1, 3, 2))
        real, imaginary = ops.matmul(by_time, self._waves[0]), ops.matmul(by_time, self._waves[1])
        size = ops.mean(ops.sqrt(ops.square(real) + ops.square(imaginary) + 1e-6), axis=1)
        grouped = ops.matmul(ops.log(size + STILL), self._modulation)
        return ops.reshape(ops.matmul(ops.transpose(grouped, (0, 2, 1)), self._wide), (-1, self._flat_rhythm()))

    def _flat_rhythm(self) -> int:
        return (len(MODULATION_EDGES) - 1) * MODULATION_BANDS

    def _fine_structure(self, log_power: keras.KerasTensor, loud: keras.KerasTensor) -> tuple[keras.KerasTensor, ...]:
        """Cepstrum beyond the envelope: harmonics and what else is regular in frequency."""
        cepstrum = ops.abs(ops.matmul(log_power, self._cepstrum))
        peak = ops.max(cepstrum[:, :, PITCH_FIRST:], axis=-1, keepdims=True)
        mean, _ = _moments(cepstrum, loud)
        return (*_moments(peak, loud), ops.matmul(ops.log(mean + 1e-6), self._quefrencies))

    def _ripples(self, log_power: keras.KerasTensor, loud: keras.KerasTensor) -> keras.KerasTensor:
        """How uneven the long-term spectrum is from bin to bin, which a smooth room or microphone is not."""
        mean, _ = _moments(log_power, loud)
        uneven = mean - _running_mean(mean, RIPPLE_BINS)
        uneven -= ops.matmul(ops.matmul(uneven, self._ripple), self._ungrouped)
        return 0.5 * ops.log(ops.matmul(ops.square(uneven), self._ripple) + STILL**2)


@keras.saving.register_keras_serializable("bonafide")
class RadialBasis(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """How near each statistic vector, shape (n, k), is to each of `centres` examples, from 0 to 1."""

    def __init__(self, centres: int, width: float, **kwargs: Any) -> None:  # noqa: ANN401 - of keras.layers.Layer
        super().__init__(**kwargs)
        self.count, self.width = centres, width

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make room for the centres, which `bonafide.training.networks.statistics_fit` fills in."""
        self.centres = self.add_weight(shape=(shape[-1], self.count), initializer="zeros", trainable=False)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return exp(-width |x - centre|^2), shape (n, centres), float64: the logit is a small sum of large terms."""
        x, centres = ops.cast(x, "float64"), ops.cast(self.centres, "float64")
        squares = ops.sum(ops.square(x), axis=-1, keepdims=True) + ops.sum(ops.square(centres), axis=0)
        return ops.exp(-self.width * ops.maximum(squares - 2 * ops.matmul(x, centres), 0.0))

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is built from."""
        return {**super().get_config(), "centres": self.count, "width": self.width}


def statistics(frames: int, n_bands: int, *, components: int, centres: int, experts: int, width: float) -> keras.Model:
    """Return the network for crops of shape (frames, n_bands) on the linear scale, before it is fitted.

    Parameters
    ----------
    frames, n_bands : int
    components : int
        Of the statistics, among which examples are near or far.
    centres : int
        Of the kernel: examples that each crop is compared with.
    experts : int
        Kernel machines that a gate weighs.
    width : float
        Of the kernel, over the mean squared distance of a statistic.
    """
    crop = keras.Input((frames, n_bands), name="log_mel")
    x = SpectralStatistics(name=FIRST)(crop)
    width /= x.shape[-1]
    x = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, name="standardise")(x)
    x = layers.Dense(components, name="components")(Clip(name="limit")(x))
    logits = layers.Dense(experts, dtype="float64", name="logits")(RadialBasis(centres, width, name="kernel")(x))
    gate = layers.Dense(experts, "softmax", dtype="float64", name="gate")(x)
    logit = Weighed(dtype="float64", name="logit")([gate, logits])
    return keras.Model(crop, layers.Activation("sigmoid", name="p_ai")(logit), name=FIRST)


def in_two(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Return what takes the statistics of crops, and what makes a logit of them: the slow part, and the quick one."""
    values = model.get_layer(FIRST).output
    return keras.Model(model.input, values), keras.Model(values, model.get_layer("logit").output)


@keras.saving.register_keras_serializable("bonafide")
class Weighed(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """The sum of the experts' logits by the weights of a gate, both of shape (n, experts)."""

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Return the sum, shape (n, 1); `inputs` are the gate's weights and the logits."""
        gate, logits = inputs
        return ops.sum(gate * logits, axis=-1, keepdims=True)


@keras.saving.register_keras_serializable("bonafide")
class Clip(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Limits standardised statistics to LIMIT standard deviations."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return `x` between -LIMIT and LIMIT."""
        return ops.clip(x, -LIMIT, LIMIT)


def _loudness(crop: keras.KerasTensor) -> keras.KerasTensor:
    """Return how loud each frame is beside the others, shape (n, frames, 1), from 0 to 1; its mean is 1."""
    level = ops.log(ops.mean(ops.exp(crop * LN_DB), axis=-1, keepdims=True) + 1e-12) / LN_DB
    soft = ops.sigmoid((level - ops.mean(level, axis=1, keepdims=True)) / LOUD)
    return soft / ops.mean(soft, axis=1, keepdims=True)


def _moments(x: keras.KerasTensor, weight: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return mean and standard deviation over frames of `x`, shape (n, frames, k), weighted by frame."""
    mean = ops.mean(x * weight, axis=1, keepdims=True)
    mean += ops.mean((x - mean) * weight, axis=1, keepdims=True)  # a second pass takes the rounding out
    variance = ops.mean(ops.square(x - mean) * weight, axis=1)
    return mean[:, 0], ops.sqrt(variance + 1e-6)


def _standardised(bands: keras.KerasTensor) -> keras.KerasTensor:
    moving = bands - ops.mean(bands, axis=1, keepdims=True)
    moving -= ops.mean(moving, axis=1, keepdims=True)  # what rounding left of a constant band would look like rhythm
    return moving / ops.sqrt(ops.mean(ops.square(moving), axis=1, keepdims=True) + STILL**2)


def _liveliness(cepstra: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Logarithms of the standard deviations of cepstra and of their steps from frame to frame."""
    steps = cepstra[:, 1:] - cepstra[:, :-1]
    return ops.log(ops.std(cepstra, axis=1) + STILL), ops.log(ops.std(steps, axis=1) + STILL)


def _togetherness(bands: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Correlation over time of bands that lie near each other."""
    moving = _standardised(bands)
    return [ops.mean(moving[:, :, apart:] * moving[:, :, :-apart], axis=1) for apart in NEIGHBOURS]


def _triangles(bins: int, bands: int) -> np.ndarray:
    """Return `bands` evenly spaced triangles over `bins`, shape (bins, bands), each with the sum 1."""
    edges = np.linspace(-1, bins, bands + 2)
    at = np.arange(bins)[:, None]
    rising, falling = (at - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - at) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rising, falling))
    normed: np.ndarray = (filters / filters.sum(axis=0)).astype(np.float32)
    return normed


def _dct(size: int) -> np.ndarray:
    """Return the orthonormal cosine transform of type II as a matrix, shape (size, size)."""
    angle = np.pi / size * (np.arange(size)[:, None] + 0.5) * np.arange(size)
    matrix = np.cos(angle) * np.sqrt(2 / size)
    matrix[:, 0] /= np.sqrt(2)
    transform: np.ndarray = matrix.astype(np.float32)
    return transform


def _cosines(bins: int) -> np.ndarray:
    """Return the cepstral transform of `bins` that lie evenly between 0 and half the rate, without coefficient 0."""
    size = 2 * (bins + 1)
    quefrency = np.arange(1, bins + 1)
    return (2 / size * np.cos(2 * np.pi * np.arange(1, bins + 1)[:, None] * quefrency / size)).astype(np.float32)


def _running_mean(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """Return the mean of `x`, shape (n, bins), over `width` neighbours; the edges are repeated."""
    edges = ops.repeat(x[:, :1], width // 2, axis=1), ops.repeat(x[:, -1:], width // 2, axis=1)
    padded = ops.concatenate([edges[0], x, edges[1]], axis=1)
    return ops.average_pool(padded[:, :, None], width, 1, "valid", data_format="channels_last")[:, :, 0]


def _groups(size: int, groups: int) -> np.ndarray:
    """Return the matrix, shape (size, groups), that takes the means of `groups` nearly equal stretches."""
    edges = np.rint(np.linspace(0, size, groups + 1)).astype(int)
    return _edges_to_groups(tuple(edges), size)


def _edges_to_groups(edges: tuple[int, ...], size: int) -> np.ndarray:
    matrix = np.zeros((size, len(edges) - 1), np.float32)
    for group, (start, stop) in enumerate(pairwise(edges)):
        matrix[start:stop, group] = 1 / (stop - start)
    return matrix


def _waves(size: int) -> np.ndarray:
    """Return the real and the imaginary part of a Hann-windowed Fourier transform, shape (2, size, size // 2 + 1)."""
    angle = 2 * np.pi * np.arange(size)[:, None] * np.arange(size // 2 + 1) / size
    waves: np.ndarray = np.hanning(size)[:, None] * np.stack([np.cos(angle), np.sin(angle)])
    return waves.astype(np.float32)
