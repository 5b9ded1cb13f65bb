"""Several corpora become one whose table says all that theirs did."""

import os

import pytest

from bonafide.commands.join import join as command
from bonafide.corpus.readers.folder import read_folder
from bonafide.errors import UserError
from bonafide.gathering.joining import join, plan_join


@pytest.fixture
def corpora(tmp_path):
    """Two corpora: one of folders alone, one with a table that also names a file that is not there."""
    for name in ("ours/human/desk/a.wav", "ours/ai/tts/b.wav", "theirs/human/a.wav", "theirs/mixed/c.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "theirs" / "clips.csv").write_text(
        "path,label,speaker,generator,source,language,gender,license,native_rate,pair,family\n"
        'human/a.wav,human,"Ann, the first",,radio,pt-br,f,CC0-1.0,44100,1,\n'
        "mixed/c.wav,ai,,vits,radio,en,,,,1,tts\n"
        "ai/gone.wav,ai,,vits,radio,en,,,,,\n"
    )
    return [tmp_path / "ours", tmp_path / "theirs"]


def test_a_joined_corpus_reads_as_its_parts_did(corpora, tmp_path):
    out = tmp_path / "joined"
    plan = plan_join(corpora, out)
    assert list(join(plan, out)) == [path for path, _ in plan]
    apart = {f"{root.name}/{row['path']}": row for root in corpora for row in read_folder(root)}
    joined = {row["path"]: row for row in read_folder(out)}
    pairs = {path: f"theirs/{row['pair']}" if row["pair"] else "" for path, row in apart.items()}
    assert joined == {path: {**row, "path": path, "pair": pairs[path]} for path, row in apart.items()}
    assert joined["theirs/human/a.wav"]["pair"] == joined["theirs/mixed/c.wav"]["pair"] == "theirs/1"
    assert joined["theirs/mixed/c.wav"]["family"] == "tts"
    assert joined["ours/human/desk/a.wav"]["source"] == "desk"
    assert joined["theirs/human/a.wav"]["native_rate"] == 44100
    for path in joined.keys() - {"theirs/ai/gone.wav"}:
        assert (out / path).read_bytes() == path.encode()


def test_a_join_that_was_stopped_leaves_nothing_and_is_begun_anew(corpora, tmp_path):
    out = tmp_path / "joined"
    plan = plan_join(corpora, out)
    copying = join(plan, out)
    next(copying)
    copying.close()
    assert not out.exists()
    (tmp_path / "ours" / "ai" / "tts" / "b.wav").unlink()
    list(join(plan_join(corpora, out), out))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["joined", "ours", "theirs"]
    assert not (out / "ours" / "ai").exists()


def test_a_folder_that_is_there_is_left_alone(corpora, tmp_path):
    with pytest.raises(UserError, match="theirs is there already"):
        plan_join(corpora, tmp_path / "theirs")


def test_two_folders_of_one_name_are_refused(corpora, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "ours").rename(tmp_path / "old" / "theirs")
    with pytest.raises(UserError, match="two folders have the name 'theirs'"):
        plan_join([tmp_path / "theirs", tmp_path / "old" / "theirs"], tmp_path / "joined")


def test_a_folder_that_is_no_corpus_is_named(corpora, tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        plan_join([*corpora, tmp_path / "nowhere"], tmp_path / "joined")


def test_a_place_in_one_of_the_folders_is_refused(corpora, tmp_path):
    with pytest.raises(UserError, match="would then hold its own copy"):
        plan_join(corpora, tmp_path / "ours" / "human" / "joined")


def test_a_link_to_nowhere_is_no_free_place(corpora, tmp_path):
    (tmp_path / "joined").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match="joined is there already"):
        plan_join(corpora, tmp_path / "joined")


def test_a_corpus_that_is_called_as_a_label_is_refused(corpora, tmp_path):
    (tmp_path / "ours").rename(tmp_path / "human")
    with pytest.raises(UserError, match="name of a label"):
        plan_join([tmp_path / "human"], tmp_path / "joined")


@pytest.mark.parametrize("name", [b"caf\xe9.wav", b"b.wav "])
def test_a_name_that_no_table_can_hold_is_refused_before_anything_is_copied(corpora, tmp_path, name):
    (tmp_path / "ours" / "ai" / "tts" / os.fsdecode(name)).write_bytes(b"")
    with pytest.raises(UserError, match="rename the file"):
        plan_join(corpora, tmp_path / "joined")


def test_a_column_that_means_nothing_is_said(corpora, tmp_path, capsys):
    (tmp_path / "ours" / "clips.csv").write_text("path,mood\nhuman/desk/a.wav,calm\n")
    command(corpora, out=tmp_path / "joined")
    said = capsys.readouterr().out
    assert "ours: columns of clips.csv that mean nothing here: mood" in said
    assert "5 clips of 2 corpora" in said
