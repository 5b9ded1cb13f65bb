"""Stage features: spectrograms and statistics of all clips and copies."""

from pathlib import Path

from bonafide.clips.features import feature_part, feature_tasks, read_features
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.stage import run


def features(params: Path, clips: Path, augmented: Path, out: Path) -> None:
    """Write the spectrograms of `clips` and `augmented`, and statistics of their crops, to parts in `out`."""
    settings = read_features(params)
    build(feature_part, settings, feature_tasks(clips, augmented), out, what="computing features of parts")


if __name__ == "__main__":
    run(features)
