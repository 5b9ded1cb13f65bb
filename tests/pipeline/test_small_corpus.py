"""The corpus that the other tests stand on can be divided by the settings that users start with."""

from collections import Counter
from pathlib import Path

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus.catalog import examine_all, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.splits import SplitSettings, split
from bonafide.pipeline.params import read_section

PARAMS = Path(__file__).parents[2] / "params.yaml"


def test_the_default_split_leaves_both_classes_on_every_side(small_corpus):
    known = read_folder(small_corpus)
    clips, _ = settle(list(examine_all(small_corpus, known, read_section(PARAMS, "audio", AudioSettings))))
    rows = split(clips, read_section(PARAMS, "split", SplitSettings))
    counts = Counter((row["split"], row["label"]) for row in rows)
    assert all(counts[side, label] >= 4 for side in ("train", "dev", "test") for label in ("human", "ai"))
    for respect in ("speaker", "source", "generator"):
        sides = [{row[respect] for row in rows if row["split"] == side} - {""} for side in ("train", "dev", "test")]
        assert len(set.union(*sides)) == sum(map(len, sides)), f"two sides share a {respect}"
