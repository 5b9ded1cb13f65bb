"""Files as they are found in the world: every good one is used, every broken one is listed with its reason."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

ROOT = Path(__file__).parents[2]
LYING = "lies_about_extension.wav"
REASONS = {
    "clipped.wav": r"\d+% of the samples are clipped",
    "dc_offset.wav": "a constant offset of .* drowns the signal",
    "empty.wav": "the file is empty",
    "nan.wav": "samples are NaN or infinite",
    "silence.wav": "the recording is silent",
    "text.wav": "not audio: the content is of no known format",
    "too_short.wav": "too short",
    "truncated.mp3": "cut short",
    "truncated_data.wav": "cut short",
    "truncated_header.wav": "cut short",
    "zero_frames.wav": "no audio frames",
}


@pytest.fixture(scope="module")
def catalog(formats_dir, tmp_path_factory):
    """The stages catalog and prepare over all of the files."""
    home = tmp_path_factory.mktemp("formats")
    for path in formats_dir.rglob("*.*"):
        if path.suffix not in (".csv", ".md"):
            label = "ai" if path.name.startswith(("ai_", LYING)) else "human"
            target = home / "raw" / label / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            if path.name == LYING:  # the content of another file; with a tag of its own it is no duplicate
                target.write_bytes(path.read_bytes() + b"TAG" + bytes(125))
    params = yaml.safe_load((ROOT / "params.yaml").read_text()) | {"corpus": {"root": str(home / "raw")}}
    (home / "params.yaml").write_text(yaml.safe_dump(params))
    for command in (
        ["catalog.py", "params.yaml", "catalog.parquet", "rejects.csv"],
        ["prepare.py", "params.yaml", "catalog.parquet", "clips"],
    ):
        ran = subprocess.run(
            [sys.executable, ROOT / "stages" / command[0], *command[1:]], cwd=home, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        assert "Traceback" not in ran.stderr
    return home


@pytest.fixture(scope="module")
def rejects(catalog):
    rows = pd.read_csv(catalog / "rejects.csv")
    return {Path(row.path).name: row for row in rows.itertuples()}


def test_every_good_file_is_used(catalog, formats_dir):
    rows = pq.read_table(catalog / "catalog.parquet").to_pandas()
    rows.index = rows["path"].map(lambda path: Path(path).name)
    known = pd.read_csv(formats_dir / "formats.csv", index_col="path")
    assert set(rows.index) == {*known.index, LYING}
    for name, said in known.iterrows():
        row = rows.loc[name]
        assert (row["label"], row["native_rate"], row["native_format"]) == (
            said["label"],
            said["sample_rate"],
            said["format"],
        )
        assert row["seconds"] == pytest.approx(said["seconds"], abs=0.06)


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_every_broken_file_is_listed_with_its_reason(rejects, name, reason):
    assert rejects[name].used == "no"
    assert pd.Series([rejects[name].reason]).str.contains(reason).all(), rejects[name].reason


def test_nothing_else_is_listed(rejects):
    assert rejects.keys() == REASONS.keys() | {LYING}
    assert rejects[LYING].used == "yes"
    assert rejects[LYING].reason == "the file holds MP3, though its name ends in '.wav'; it is read as MP3"


def test_what_the_catalog_takes_can_be_prepared(catalog):
    prepared = pq.read_table(catalog / "clips").to_pandas()
    assert set(prepared["clip"]) == set(pq.read_table(catalog / "catalog.parquet")["clip"].to_pylist())
