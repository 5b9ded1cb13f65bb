"""Training and testing on female or male voices alone."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bonafide.corpus.alike import alike
from bonafide.corpus.companions import CompanionSettings
from bonafide.corpus.genders import left_out_text, of_gender
from bonafide.corpus.rows import LABELS
from bonafide.corpus.sides import divided
from bonafide.corpus.splits import SplitSettings
from bonafide.corpus.table import CATALOG, as_table
from bonafide.errors import UserError
from bonafide.pipeline.tables import write_table

ROOT = Path(__file__).parents[3]
GENDERS = ("female", "male", "")


def settings(gender):
    return SplitSettings(group="source", dev=0.2, test=0.2, on_overlap="drop", seed=1, gender=gender)


@pytest.fixture
def rows():
    """Of each of 10 sources and 10 engines 3 clips of a woman, of a man, and of a voice that nobody has labelled."""
    numbers = list(product(LABELS, range(10), GENDERS, "abc"))
    return [
        {
            **{field.name: 0 if pa.types.is_integer(field.type) else None for field in CATALOG},
            **{field.name: "" for field in CATALOG if field.type == pa.string()},
            "clip": f"{label}-{source}-{gender}-{n}",
            "path": f"{label}/{source}/{gender}-{n}.wav",
            "label": label,
            "speaker": f"{label}-{source}-{gender}",
            "source": f"{label}-{source}",
            "generator": f"g{source}" if label == "ai" else "",
            "family": "tts" if label == "ai" else "",
            "gender": gender,
            "official": ("train", "dev", "test")[source % 3],
        }
        for label, source, gender, n in numbers
    ]


@pytest.mark.parametrize("gender", ["female", "male"])
def test_no_side_has_another_voice_and_no_clip_is_lost(rows, gender):
    done = divided(rows, settings(gender), CompanionSettings(()))
    assert sorted(row["clip"] for row in done) == sorted(row["clip"] for row in rows)
    for side in ("train", "dev", "test"):
        inside = [row for row in done if row["split"] == side]
        assert {row["gender"] for row in inside} == {gender}
        assert {row["label"] for row in inside} == set(LABELS)
    assert {row["split"] for row in done if row["gender"] != gender} == {"dropped"}


def test_any_voice_is_divided_as_without_the_setting(rows):
    assert of_gender(rows, "any") == (rows, [])
    done = divided(rows, settings("any"), CompanionSettings(()))
    assert "dropped" not in {row["split"] for row in done}


def test_voices_without_a_label_are_left_out_and_counted(rows):
    text = left_out_text(rows, "male")
    assert "120 clips are left out, 60 of them as nobody has said whose voice it is" in text
    kinds = alike(as_table(rows, CATALOG), CompanionSettings(()), settings("male"))
    assert left_out_text(kinds, "male") == text
    assert left_out_text(rows, "any") == ""


def test_a_class_without_such_a_voice_is_an_error_of_one_sentence(rows):
    none = [row for row in rows if (row["label"], row["gender"]) != ("ai", "female")]
    with pytest.raises(UserError, match=r"split.gender is female, and no ai clip is labelled so"):
        divided(none, settings("female"), CompanionSettings(()))


def test_the_stage_drops_them_and_says_so(rows, tmp_path):
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["split"] |= {"gender": "female", "official": True}  # sides that are given need no search
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    write_table(as_table(rows, CATALOG), tmp_path / "catalog.parquet")
    command = [sys.executable, ROOT / "stages" / "split.py"]
    files = [tmp_path / name for name in ("params.yaml", "catalog.parquet", "split.parquet")]
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "120 clips are left out" in done.stdout
    table = pq.read_table(tmp_path / "split.parquet").to_pandas()
    assert set(table.loc[table["split"] != "dropped", "gender"]) == {"female"}
    assert len(table) == len(rows)
