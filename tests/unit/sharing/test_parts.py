"""A part that one has made is another's, from DVC's cache or the remote, and never a damaged one."""

import pytest

from bonafide.files import sha256
from bonafide.sharing import lists, parts
from bonafide.sharing.store import md5

pytest.importorskip("dvc")
KEYS = {name: name * 64 for name in "abcd"}


class Remote:
    """A remote of DVC's in a folder."""

    def __init__(self, path):
        from dvc.fs import localfs

        self.fs, self.path, self.name = localfs, str(path), "storage"


class Repo:
    """A repository whose cache holds the files of a folder, named by their MD5."""

    def __init__(self, path):
        self.path = path
        self.cache = self.local = self

    def exists(self, name):
        return (self.path / name).exists()

    def oid_to_path(self, name):
        return str(self.path / name)


def keep(store, key, text):
    """Put a part with its checksum into `store`."""
    path = store / f"{key}.parquet"
    path.write_text(text)
    path.with_suffix(".sha256").write_text(f"{sha256(path)}  {path.name}\n")
    return path


@pytest.fixture
def store(tmp_path):
    """Parts a and b, which DVC's cache has, and c, which no out holds; the half of another."""
    for folder in ("store", "cache", "clone"):
        (tmp_path / folder).mkdir()
    for name in "abc":
        part = keep(tmp_path / "store", KEYS[name], f"part {name}")
        if name != "c":
            (tmp_path / "cache" / md5(part)).write_bytes(part.read_bytes())
    (tmp_path / "store" / f".1.{KEYS['d']}.parquet").write_text("half")
    return tmp_path / "store"


def test_parts_of_outs_come_from_the_cache_and_others_from_the_remote_and_damaged_ones_from_nowhere(tmp_path, store):
    remote, cache, clone = Remote(tmp_path / "remote"), tmp_path / "cache", tmp_path / "clone"
    assert parts.push(Repo(cache), remote, store) == 3
    assert parts.push(Repo(cache), remote, store) == 0 and parts.unshared(remote, store) == 0
    assert [path.name for path in (tmp_path / "remote").rglob("*.parquet")] == [f"{KEYS['c']}.parquet"]

    (cache / md5(store / f"{KEYS['a']}.parquet")).write_text("damaged")
    assert parts.pull(Repo(cache), remote, clone) == (2, 1)
    assert {path.name: path.read_text() for path in clone.iterdir()} == {
        f"{KEYS['b']}.parquet": "part b", f"{KEYS['c']}.parquet": "part c",
    }  # fmt: skip
    assert parts.pull(Repo(tmp_path / "nothing"), remote, tmp_path / "other") == (0, 0)


def test_a_part_that_was_damaged_here_is_not_shared_and_another_has_not_to_trust_it(tmp_path, store):
    (store / f"{KEYS['c']}.parquet").write_text("part C")
    remote = Remote(tmp_path / "remote")
    assert parts.push(Repo(tmp_path / "cache"), remote, store) == 2
    assert lists.contents(remote).keys() == {KEYS["a"], KEYS["b"]}


def test_a_part_that_was_damaged_in_the_remote_is_left_out(tmp_path, store):
    remote = Remote(tmp_path / "remote")
    parts.push(Repo(tmp_path / "cache"), remote, store)
    (tmp_path / "remote" / "parts" / f"{KEYS['c']}.parquet").write_text("part C")
    assert parts.pull(Repo(tmp_path / "cache"), remote, tmp_path / "clone") == (2, 1)
    assert not (tmp_path / "clone" / f"{KEYS['c']}.parquet").exists()
