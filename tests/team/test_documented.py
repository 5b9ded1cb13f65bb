"""The commands of docs/team.md, as they stand there, typed by people with empty homes."""

import csv
import io
import re
import shutil

import pytest

from ..docs.blocks import ROOT, blocks_of
from ..pipeline.conftest import RAN, Project
from .conftest import add_clip, of

pytestmark = pytest.mark.slow
CNN = {"model": "cnn", "cnn": {"architecture": "small", "epochs": 2, "batch_size": 8}}
MAKE = """make() { test "$*" = .venv/.demo && mkdir .venv .venv/bin && : > .venv/bin/activate; }
"""  # the real one installs for minutes what is installed here


def block_with(words):
    """Return the block of the page that has `words` in it."""
    (block,) = [block for block in blocks_of(ROOT / "docs" / "team.md") if words in block.text]
    return block


def typed(project, text, **others):
    """Let bash run `text`, with what a reader has to put in the place of words of it."""
    for words, own in others.items():
        assert words in text
        text = text.replace(words, str(own))
    return project.run("bash", "-euc", text).stdout


@pytest.fixture
def origin(fresh, tmp_path):
    """A project that was never run, on a git server, and the recordings of who begins, beside it."""
    project = fresh("documented")
    (project.root / "data" / "raw").rename(tmp_path / "recordings")
    project.set("corpus", root="data/demo")
    project.set("train", **CNN)
    project.commit("a small network")
    project.git("clone", "--quiet", "--bare", project.root, tmp_path / "origin")
    return tmp_path / "origin"


@of("s3")
def test_ten_commands_lead_from_nothing_to_a_colleagues_first_metrics_diff(origin, person, server, tmp_path):
    block = block_with("# Ben\n")
    assert len(block.lines) <= 10
    anns, bens = block.text.split("# Ben\n")
    ann = person("ann", origin, server)
    ann.environment["AWS_ENDPOINT_URL"] = server.options[-1]
    (tmp_path / "recordings").rename(ann.root / "my-corpus")
    typed(ann, anns)

    home = tmp_path / "ben"
    home.mkdir()
    ben = Project(home, home / "dvc", **ann.environment | {"HOME": str(home), "PYTHONPATH": str(home / "bonafide")})
    pulled = "dvc repro > pulled.txt && cp metrics/metrics.json pulled.json"
    bens = re.sub("^(bonafide remote pull) .*$", rf"\1\n{pulled}", bens, flags=re.MULTILINE)
    said = typed(ben, MAKE + bens, URL=origin)
    assert set(RAN.findall((home / "bonafide" / "pulled.txt").read_text())) <= {"watch"}
    assert (home / "bonafide" / "pulled.json").read_bytes() == (ann.root / "metrics" / "metrics.json").read_bytes()
    assert {"train", "evaluate"} <= set(RAN.findall(said)) and not {"prepare", "features"} & set(RAN.findall(said))
    assert re.search(r"metrics/metrics\.json +cllr ", said.partition("Path")[2])


@of("folder", "s3")
def test_a_corpus_elsewhere_is_imported_shared_and_updated(origin, person, server, tmp_path, request):
    ann = person("ann", origin, server)
    if server.daemon:  # a bucket is a folder of its server's
        ann.environment["AWS_ENDPOINT_URL"] = server.options[-1]
        source = server.folder.parents[1] / "corpora" / "voices"
        own = block_with("remote://")
    else:
        source = tmp_path / "elsewhere"
        own = block_with("dvc import-url /mnt/corpus")
    shutil.copytree(tmp_path / "recordings", source)
    ann.run("bonafide", "remote", "set", server.url, *server.options)
    typed(ann, own.text.replace("/mnt/corpus", str(source)))
    assert ann.repro("prepare") == ["catalog", "prepare"]
    ann.commit("its clips")
    ann.run("bonafide", "remote", "push")

    ben = person("ben", ann.root, server)
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == ann.outs()

    said = ann.run("bonafide", "corpus", "track", "my-corpus", code=1).stderr
    assert "dvc update my-corpus.dvc" in said and said.count("\n") == 1
    new = add_clip(source, "new")
    typed(ann, block_with("dvc update").text)
    assert (ann.root / "my-corpus" / new.relative_to(source)).read_bytes() == new.read_bytes()
    said = ann.dvc("repro", "prepare")
    assert "2 of 3 parts were known" in said.stdout + said.stderr


def test_a_corpus_can_stay_where_it_is(origin, person, tmp_path):
    from .servers import Server

    ann = person("ann", origin, Server(""))
    ann.set("corpus", root=str(tmp_path / "recordings"))
    assert ann.repro("prepare") == ["catalog", "prepare"] and ann.repro("prepare") == []
    add_clip(tmp_path / "recordings", "new")
    said = ann.dvc("repro", "prepare")
    assert "2 of 3 parts were known" in said.stdout + said.stderr


def test_an_experiment_shows_metrics_and_settings_by_readable_names(reproduced, tmp_path):
    ann = reproduced.copy(tmp_path / "ann")
    block = block_with("dvc exp show")
    typed(
        ann, block.text, **{"train.cnn.dropout=0.5": "train.statistics.centres=4", "dvc exp show": "dvc exp show --csv"}
    )
    rows = list(csv.DictReader(io.StringIO(ann.dvc("exp", "show", "--csv", "--drop", ".*/").stdout)))
    metrics = ("accuracy", "auc", "cllr", "eer", "f1", "fnr", "fpr", "min_dcf", "precision", "recall")
    assert {*metrics, "train.model", "train.statistics.centres", "features.n_fft"} <= rows[0].keys()
    assert not [name for name in rows[0] if "/" in name or ":" in name]
    tried = next(row for row in rows if row["Experiment"] == "more-dropout")
    _, head, *_ = rows  # the first is the workspace, which `dvc exp run` has left as tried
    assert tried["train.statistics.centres"] == "4" != head["train.statistics.centres"]
    assert all(float(tried[name]) >= 0 for name in metrics) and tried["cllr"] != head["cllr"]
