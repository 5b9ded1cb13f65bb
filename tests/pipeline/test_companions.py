"""What a user does whose corpus is small: join it with another, and let that one train beside it."""

import pandas as pd
import pyarrow.parquet as pq
import pytest


@pytest.mark.slow
def test_of_a_joined_corpus_the_users_own_alone_is_tested(project):
    whole = project.root / "data" / "raw"
    rows = pd.read_csv(whole / "clips.csv", keep_default_na=False)
    others = rows["source"].str.startswith("engine-")
    for name, part in (("ours", rows[~others]), ("theirs", rows[others])):
        for path in part["path"]:
            (project.root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (whole / path).rename(project.root / name / path)
        part.to_csv(project.root / name / "clips.csv", index=False)
    said = project.run("bonafide", "join", "ours", "theirs", "--out", "data/joined").stdout
    assert f"data/joined: {len(rows)} clips of 2 corpora" in said

    project.set("corpus", root="data/joined")
    project.set("companions", folders=["theirs"])
    assert project.repro("train")[:2] == ["catalog", "split"]
    sides = pq.read_table(project.root / "data" / "split.parquet").to_pandas().set_index("source")["split"]
    beside = sides[sides.index.str.startswith("engine-")]
    assert set(beside) == {"train"}
    assert {"train", "dev", "test"} <= set(sides.drop(beside.index))

    project.set("companions", folders=["theirs", "ours"])
    refused = project.dvc("repro", "split", code=255).stderr
    assert "companions.folders of params.yaml hold every clip of the corpus" in refused
