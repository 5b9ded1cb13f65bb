"""Stage augment: seeded copies of the training clips, and of no others."""

from pathlib import Path

from bonafide.audio.conditioning import AudioSettings
from bonafide.clips.augmentation import AugmentedAudio, AugmentSettings, augment_part, augment_tasks, check_chains
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.pipeline.tables import read_table


def augment(params: Path, split: Path, clips: Path, out: Path) -> None:
    """Write augmented copies of those of `clips` that `split` gives to train to parts in `out`."""
    settings = AugmentedAudio(
        read_section(params, "augment", AugmentSettings), read_section(params, "audio", AudioSettings)
    )
    check_chains(settings.augment)
    rows = read_table(split, ["clip", "split"]).to_pylist()
    tasks = augment_tasks(clips, {row["clip"] for row in rows if row["split"] == "train"})
    build(augment_part, settings, tasks, out, what="augmenting parts")


if __name__ == "__main__":
    run(augment)
