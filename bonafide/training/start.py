"""The packaged network, where a training starts from it."""

from pathlib import Path

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.heard import StartSettings
from bonafide.errors import UserError
from bonafide.files import DETECTOR, NETWORK
from bonafide.pipeline.params import read_section
from bonafide.scoring.exported import Scorer
from bonafide.training.networks.registry import TrainSettings
from bonafide.training.networks.starts import Start
from bonafide.training.saving import load_model

INSTEAD = "set start.weights of params.yaml to none, which trains from scratch"


def read_start(params: Path) -> Start | None:
    """Return the network that `params` start the training from; None where it starts from scratch.

    Raises
    ------
    UserError
        When the packaged network is another one than `params` train, or hears other features.
    """
    settings = read_section(params, "start", StartSettings)
    if settings.weights == "none":
        return None
    train = read_section(params, "train", TrainSettings)
    facts = Scorer(DETECTOR).facts
    if getattr(train.own, "architecture", train.model) != facts.card.get("network"):
        raise UserError(
            f"the packaged network is '{facts.card.get('network')}', and train chooses another one: {INSTEAD}"
        )
    network = load_model(NETWORK)
    frames = facts.spectrogram.frames(train.crop_seconds, facts.audio.rate)
    if read_section(params, "audio", AudioSettings).rate != facts.audio.rate or network.input_shape[1] != frames:
        raise UserError(f"the packaged network hears another audio.rate or train.crop_seconds: {INSTEAD}")
    if read_section(params, "features", SpectrogramSettings) != facts.spectrogram:
        raise UserError(f"the packaged network was trained with other settings in section features: {INSTEAD}")
    return Start(network, settings.rate, settings.share)
