"""What DVC cannot read or see of a corpus: lines of .dvcignore that fit exactly, and a table that changes with it."""

import os
import socket

import pytest

from bonafide.corpus.tree import entries
from bonafide.corpus.watch import keep_block, pattern_of, patterns, table, unwatched
from bonafide.errors import UserError


def put(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"a recording")


def odd(name):
    return os.fsdecode(name.encode("latin-1"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a corpus of two sound files, and in it all that DVC cannot read."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "data" / "raw"
    put(root, "human/a.wav", "human/[b] c*.wav", "ai/caf\u00e9.wav")
    os.mkfifo(root / "human" / "pipe.wav")
    os.mkfifo(root / "human" / "[b] d?.wav")
    (root / "ai" / "gone.wav").symlink_to("nowhere")
    (root / "ai" / "loop.wav").symlink_to("loop.wav")
    put(root, odd("ai/caf\u00e9.wav"), odd("ai/d\u00e9jeuner/e.wav"))
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
    (tmp_path / "socket").rename(root / "human" / "socket")
    return root.relative_to(tmp_path)


def test_dvc_is_told_to_pass_over_what_it_cannot_read_and_nothing_else(project):
    pathspec = pytest.importorskip("pathspec")
    lines = patterns(project, unwatched(project))
    spec = pathspec.GitIgnoreSpec.from_lines(lines)
    passed = {entry.path for entry in entries(project) if spec.match_file(str(project / entry.path))}
    assert passed == {
        "human/pipe.wav", "human/[b] d?.wav", "human/socket", "ai/gone.wav", "ai/loop.wav", "ai/caf\u00e9.wav",
        odd("ai/caf\u00e9.wav"), odd("ai/d\u00e9jeuner"),
    }  # fmt: skip
    # A wildcard hides one that can be read, which is told to DVC in the table, as its bytes are not.
    row = next(line for line in table(project, unwatched(project)).splitlines() if line.startswith("ai/caf\u00e9.wav"))
    assert row.split(",")[1:4] == ["named like a file that DVC passes over", "1", "11"]


def test_the_block_is_kept_and_goes_and_the_rest_stays(tmp_path):
    ignore = tmp_path / ".dvcignore"
    ignore.write_bytes(b"# mine, \xe9\n.venv/")
    keep_block(ignore, [])
    assert ignore.read_bytes() == b"# mine, \xe9\n.venv/"
    keep_block(ignore, ["/a", "/b"])
    with ignore.open("ab") as file:
        file.write(b"later/\n")
    keep_block(ignore, ["/c"])
    assert [line for line in ignore.read_bytes().splitlines() if not line.startswith(b"#")] == [
        b".venv/", b"/c", b"later/",
    ]  # fmt: skip
    before = ignore.stat().st_ino
    keep_block(ignore, ["/c"])
    assert ignore.stat().st_ino == before  # nothing was written
    keep_block(ignore, [])
    assert ignore.read_bytes() == b"# mine, \xe9\n.venv/\nlater/\n"


def test_a_name_that_a_line_cannot_hold_is_matched_by_wildcards():
    assert pattern_of("a\nb\\c ") == "a?b\\\\c\\ "


def test_an_ordinary_corpus_says_nothing(tmp_path):
    put(tmp_path, "human/a.wav", "ai/b.wav", ".hidden/c.wav")
    (tmp_path / "ai" / "link.wav").symlink_to(tmp_path / "human" / "a.wav")  # DVC reads what it leads to
    assert table(tmp_path, unwatched(tmp_path)) == "path,what,files,bytes,digest\n"
    assert patterns(tmp_path, unwatched(tmp_path)) == []


def test_a_change_behind_a_linked_folder_changes_the_table(tmp_path):
    root, far = tmp_path / "corpus", tmp_path / "far"
    put(root, "human/a.wav")
    put(far, "b.wav", "deep/c.wav")
    os.mkfifo(far / "pipe")  # DVC never looks here
    (root / "ai").symlink_to(far)
    (far / "again").symlink_to(root)

    def state():
        return table(root, unwatched(root))

    first = state()
    assert first.splitlines()[1].startswith("ai,linked folder,2,22,")
    assert state() == first
    assert patterns(root, unwatched(root)) == []
    os.utime(far / "deep" / "c.wav", (1, 1))
    second = state()
    (far / "pipe").unlink()
    assert len({first, second, state()}) == 3


def test_outside_the_project_where_no_dvcignore_helps_the_run_stops(project, monkeypatch):
    (project.parent.parent / "elsewhere").mkdir()
    monkeypatch.chdir(project.parent.parent / "elsewhere")
    with pytest.raises(UserError, match=r"DVC cannot read \.\./data/raw/.* and outside the project"):
        patterns(".." / project, unwatched(".." / project))
