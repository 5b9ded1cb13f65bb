"""The networks by name, each with its own settings, what it asks of the features, and how it is fitted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from annotated_types import Ge, Gt

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.training.backend import keras
from bonafide.training.data import Clips
from bonafide.training.logits import History
from bonafide.training.networks import cnn, statistics_fit
from bonafide.training.networks.starts import Start

Own = TypeVar("Own")
Examples = TypeVar("Examples")


@dataclass(frozen=True)
class Network(Generic[Own, Examples]):
    """A kind of network, as functions.

    Attributes
    ----------
    check : callable
        Gets the network's own settings, those of the spectrogram, and how many frames a crop has; raises a
        `UserError` of one sentence where the network cannot use such crops.
    examples : callable
        Gets the clips, of which all that train count, and the network's own settings; returns what several fits to
        parts of the clips share: what is dear and needs computing but once.
    fit : callable
        Gets the clips, the network's own settings, the seed, a folder where an interrupted fit may keep its state,
        perhaps the examples, and perhaps a network of its kind to start from; returns the fitted network (crops in,
        probability of ai out, with a layer named ``logit`` before it) and the history, one line an epoch.
    logits : callable
        Gets a fitted network, examples, and ids of clips among them; returns the logit of each, higher is more ai.
    """

    check: Callable[[Own, SpectrogramSettings, int], None]
    examples: Callable[[Clips, Own], Examples]
    fit: Callable[[Clips, Own, int, Path, Examples | None, Start | None], tuple[keras.Model, History]]
    logits: Callable[[keras.Model, Examples, Collection[str]], dict[str, float]]


NETWORKS: dict[str, Network[Any, Any]] = {
    "statistics": Network(statistics_fit.check, statistics_fit.examples, statistics_fit.fit, statistics_fit.logits),
    "cnn": Network(cnn.check, cnn.examples, cnn.fit, cnn.logits),
}


@dataclass(frozen=True)
class TrainSettings:
    """How a network is trained; section `train` of params.yaml. Each network has a section of its own in it."""

    model: Literal["statistics", "cnn"]
    crop_seconds: Annotated[float, Gt(0)]
    seed: Annotated[int, Ge(0)]
    statistics: statistics_fit.StatisticsSettings
    cnn: cnn.CnnSettings

    @property
    def own(self) -> Any:  # noqa: ANN401 - each network's are of a class of its own
        """The settings of the chosen network alone."""
        return getattr(self, self.model)

    @property
    def unused(self) -> list[str]:
        """The sections of the other networks, by their dotted names."""
        return [f"train.{name}" for name in NETWORKS if name != self.model]
