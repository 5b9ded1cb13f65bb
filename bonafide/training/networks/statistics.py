"""The default network: fixed statistics of a linear-frequency log spectrogram, judged by kernel machines.

What a generator leaves behind is less in any one spot of the spectrogram than in how it varies: how tonal each band
is, how lively its cepstra are, how alike neighbouring bands move. A convolutional network has to find these
statistics by itself and, from some thousand clips, finds the recording chain first. Here they are given.

A telephone, a codec or noise take away much of what tells the classes apart and change the rest. So each of them may
have an expert, a kernel machine of its own, and a gate weighs the experts by what a crop sounds like (Jacobs et al.
1991, "Adaptive mixtures of local experts"; here gate and experts are fitted apart, as the lines are known). All
compare a crop with the same examples and differ in what these say to them.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from bonafide.audio.statistics import all_statistics, spectral_statistics
from bonafide.training.backend import keras, layers, ops

FIRST = "statistics"  # layer, after which the network is called as well
LIMIT = 4.0  # standard deviations; what is farther out says no more


@keras.saving.register_keras_serializable("bonafide")
class SpectralStatistics(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Fixed statistics over the frames of log power spectrograms; see `bonafide.audio.statistics`."""

    def call(self, crop: keras.KerasTensor) -> keras.KerasTensor:
        """Return the statistics of each crop, shape (n, frames, bins), in decibels; shape (n, statistics)."""
        return spectral_statistics(ops.cast(crop, "float32"), ops)


@keras.saving.register_keras_serializable("bonafide")
class AllStatistics(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Fixed statistics of crops: `bonafide.audio.statistics`; for the rest see `bonafide.audio.spectrogram.Layout`."""

    def __init__(self, widths: Sequence[int], phase: bool, steps: Sequence[int], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.widths, self.phase, self.steps = tuple(widths), phase, tuple(steps)

    def call(self, crop: keras.KerasTensor) -> keras.KerasTensor:
        """Return the statistics of each crop, shape (n, frames, sum of the widths); shape (n, statistics)."""
        crop = ops.cast(crop, "float32")
        ends = zip(self.widths, accumulate(self.widths), self.steps, strict=True)
        parts = [crop[:, ::step, stop - width : stop] for width, stop, step in ends]
        return all_statistics(parts, phase=self.phase, xp=ops)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is built from."""
        return {**super().get_config(), "widths": self.widths, "phase": self.phase, "steps": self.steps}


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
