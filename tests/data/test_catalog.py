"""Every file becomes a row or a reason: duplicates, contradictions, what is missing, what is left of a class."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus.catalog import examine, examine_all, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import CATALOG, as_table, part_of
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section

RATE = 16000
AUDIO = read_section(Path(__file__).parents[2] / "params.yaml", "audio", AudioSettings)


@pytest.fixture
def root(tmp_path):
    """Four clips that a voice could have made as far as the catalog looks, two of each class."""
    rng = np.random.default_rng(1)
    for number, name in enumerate(("human/a", "human/b", "ai/c", "ai/d")):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, 0.1 * rng.standard_normal((1 + number) * RATE), RATE)
    return tmp_path


def catalog(root):
    clips, rejects = settle([examine(root, known, AUDIO) for known in read_folder(root)])
    return {row["path"]: row for row in clips}, {row["path"]: row for row in rejects}


def test_what_can_be_used_becomes_a_row(root):
    (root / "clips.csv").write_text("path,native_rate,native_format\nai/c.wav,22050,MP3\n")
    clips, rejects = catalog(root)
    assert sorted(clips) == ["ai/c.wav", "ai/d.wav", "human/a.wav", "human/b.wav"]
    assert rejects == {}
    row = clips["ai/d.wav"]
    assert row["clip"] == f"{row['sha256'][:12]}-d"
    assert (row["seconds"], row["native_rate"], row["native_format"]) == (4, RATE, "WAV/PCM_16")
    assert row["level_dbfs"] == pytest.approx(-20, abs=0.1)
    assert (clips["ai/c.wav"]["native_rate"], clips["ai/c.wav"]["native_format"]) == (22050, "MP3")
    table = as_table(list(clips.values()), CATALOG)
    assert table.num_rows == 4


def test_rows_are_in_the_order_of_their_ids_whatever_the_order_they_were_found_in(root):
    found = [examine(root, known, AUDIO) for known in read_folder(root)]
    clips, _ = settle(found)
    assert [row["clip"] for row in clips] == sorted(row["clip"] for row in clips)
    assert settle(found[::-1]) == settle(found)


def test_what_a_reader_found_to_be_of_no_use_is_listed_in_one_order(root):
    faults = [{"path": "protocol.txt", "reason": f"line {number}: 1 fields"} for number in (2, 1)]
    looked_at = [examine(root, row, AUDIO) for row in [*read_folder(root), *faults]]
    clips, rejects = settle(looked_at)
    assert len(clips) == 4
    assert rejects == [
        {"path": "protocol.txt", "used": "no", "reason": f"line {number}: 1 fields"} for number in (1, 2)
    ]
    assert settle(looked_at[::-1]) == (clips, rejects)


def test_worker_processes_find_the_same(root, monkeypatch):
    monkeypatch.setenv("BONAFIDE_WORKERS", "2")
    monkeypatch.setattr("bonafide.corpus.catalog.FILES_PER_TASK", 1)
    known = read_folder(root)
    assert settle(examine_all(root, known, AUDIO)) == settle([examine(root, one, AUDIO) for one in known])


def test_the_same_content_twice_is_used_once(root):
    shutil.copy(root / "human/a.wav", root / "human/z.wav")
    clips, rejects = catalog(root)
    assert "human/a.wav" in clips
    assert "human/z.wav" not in clips
    assert rejects["human/z.wav"] == {"path": "human/z.wav", "used": "no", "reason": "the same content as human/a.wav"}


def test_the_same_content_under_both_labels_is_not_used_at_all(root):
    shutil.copy(root / "human/a.wav", root / "human/y.wav")
    shutil.copy(root / "human/a.wav", root / "ai/z.wav")
    clips, rejects = catalog(root)
    assert sorted(clips) == ["ai/c.wav", "ai/d.wav", "human/b.wav"]
    assert sorted(rejects) == ["ai/z.wav", "human/a.wav", "human/y.wav"]
    assert all("labelled both human and ai" in row["reason"] for row in rejects.values())


def test_a_class_that_is_left_empty_is_refused_with_the_first_reason(root):
    for name in ("a", "b"):
        soundfile.write(root / f"human/{name}.wav", np.zeros(RATE), RATE)
    with pytest.raises(UserError, match=r"labelled 'human' \(2 files were rejected, the first: human/a.wav: .*silent"):
        catalog(root)
    shutil.rmtree(root / "ai")
    with pytest.raises(UserError, match="labelled 'human'"):
        catalog(root)


def test_what_cannot_be_read_gets_a_reason_and_stops_nothing(root):
    (root / "clips.csv").write_text("path,label\nhuman/gone.wav,human\nhuman/folder.wav,human\n")
    (root / "human/folder.wav").mkdir()
    (root / "human/notes.txt").write_text("who spoke when")
    (root / "human/loop.wav").symlink_to("loop.wav")
    strange = (str(root).encode() + b"/human/caf\xe9.wav").decode(errors="surrogateescape")
    shutil.copy(root / "human/a.wav", strange)
    clips, rejects = catalog(root)
    assert len(clips) == 4
    reasons = {path: row["reason"] for path, row in rejects.items()}
    assert reasons.pop("human/gone.wav") == "clips.csv names the file, but it is not there"
    assert reasons.pop("human/folder.wav") == "it is a folder, not a file"
    assert reasons.pop("human/notes.txt") == "not audio: the content is of no known format"
    assert reasons.pop("human/caf\\xe9.wav") == "the file's name is not in UTF-8: rename it"
    assert reasons == {}
    "".join(path for path in rejects).encode()  # and can be written


def test_a_name_that_lies_is_remarked_on_and_the_file_used(root):
    (root / "human/a.wav").rename(root / "human/a.mp3")
    soundfile.write(root / "ai/e.oga", soundfile.read(root / "ai/d.wav")[0][::2], RATE, format="OGG")
    clips, rejects = catalog(root)
    assert {"human/a.mp3", "ai/e.oga"} <= clips.keys()
    assert {path: row["used"] for path, row in rejects.items()} == {"human/a.mp3": "yes"}
    assert "holds WAV, though its name ends in '.mp3'" in rejects["human/a.mp3"]["reason"]


def test_a_clips_part_depends_on_nothing_but_its_id():
    assert [part_of(clip, 16) for clip in ("a", "b", "0123456789ab-clip")] == [3, 9, 6]
    spread = np.bincount([part_of(f"{number:012x}-clip", 16) for number in range(3200)], minlength=16)
    assert spread.min() > 130
    assert spread.max() < 270
