"""Stage features: log-mel spectrograms of all clips and copies."""

from pathlib import Path

from bonafide.audio import AudioSettings
from bonafide.features import FeatureSettings, feature_part, feature_tasks
from bonafide.mel import MelSettings
from bonafide.params import read_section
from bonafide.parts import build
from bonafide.stage import run


def features(params: Path, clips: Path, augmented: Path, out: Path) -> None:
    """Write the spectrograms of `clips` and `augmented` to parts in `out`."""
    rate = read_section(params, "audio", AudioSettings).rate
    settings = FeatureSettings(read_section(params, "features", MelSettings), rate)
    build(feature_part, settings, feature_tasks(clips, augmented), out, what="computing features of parts")


if __name__ == "__main__":
    run(features)
