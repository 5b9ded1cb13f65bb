"""Faults of a remote, in the order of docs/faults.md: one sentence, nothing half-written, and then the same outs."""

import uuid
from pathlib import Path

import pytest

from bonafide.pipeline.dvc_objects import damaged_objects

from ..pipeline.faulty import check, damage, documented, fault_tests, rows, wait_until
from .conftest import of

pytestmark = pytest.mark.slow
SECTION = "The remote"
CALLS = ("push", "pull", "status")


def test_the_page_has_a_row_for_each_test_in_their_order():
    assert list(rows(SECTION)) == fault_tests(Path(__file__))


@pytest.fixture
def as_documented(request):
    return documented(request.node.originalname, rows(SECTION))


def objects_in(folder):
    """Return the objects that a remote or a cache of DVC's keeps in `folder`, the largest last."""
    return sorted((folder / "files" / "md5").glob("??/*"), key=lambda path: path.stat().st_size)


def broken_off(project, command, folder, server):
    """Let the server die while `command` brings objects to `folder`, and return what is said."""
    project.environment["AWS_MAX_ATTEMPTS"] = "1"  # it waits less for a server that comes back no more
    before = len(objects_in(folder))
    process = project.start("bonafide", "remote", command)
    wait_until(lambda: len(objects_in(folder)) >= before + 3, process)
    server.daemon.kill()
    text = "".join(process.communicate(timeout=300))
    assert process.returncode == 1
    assert damaged_objects(folder) == []
    return text


@of("s3")
def test_fault_server_away_in_the_middle_of_a_push(first, person, server, tmp_path, as_documented):
    ann = first.copy(tmp_path / "ann", **server.environment)
    ann.run("bonafide", "remote", "set", server.url, *server.options)
    ann.commit("a remote")
    as_documented(broken_off(ann, "push", server.folder, server))
    assert len(objects_in(server.folder)) < len(objects_in(ann.root / ".dvc" / "cache"))
    assert not (server.folder / "parts").exists()
    server.daemon.start()
    ann.run("bonafide", "remote", "push")
    ben = person("ben", ann.root, server)
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == first.outs()
    assert check(ben).startswith("whole")


@of("s3")
def test_fault_server_away_in_the_middle_of_a_pull(ben, first, server, as_documented):
    as_documented(broken_off(ben, "pull", ben.root / ".dvc" / "cache", server))
    assert check(ben).startswith("whole")
    server.daemon.start()
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == first.outs()
    assert check(ben).startswith("whole")


@of("s3")
def test_fault_no_server(ben, first, server, as_documented):
    server.daemon.kill()
    ben.environment["AWS_MAX_ATTEMPTS"] = "1"
    as_documented("".join(ben.run("bonafide", "remote", call, code=1).stderr for call in CALLS))
    server.daemon.start()
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == first.outs()


@of("s3")
def test_fault_wrong_credentials(ben, first, server, as_documented):
    ben.environment["AWS_SECRET_ACCESS_KEY"] = uuid.uuid4().hex  # one that stands in no file of the project
    as_documented("".join(ben.run("bonafide", "remote", call, code=1).stderr for call in CALLS))
    ben.environment |= server.environment
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == first.outs()


@of("s3")
def test_fault_damaged_object_in_the_remote(ann, ben, first, server, as_documented):
    damage(objects_in(server.folder)[-1])
    said = ben.run("bonafide", "remote", "pull", code=1).stderr
    assert check(ben).startswith("whole")  # what was damaged has not come
    said += ben.run("bonafide", "remote", "verify", code=1).stdout
    as_documented(said + ann.run("bonafide", "remote", "verify", "--mend").stdout)
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == first.outs()
    assert ben.run("bonafide", "remote", "verify").stdout.startswith("whole")


@of("folder")
def test_fault_damaged_object_of_a_remote_that_dvc_does_not_verify(ann, ben, first, server, as_documented):
    damage(objects_in(server.folder)[-1])
    ben.dvc("remote", "modify", "--local", "storage", "verify", "false")
    ben.run("bonafide", "remote", "pull")  # as a good one, for all DVC knows
    as_documented(check(ben, code=1) + check(ben, "--mend"))
    ann.run("bonafide", "remote", "verify", "--mend")
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == first.outs()
    assert check(ben).startswith("whole")


@of("folder")
def test_fault_damaged_object_in_the_remote_and_in_the_cache_that_it_came_from(ann, ben, server, as_documented):
    kept = objects_in(server.folder)[-1]
    own = ann.root / ".dvc" / "cache" / kept.relative_to(server.folder)
    damage(kept)
    damage(own)
    ben.run("bonafide", "remote", "pull", code=1)
    as_documented(ann.run("bonafide", "remote", "verify", "--mend", code=1).stderr)
    assert not kept.exists()
    check(ann, "--mend")  # from Ann's own files
    ann.run("bonafide", "remote", "push")
    assert kept.exists()
    ben.run("bonafide", "remote", "pull")
    assert ben.repro("prepare") == [] and ben.outs() == ann.outs()
