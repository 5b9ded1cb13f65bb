"""What the packaged network has heard can train and test nothing."""

import pytest

from bonafide.corpus.alike import alike
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.heard import NOTHING, heard_table, read_heard, start_heard
from bonafide.corpus.sides import divided
from bonafide.corpus.splits import SplitSettings
from bonafide.corpus.table import CATALOG, as_table
from bonafide.detection.detector import Detector
from bonafide.errors import UserError
from bonafide.pipeline.tables import write_table

NONE = CompanionSettings(())
SETTINGS = SplitSettings(group="source", dev=0.2, test=0.2, on_overlap="drop", seed=1)


def clip(number, label="human", **names):
    empty = dict.fromkeys(("speaker", "generator", "family", "language", "gender", "pair", "official", "license"), "")
    sha = f"{number:04x}" * 16
    facts = {"clip": f"{number:04}", "path": f"{number}.wav", "sha256": sha, "label": label, "source": f"s{number}"}
    sound = {"seconds": 3.0, "level_dbfs": -20.0, "native_rate": 16000, "native_format": "WAV/PCM_16", "segments": []}
    return {**empty, **facts, **sound, **names}


@pytest.fixture
def heard(tmp_path):
    rows = [clip(1), clip(2, speaker="LJ"), clip(3, "ai", generator="WaveNet + Tacotron 2"), clip(4, source="my page")]
    write_table(heard_table(rows), tmp_path / "default.heard.parquet")
    return read_heard(tmp_path / "default.heard.parquet")


@pytest.mark.parametrize(
    "names",
    [
        {"sha256": "0001" * 16},
        {"speaker": "lj"},
        {"generator": "wavenet+tacotron-2"},
        {"source": "My_Page"},
    ],
)
def test_a_clip_is_heard_by_its_bytes_or_by_a_name_however_it_is_written(heard, names):
    assert heard.holds(clip(9, **names))


def test_a_clip_of_other_bytes_and_names_is_not_heard(heard):
    assert not heard.holds(clip(9, speaker="LJ 2", generator="WaveNet", source="page"))
    assert not heard.holds({key: value for key, value in clip(9).items() if key != "sha256"})


def test_what_was_heard_trains_and_is_neither_dev_nor_test(heard):
    people = [clip(10 + n, speaker=f"p{n}") for n in range(6)]
    machines = [clip(20 + n, "ai", generator=f"g{n}") for n in range(6)]
    known = [clip(30 + n, speaker="LJ", source=f"k{n}") for n in range(4)]
    table = as_table([*people, *machines, *known], CATALOG)
    rows = divided(alike(table, NONE, SETTINGS, heard), SETTINGS, NONE, heard=heard)
    sides = {row["clip"]: row["split"] for row in rows for _ in row["places"]}
    of_known = {row["split"] for row in rows if row["speaker"] == "LJ"}
    assert of_known == {"train"}
    assert {"train", "dev", "test"} <= set(sides.values())


def test_dev_and_test_are_shares_of_all_clips_however_many_were_heard(heard):
    people = [clip(100 + n, speaker=f"p{n}") for n in range(50)]
    machines = [clip(200 + n, "ai", generator=f"g{n}") for n in range(50)]
    known = [clip(300 + n, speaker="LJ") for n in range(60)]

    def judged(rows):
        table = as_table(rows, CATALOG)
        done = divided(alike(table, NONE, SETTINGS, heard), SETTINGS, NONE, heard=heard)
        sides = [row["split"] for row in done for _ in row["places"]]
        return pytest.approx((sides.count("dev"), sides.count("test")), abs=3)

    assert judged([*people, *machines]) == (20, 20)
    assert judged([*people, *machines, *known]) == (32, 32)
    many = [clip(1000 + n, speaker="LJ") for n in range(900)]
    assert judged([*people, *machines, *many]) == (45, 45)


def test_a_corpus_that_was_heard_whole_cannot_be_tested(heard):
    with pytest.raises(UserError, match=r"start\.weights of params\.yaml to none"):
        parted([clip(9, speaker="LJ")], NONE, heard)


def test_from_scratch_nothing_was_heard(tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("start: {weights: none, rate: 0.1, share: 0.5}\n")
    assert start_heard(params) is NOTHING
    assert not NOTHING.holds(clip(1, speaker="LJ"))


def test_the_list_that_is_packaged_names_what_the_card_of_the_packaged_detector_does(tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("start: {weights: packaged, rate: 0.1, share: 0.5}\n")
    heard = start_heard(params)
    card = Detector("packaged").facts.card
    assert len(heard.clips) == sum(card["clips"].values())
    assert all(heard.holds(clip(9, source=source)) for source in card["sources"])


@pytest.mark.parametrize(("weights", "both"), [("none", False), ("packaged", True)])
def test_what_a_release_has_heard_is_also_what_it_started_from(tmp_path, weights, both):
    from bonafide.protocol.release import _heard

    params = tmp_path / "params.yaml"
    params.write_text(f"start: {{weights: {weights}, rate: 0.1, share: 0.5}}\n")
    write_table(_heard(params, [clip(1, speaker="ann")]), tmp_path / "own.heard.parquet")
    heard = read_heard(tmp_path / "own.heard.parquet")
    assert heard.holds(clip(9, speaker="Ann"))
    source = Detector("packaged").facts.card["sources"][0]
    assert heard.holds(clip(9, source=source)) is both
