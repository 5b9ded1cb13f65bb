"""Two people and a third, with real git and DVC: each step is one of docs/team.md."""

import json
from typing import NamedTuple

import pytest

from .conftest import add_clip, of, size_of


class Play(NamedTuple):
    """How much of the pipeline a team runs in a test: up to which stage, and the setting that one of them changes."""

    corpus: str
    stages: tuple[str, ...]  # for `dvc repro`, all without
    section: str
    change: dict
    again: set  # stages that the merge has to run
    not_again: set


BLUNT = {"centres": 4, "width": 0.1, "strength": 0.001, "copy_weight": 0.4, "experts": [[1]], "components": 9}
CLIPS = Play("my-corpus", ("prepare",), "audio", {"level_dbfs": -30}, {"prepare"}, {"train"})
WHOLE = Play(
    "data/raw", (), "train", {"statistics": BLUNT}, {"train"}, {"catalog", "split", "prepare", "augment", "features"}
)


@pytest.mark.slow
@of("folder", "s3")
def test_three_people_share_clips(first, person, server, tmp_path):
    act(CLIPS, first.copy(tmp_path / "ann", **server.environment), person, server)


@pytest.mark.slow
@of("folder", "s3")
def test_three_people_share_runs_of_the_whole_pipeline(reproduced, person, server, tmp_path):
    ann = reproduced.copy(tmp_path / "ann", **server.environment)
    ann.run("bonafide", "corpus", "track", "data/raw")
    cleo = act(WHOLE, ann, person, server)
    cleo.git("switch", "--quiet", "blunter")
    assert json.loads(cleo.dvc("metrics", "diff", "main", "--json").stdout)["metrics/metrics.json"]
    cleo.dvc("plots", "diff", "main", "--out", tmp_path / "plots")
    assert (tmp_path / "plots" / "index.html").exists()


# long: a play in one piece, as each act stands on those before
def act(play, ann, person, server):
    # Ann has run the pipeline and put her corpus under DVC. She names a remote and pushes.
    ann.run("bonafide", "remote", "set", server.url, *server.options)
    assert ann.repro(*play.stages) == []
    ann.commit("a remote")
    ann.run("bonafide", "remote", "push")
    whole = size_of(server.folder)

    # Ben clones and pulls: nothing is left to run. On a branch he changes a setting and pushes what that changed.
    ben = person("ben", ann.root, server)
    ben.run("bonafide", "remote", "pull")
    assert ben.repro(*play.stages) == []
    assert ben.outs() == ann.outs() and ben.git("diff", "--stat").stdout == ""
    ben.git("switch", "--quiet", "-c", "blunter")
    ben.set(play.section, **play.change)
    before = ben.outs()
    assert play.again <= set(ben.repro(*play.stages))
    ben.commit("another setting")
    ben.run("bonafide", "remote", "push")
    new = [ben.root / out for out, md5 in ben.outs().items() if before.get(out) != md5]
    made = sum(size_of(out) if out.is_dir() else out.stat().st_size for out in new)
    assert size_of(server.folder) - whole < made + 300_000  # what changed, and what runs and parts are called

    # Ann has added a clip meanwhile, and pushed.
    add_clip(ann.root / play.corpus, "new")
    ann.run("bonafide", "corpus", "track", play.corpus)
    assert {"catalog", "prepare"} <= set(ann.repro(*play.stages))
    ann.commit("a clip more")
    ann.run("bonafide", "remote", "push")

    # Cleo merges both: dvc.lock and figures conflict. She takes one side and lets DVC settle it.
    cleo = person("cleo", ann.root, server)
    cleo.git("fetch", "--quiet", ben.root, "blunter:blunter")
    cleo.git("merge", "blunter", code=1)
    conflicts = cleo.git("diff", "--name-only", "--diff-filter=U").stdout.split()
    assert "dvc.lock" in conflicts
    assert all(path == "dvc.lock" or path.startswith(("metrics/", "report/")) for path in conflicts)
    cleo.git("checkout", "--ours", "--", *conflicts)
    cleo.run("bonafide", "remote", "pull")
    ran = set(cleo.repro(*play.stages))
    assert play.again <= ran and not play.not_again & ran
    cleo.commit("both")
    assert cleo.repro(*play.stages) == [] and cleo.git("status", "--porcelain").stdout == ""
    cleo.run("bonafide", "remote", "push")

    # What branches need stays where the rest is thrown away, in the cache and in the remote.
    cleo.dvc("gc", "--force", "--all-branches", "--cloud")
    for branch in ("blunter", "main"):
        cleo.git("switch", "--quiet", branch)
        cleo.run("bonafide", "remote", "pull")
        assert cleo.repro(*play.stages) == []
        assert "0 files of this state not pushed" in cleo.run("bonafide", "remote", "status").stdout
    return cleo
