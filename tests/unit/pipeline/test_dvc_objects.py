"""What is damaged in DVC's cache, and where the right bytes are found again."""

import hashlib
import json

import pytest
import yaml

from bonafide.pipeline import dvc_objects


def put(cache, content, suffix=""):
    digest = hashlib.md5(content).hexdigest()
    path = cache / "files" / "md5" / digest[:2] / (digest[2:] + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return digest + suffix, path


@pytest.fixture
def project(tmp_path):
    """A project with an out that is a file, one that is a folder, and a corpus in a .dvc file; and its cache."""
    cache, contents = tmp_path / "cache", {"model": b"weights", "clips/a": b"one", "clips/b": b"two", "raw/x": b"x"}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    folders = {}
    for folder in ("clips", "raw"):
        names = [name for name in contents if name.startswith(folder)]
        listing = [{"md5": put(cache, contents[n])[0], "relpath": n.partition("/")[2]} for n in names]
        folders[folder] = put(cache, json.dumps(listing).encode(), ".dir")[0]
    outs = [{"path": "model", "md5": put(cache, b"weights")[0]}, {"path": "clips", "md5": folders["clips"]}]
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"s": {"outs": outs}}}))
    (tmp_path / "raw.dvc").write_text(yaml.safe_dump({"outs": [{"path": "raw", "md5": folders["raw"]}]}))
    return tmp_path, cache


def test_whole_objects_are_not_touched(project):
    assert dvc_objects.damaged_objects(project[1]) == []


@pytest.mark.parametrize(("name", "content"), [("model", b"weights"), ("clips/b", b"two"), ("raw/x", b"x")])
def test_a_damaged_object_is_mended_from_the_project_s_own_file(project, name, content):
    root, cache = project
    _, path = put(cache, content)
    path.write_bytes(b"odd")
    assert dvc_objects.damaged_objects(cache) == [path]
    assert dvc_objects.mend([path], root) == []
    assert path.read_bytes() == (root / name).read_bytes() == content


def test_a_damaged_object_goes_with_the_damaged_file_that_was_made_of_it_and_no_other(project):
    root, cache = project
    _, path = put(cache, b"two")
    for damaged in (path, root / "clips" / "b"):
        damaged.write_bytes(b"odd")
    assert dvc_objects.mend([path], root) == [path]
    assert not path.exists() and not (root / "clips" / "b").exists() and (root / "clips" / "a").exists()


def test_a_damaged_listing_of_a_folder_goes_and_the_files_stay(project):
    root, cache = project
    path = next(path for path in cache.rglob("*.dir") if "one" not in path.read_text() and b"a" in path.read_bytes())
    path.write_text("odd")
    assert dvc_objects.damaged_objects(cache) == [path]
    assert dvc_objects.mend([path], root) == [path]
    assert (root / "clips" / "a").exists() and (root / "raw" / "x").exists()


@pytest.mark.parametrize("text", ["", "schema: '2.0'\nstages:\n  a", "- 1\n", "\0"])
def test_a_lock_that_dvc_cannot_read_is_none(tmp_path, text):
    (tmp_path / "dvc.lock").write_text(text)
    assert not dvc_objects.is_lock(tmp_path / "dvc.lock")
