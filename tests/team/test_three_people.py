"""Two people and a third, with real git and DVC: each step is one of docs/team.md."""

import json

import pytest

from .conftest import add_clip, of, size_of

BLUNT = {"centres": 4, "width": 0.1, "strength": 0.001, "copy_weight": 0.4, "experts": [[1]], "components": 9}
SIDE = "ours"  # of dvc.lock and the metrics in a merge: either will do, as `dvc repro` settles them


@pytest.mark.slow
@of("folder", "s3")
def test_three_people_share_data_runs_and_parts(reproduced, person, server, tmp_path):
    # Ann has run the pipeline. She puts her corpus under DVC, names a remote and pushes.
    ann = reproduced.copy(tmp_path / "ann", **server.environment)
    ann.run("bonafide", "corpus", "track", "data/raw")
    ann.run("bonafide", "remote", "set", server.url, *server.options)
    assert ann.repro() == []
    ann.commit("a remote")
    ann.run("bonafide", "remote", "push")
    whole = size_of(server.folder)

    # Ben clones and pulls: nothing is left to run. On a branch he changes a setting and pushes what that changed.
    ben = person("ben", ann.root, server)
    ben.run("bonafide", "remote", "pull")
    assert ben.repro() == []
    assert metrics(ben) == metrics(ann)
    ben.git("switch", "--quiet", "-c", "blunter")
    ben.set("train", statistics=BLUNT)
    assert "train" in ben.repro()
    ben.commit("a blunter kernel")
    assert json.loads(ben.dvc("metrics", "diff", "main", "--json").stdout)["metrics/metrics.json"]
    ben.dvc("plots", "diff", "main", "--out", tmp_path / "plots")
    assert (tmp_path / "plots" / "index.html").exists()
    ben.run("bonafide", "remote", "push")
    made = sum((ben.root / out).stat().st_size for out in ben.outs() if (ben.root / out).is_file())
    assert size_of(server.folder) - whole < made + 300_000 < whole  # models, scores and the page, no clip and no part

    # Ann has added a clip meanwhile, and pushed.
    add_clip(ann.root / "data" / "raw", "new")
    ann.run("bonafide", "corpus", "track", "data/raw")
    assert {"catalog", "prepare", "train", "evaluate"} <= set(ann.repro())
    ann.commit("a clip more")
    ann.run("bonafide", "remote", "push")

    # Cleo merges both: dvc.lock and metrics conflict.
    cleo = person("cleo", ann.root, server)
    cleo.git("fetch", "--quiet", ben.root, "blunter:blunter")
    cleo.git("merge", "blunter", code=1)
    conflicts = cleo.git("diff", "--name-only", "--diff-filter=U").stdout.split()
    assert "dvc.lock" in conflicts
    assert all(path == "dvc.lock" or path.startswith(("metrics/", "report/")) for path in conflicts)
    cleo.git("checkout", f"--{SIDE}", "--", *conflicts)
    cleo.run("bonafide", "remote", "pull")
    ran = cleo.repro()
    assert "train" in ran and not {"catalog", "prepare", "augment", "features"} & set(ran)
    cleo.commit("both")
    assert cleo.repro() == [] and cleo.git("status", "--porcelain").stdout == ""
    cleo.run("bonafide", "remote", "push")

    # One clip more costs one part of each kind, on a machine that has computed none of them.
    add_clip(cleo.root / "data" / "raw", "newer")
    cleo.run("bonafide", "corpus", "track", "data/raw")
    for stage, parts in (("prepare", 3), ("features", 6)):
        done = cleo.dvc("repro", "--single-item", *(["catalog", "split"] if stage == "prepare" else ["augment"]))
        done = cleo.dvc("repro", "--single-item", stage)
        assert f"{parts - 1} of {parts} parts were known" in done.stdout + done.stderr

    # What branches need stays where the rest is thrown away, in the cache and in the remote.
    cleo.git("stash", "--quiet")
    cleo.dvc("gc", "--force", "--all-branches", "--cloud")
    for branch in ("blunter", "main"):
        cleo.git("switch", "--quiet", branch)
        cleo.dvc("checkout", "--force")  # the newest clip is in no commit
        assert cleo.repro() == []
        assert json.loads(cleo.dvc("status", "--cloud", "--json").stdout) == {}


def metrics(who):
    return (who.root / "metrics" / "metrics.json").read_bytes()
