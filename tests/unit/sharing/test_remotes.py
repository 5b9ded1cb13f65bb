"""What of a remote goes into the config that git has, and what stays one's own."""

import pytest

from bonafide.errors import UserError
from bonafide.sharing import remotes
from bonafide.sharing.remotes import planned
from bonafide.sharing.store import repository


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    monkeypatch.setattr(remotes, "find_spec", lambda name: object())


def test_endpoint_and_url_are_everybodys_and_profile_and_keys_are_ones_own(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "one")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "two")
    given = {"endpoint": "http://127.0.0.1:1", "profile": "team", "keyfile": ""}
    remote = planned("s3://bucket/path/", "storage", given, keep_keys=True)
    assert remote.shared == {"url": "s3://bucket/path", "endpointurl": "http://127.0.0.1:1", "verify": True}
    assert remote.own == {"profile": "team", "access_key_id": "one", "secret_access_key": "two"}
    assert planned("s3://bucket", "storage", given).own == {"profile": "team"}


def test_a_key_file_is_ones_own_and_no_other_key_is_tried(tmp_path):
    (tmp_path / "key").write_text("")
    remote = planned("ssh://host/x", "storage", {"keyfile": str(tmp_path / "key"), "user": "ann"})
    assert remote.shared == {"url": "ssh://host/x", "verify": True}
    assert remote.own == {"user": "ann", "keyfile": str(tmp_path / "key"), "allow_agent": False}


@pytest.mark.parametrize(
    ("url", "given", "keep_keys", "said"),
    [
        ("ftp://host/x", {}, False, "of no kind that is known: s3, ssh"),
        ("ssh://ann:word@host/x", {}, False, "has a password in it"),
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


@pytest.mark.parametrize(
    ("url", "extra"), [("s3://a", "s3"), ("ssh://a/b", "ssh"), ("gs://a", "gs"), ("azure://a", "azure")]
)
def test_what_speaks_to_a_server_is_named_where_it_is_missing(monkeypatch, url, extra):
    monkeypatch.setattr(remotes, "find_spec", lambda name: None if name == f"dvc_{extra}" else object())
    with pytest.raises(UserError, match=rf"{extra}:// needs dvc-{extra}: .*\[{extra}\]"):
        planned(url, "storage", {})


@pytest.mark.parametrize(
    ("url", "given", "variables", "own"),
    [
        ("gs://voices/team", {"keyfile": "account.json"}, {}, {"credentialpath": "{folder}/account.json"}),
        ("gs://voices/team", {"endpoint": "http://127.0.0.1:1"}, {}, {}),
        ("azure://voices/team", {}, {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=team"},
         {"connection_string": "AccountName=team"}),
    ],
)  # fmt: skip
def test_google_and_azure_are_written_as_dvc_reads_them_and_no_credential_into_what_git_has(
    tmp_path, monkeypatch, url, given, variables, own
):
    repos = pytest.importorskip("dvc.repo")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "account.json").write_text("{}")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    repo = repos.Repo.init(no_scm=True)
    remote = planned(url, "storage", given, keep_keys=bool(variables))
    remotes.save(repo, remote)
    shared, local = (tmp_path / ".dvc" / "config", tmp_path / ".dvc" / "config.local")
    own = {option: value.format(folder=tmp_path) for option, value in own.items()}
    assert url in shared.read_text() and not any(value in shared.read_text() for value in own.values())
    assert all(value in local.read_text() for value in own.values())
    fresh = repos.Repo().config
    assert fresh["core"]["remote"] == "storage"
    endpoint = {"endpointurl": given["endpoint"]} if "endpoint" in given else {}
    assert fresh["remote"]["storage"].items() >= {"url": url, "verify": True, **endpoint, **own}.items()


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
