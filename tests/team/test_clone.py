"""What a clone of the whole pipeline costs: nothing for what is there, one part of each stage for one clip more."""

import re

import pytest

from .conftest import add_clip, of

KNOWN = re.compile(r"^(\w[\w ]*) \((\d+) of (\d+) parts were known\)", re.MULTILINE)


@pytest.mark.slow
@of("s3")
def test_metrics_come_without_a_stage_and_byte_for_byte_and_one_clip_more_makes_one_part(
    reproduced, person, server, tmp_path
):
    ann = reproduced.copy(tmp_path / "ann", **server.environment)
    ann.run("bonafide", "corpus", "track", "data/raw")
    ann.run("bonafide", "remote", "set", server.url, *server.options)
    ann.repro()
    ann.commit("a remote")
    ann.run("bonafide", "remote", "push")

    ben = person("ben", ann.root, server)
    ben.run("bonafide", "remote", "pull")
    assert ben.repro() == []
    metrics = ben.root / "metrics" / "metrics.json"
    expected = (ann.root / "metrics" / "metrics.json").read_bytes()
    assert metrics.read_bytes() == expected and ben.git("status", "--porcelain").stdout == ""
    metrics.unlink()  # git has it; evaluate makes the same of what was pulled
    assert ben.repro("evaluate") == ["evaluate"] and metrics.read_bytes() == expected

    add_clip(ben.root / "data" / "raw", "new")
    ben.run("bonafide", "corpus", "track", "data/raw")
    done = ben.dvc("repro", "audit", "features")
    known = {what: (int(known), int(parts)) for what, known, parts in KNOWN.findall(done.stdout + done.stderr)}
    assert len(known) >= 4 and all(parts - known <= 1 for known, parts in known.values()), known
