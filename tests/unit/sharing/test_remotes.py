"""What of a remote goes into the config that git has, and what stays one's own."""

import pytest

from bonafide.errors import UserError
from bonafide.sharing import parts, remotes
from bonafide.sharing.remotes import planned
from bonafide.sharing.store import repository


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    monkeypatch.setattr(remotes, "find_spec", lambda name: None if name == "dvc_gs" else object())


def test_endpoint_and_url_are_everybodys_and_profile_and_keys_are_ones_own(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "one")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "two")
    given = {"endpoint": "http://127.0.0.1:1", "profile": "team", "keyfile": ""}
    remote = planned("s3://bucket/path/", "storage", given, keep_keys=True)
    assert remote.shared == {"url": "s3://bucket/path", "endpointurl": "http://127.0.0.1:1"}
    assert remote.own == {"profile": "team", "access_key_id": "one", "secret_access_key": "two"}
    assert planned("s3://bucket", "storage", given).own == {"profile": "team"}


def test_a_key_file_is_ones_own_and_no_other_key_is_tried(tmp_path):
    (tmp_path / "key").write_text("")
    remote = planned("ssh://host/x", "storage", {"keyfile": str(tmp_path / "key"), "user": "ann"})
    assert remote.shared == {"url": "ssh://host/x"}
    assert remote.own == {"user": "ann", "keyfile": str(tmp_path / "key"), "allow_agent": False}


@pytest.mark.parametrize(
    ("url", "given", "keep_keys", "said"),
    [
        ("ftp://host/x", {}, False, "of no kind that is known: s3, ssh"),
        ("ssh://ann:word@host/x", {}, False, "has a password in it"),
        ("gs://bucket", {}, False, r"gs:// needs dvc-gs: .*\[gs\]"),
        ("s3://bucket", {"user": "ann"}, False, "--user means nothing for s3://bucket"),
        ("ssh://host/x", {"keyfile": "nowhere"}, False, "nowhere is no key file"),
        ("ssh://host/x", {}, True, "--keep-keys means nothing for ssh"),
        ("s3://bucket", {}, True, "AWS_SECRET_ACCESS_KEY in the environment"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(monkeypatch, url, given, keep_keys, said):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match=said):
        planned(url, "storage", given, keep_keys=keep_keys)


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path):
    pytest.importorskip("dvc")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file/below cannot be used"):
        remotes.reach(planned(str(tmp_path / "file" / "below"), "storage", {}))
    assert "folder" in remotes.reach(planned(str(tmp_path / "new"), "storage", {}))
    assert not list((tmp_path / "new").iterdir())  # what was tried is gone again


def test_without_a_project_of_dvcs_it_says_so(tmp_path, monkeypatch):
    pytest.importorskip("dvc")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no project of DVC's"), repository():
        pass


class Folder:
    """A remote of DVC's in a local folder."""

    def __init__(self, path):
        from dvc.fs import localfs

        self.fs, self.path, self.name = localfs, str(path), "storage"


class Cached:
    """A cache of DVC's that holds the files of a folder, named by their MD5."""

    def __init__(self, path):
        self.path = path
        self.cache = self.local = self

    def exists(self, name):
        return (self.path / name).exists()

    def oid_to_path(self, name):
        return str(self.path / name)


def test_parts_of_outs_come_from_the_cache_and_others_from_the_remote_and_damaged_ones_from_nowhere(tmp_path):
    pytest.importorskip("dvc")
    from bonafide.sharing.store import md5

    store, cache, clone = (tmp_path / name for name in ("store", "cache", "clone"))
    for folder in (store, cache, clone):
        folder.mkdir()
    keys = {name: name * 64 for name in "abc"}
    for name, key in keys.items():
        (store / f"{key}.parquet").write_text(f"part {name}")
    for name in "ab":  # what no out holds is c
        part = store / f"{keys[name]}.parquet"
        (cache / md5(part)).write_bytes(part.read_bytes())
    (store / f".1.{'d' * 64}.parquet").write_text("half")
    remote = Folder(tmp_path / "remote")
    assert parts.push(Cached(cache), remote, store) == 3
    assert parts.push(Cached(cache), remote, store) == 0 and parts.unshared(remote, store) == 0
    assert sorted(path.name for path in (tmp_path / "remote").rglob("*.parquet")) == [f"{keys['c']}.parquet"]

    (cache / md5(store / f"{keys['a']}.parquet")).write_text("damaged")
    with (tmp_path / "remote" / "parts.csv").open("a") as file:
        file.write("e,e,e\n" + "e" * 64 + ",../../x,1,yes\n")
    assert parts.pull(Cached(cache), remote, clone) == (2, 1)
    assert {path.name: path.read_text() for path in clone.iterdir()} == {
        f"{keys['b']}.parquet": "part b", f"{keys['c']}.parquet": "part c",
    }  # fmt: skip
    assert parts.pull(Cached(tmp_path / "nothing"), remote, tmp_path / "other") == (0, 0)
