"""Stage features: spectrograms of all clips and copies."""

from pathlib import Path

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.clips.features import FeatureSettings, feature_part, feature_tasks
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run


def features(params: Path, clips: Path, augmented: Path, out: Path) -> None:
    """Write the spectrograms of `clips` and `augmented` to parts in `out`."""
    rate = read_section(params, "audio", AudioSettings).rate
    settings = FeatureSettings(read_section(params, "features", SpectrogramSettings), rate)
    build(feature_part, settings, feature_tasks(clips, augmented), out, what="computing features of parts")


if __name__ == "__main__":
    run(features)
