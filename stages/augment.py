"""Stage augment: seeded copies of the training clips, and of no others."""

from pathlib import Path

import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.clips.augmentation import AugmentedAudio, AugmentSettings, augment_part, augment_tasks, check_chains
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run


def augment(params: Path, split: Path, clips: Path, out: Path) -> None:
    """Write augmented copies of those of `clips` that `split` gives to train to parts in `out`."""
    settings = AugmentedAudio(
        read_section(params, "augment", AugmentSettings), read_section(params, "audio", AudioSettings)
    )
    check_chains(settings.augment)
    train = pq.read_table(split, columns=["clip"], filters=[("split", "=", "train")])
    tasks = augment_tasks(clips, set(train["clip"].to_pylist()))
    build(augment_part, settings, tasks, out, what="augmenting parts")


if __name__ == "__main__":
    run(augment)
