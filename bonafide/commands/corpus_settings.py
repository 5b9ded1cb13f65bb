"""The settings that a corpus is looked at with: those of params.yaml where it is there, else the usual ones."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bonafide.audio.conditioning import AudioSettings
    from bonafide.corpus.companions import CompanionSettings
    from bonafide.corpus.heard import Heard
    from bonafide.corpus.splits import SplitSettings


def audio_settings(params: Path) -> "AudioSettings":
    """Return how recordings are conditioned; without `params` as the packaged detector does."""
    from bonafide.audio.conditioning import AudioSettings
    from bonafide.detection.detector import Detector
    from bonafide.pipeline.params import read_section

    return read_section(params, "audio", AudioSettings) if params.is_file() else Detector().facts.audio


def split_settings(params: Path) -> "SplitSettings":
    """Return how clips are divided; without `params` whole sources, strictly."""
    from bonafide.corpus.splits import SplitSettings
    from bonafide.pipeline.params import read_section

    if params.is_file():
        return read_section(params, "split", SplitSettings)
    return SplitSettings("source", dev=0.2, test=0.2, on_overlap="drop", seed=1)


def companion_settings(params: Path) -> "CompanionSettings":
    """Return which clips are companions; without `params` none."""
    from bonafide.corpus.companions import CompanionSettings
    from bonafide.pipeline.params import read_section

    return read_section(params, "companions", CompanionSettings) if params.is_file() else CompanionSettings(())


def start(params: Path) -> "Heard":
    """Return what the network has heard from which the training starts; without `params` nothing."""
    from bonafide.corpus.heard import NOTHING, start_heard

    return start_heard(params) if params.is_file() else NOTHING
