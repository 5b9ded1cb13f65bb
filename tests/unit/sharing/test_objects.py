"""A damaged object in a remote is found, and replaced by whoever has it whole, or removed."""

import json
from types import SimpleNamespace

import pytest

from bonafide.sharing import objects
from bonafide.sharing.store import md5

pytest.importorskip("dvc")


@pytest.fixture
def remote(tmp_path):
    from dvc.data_cloud import Remote
    from dvc.fs import localfs

    return Remote("storage", str(tmp_path / "remote"), localfs)


@pytest.fixture
def repo(tmp_path):
    """What is asked of a repository: its cache."""
    from dvc.fs import localfs
    from dvc_data.hashfile.db import get_odb

    return SimpleNamespace(cache=SimpleNamespace(local=get_odb(localfs, str(tmp_path / "cache"), hash_name="md5")))


def keep(folder, content, suffix=""):
    """Put `content` under its MD5 below `folder`, as DVC does, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "new").write_text(content)
    digest = md5(folder / "new")
    (folder / digest[:2]).mkdir(exist_ok=True)
    return (folder / "new").rename(folder / digest[:2] / f"{digest[2:]}{suffix}")


def name(path):
    return path.parent.name + path.name


def test_what_the_cache_has_is_put_back_and_the_rest_goes_with_the_listings_that_name_it(tmp_path, remote, repo):
    there, cache = tmp_path / "remote" / "files" / "md5", tmp_path / "cache"
    first, second, third = (keep(there, text) for text in ("first", "second", "third"))
    whole = keep(there, json.dumps([{"relpath": "a", "md5": name(third)}]), ".dir")
    half = keep(
        there,
        json.dumps([{"relpath": path, "md5": name(file)} for path, file in (("a", second), ("b", third))]),
        ".dir",
    )
    assert objects.damaged(remote) == []
    keep(cache, "first")
    for path in (first, second):
        path.write_text("other")
    assert objects.damaged(remote) == sorted((name(first), name(second)))
    assert objects.mend(repo, remote, objects.damaged(remote)) == [name(second)]
    assert first.read_text() == "first" and third.exists() and whole.exists()
    assert not second.exists() and not half.exists()
    assert objects.damaged(remote) == []


def test_a_damaged_listing_is_an_object_as_others_are(tmp_path, remote, repo):
    there = tmp_path / "remote" / "files" / "md5"
    listing = keep(there, "[]", ".dir")
    listing.write_text("[")
    assert objects.damaged(remote) == [name(listing)]
    assert objects.mend(repo, remote, [name(listing)]) == [name(listing)]
    assert not listing.exists()


def test_a_damaged_object_of_the_cache_replaces_nothing(tmp_path, remote, repo):
    path = keep(tmp_path / "remote" / "files" / "md5", "first")
    keep(tmp_path / "cache", "first").write_text("other")
    path.write_text("another")
    assert objects.mend(repo, remote, objects.damaged(remote)) == [name(path)]
    assert not path.exists()
