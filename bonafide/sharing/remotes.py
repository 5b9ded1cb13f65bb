"""Sets up a remote: what all must know goes into DVC's config, which git has, what is one's own into its local one."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from bonafide.errors import UserError, how_to_install
from bonafide.sharing.commits import WITH_PASSWORD
from bonafide.sharing.store import said

PLUGINS = {"s3": "s3", "ssh": "ssh", "gs": "gs", "azure": "azure", "http": "http", "https": "http"}  # module dvc_NAME
BUCKETS = ("s3", "gs", "azure")
READ_ONLY = ("http", "https")
OPTIONS = {  # of DVC, by what the command calls them
    "endpoint": {"s3": "endpointurl", "gs": "endpointurl"},
    "region": {"s3": "region"},
    "profile": {"s3": "profile"},
    "user": {"ssh": "user"},
    "keyfile": {"ssh": "keyfile", "gs": "credentialpath"},
}
SHARED = ("endpoint", "region")  # true for everybody; the others are one's own
KEPT = {  # variables of the environment that --keep-keys puts into the local config
    "s3": {"access_key_id": "AWS_ACCESS_KEY_ID", "secret_access_key": "AWS_SECRET_ACCESS_KEY"},
    "azure": {"connection_string": "AZURE_STORAGE_CONNECTION_STRING"},
}


@dataclass(frozen=True)
class Remote:
    """A remote as DVC's two config files have it.

    Attributes
    ----------
    name, kind : str
        The kind is the URL's scheme, "local" for a folder.
    shared : mapping
        Options of `.dvc/config`, which git has; the URL is among them, and that DVC compares the MD5 of what it pulls.
    own : mapping
        Options of `.dvc/config.local`, which git never sees.
    """

    name: str
    kind: str
    shared: Mapping[str, Any]
    own: Mapping[str, Any] = field(default_factory=dict)


def planned(url: str, name: str, given: Mapping[str, str], *, keep_keys: bool = False) -> Remote:
    """Return the remote at `url`; `given` has values for keys of `OPTIONS`, empty where none is.

    Raises
    ------
    UserError
        When the URL is of no kind that is known, has a password in it, what speaks to such a server is not installed,
        or an option means nothing there.
    """
    scheme, there, _ = url.partition("://")
    kind = scheme if there else "local"
    if there and kind not in PLUGINS:
        raise UserError(f"{url} is no folder and of no kind that is known: {', '.join(PLUGINS)}")
    if WITH_PASSWORD.match(url):
        raise UserError("the URL has a password in it, which git would get: leave it out, and use a key (--keyfile)")
    if there and find_spec(f"dvc_{PLUGINS[kind]}") is None:
        raise UserError(f"{kind}:// needs dvc-{PLUGINS[kind]}: {how_to_install(PLUGINS[kind])}")
    if unused := [option for option, value in given.items() if value and kind not in OPTIONS[option]]:
        raise UserError(f"--{unused[0]} means nothing for {url}")
    options = {option: OPTIONS[option][kind] for option, value in given.items() if value}
    shared = {options[option]: given[option] for option in options if option in SHARED}
    own: dict[str, Any] = {options[option]: given[option] for option in options if option not in SHARED}
    if given.get("keyfile"):
        own[options["keyfile"]] = str(_key_file(given["keyfile"]))
    if kind == "ssh" and given.get("keyfile"):
        own["allow_agent"] = False  # the key that was named, and no other
    own |= _kept_keys(kind) if keep_keys else {}
    place = str(Path(url).expanduser().absolute()) if kind == "local" else url.rstrip("/")
    return Remote(name, kind, {"url": place, **shared, "verify": True}, own)


def reach(remote: Remote) -> str:
    """Look whether `remote` answers, make the folder or bucket that it is to be in, and return what was made.

    A file of a few bytes is written there and taken away again, so that a key that may only read is met now.

    Raises
    ------
    UserError
        When it does not answer, or may not be written.
    """
    from dvc.fs import get_cloud_fs

    config = {"remote": {remote.name: {**remote.shared, **remote.own}}}
    url = remote.shared["url"]
    try:
        kind, settings, path = get_cloud_fs(config, name=remote.name)
        fs = kind(**settings)
        if remote.kind in READ_ONLY:
            fs.fs.ls(path, detail=False)
            return ""
        made = _make(remote, fs, path)
        probe = fs.join(path, f"probe-{uuid4().hex}")
        fs.pipe_file(probe, b"bonafide remote set")
        fs.remove(probe)
    except Exception as error:  # each kind of server has a library with errors of its own
        raise UserError(f"{url} cannot be used: {said(error)}") from None
    return made


def save(repo: Any, remote: Remote) -> None:  # noqa: ANN401 - DVC is not typed
    """Write `remote` into the two config files of `repo` and make it the default; an older one of its name goes."""
    with repo.config.edit("local") as local:
        local["remote"].pop(remote.name, None)
    with repo.config.edit("repo") as config:
        config["remote"][remote.name] = dict(remote.shared)
        config["core"]["remote"] = remote.name
    if remote.own:
        with repo.config.edit("local") as local:
            local["remote"][remote.name] = dict(remote.own)
        Path(repo.config.files["local"]).chmod(0o600)


def _make(remote: Remote, fs: Any, path: str) -> str:  # noqa: ANN401 - DVC is not typed
    if remote.kind not in BUCKETS:
        there = fs.exists(path)
        fs.makedirs(path, exist_ok=True)
        return "" if there else f"folder {path}"
    bucket = re.split(r"/+", path.lstrip("/"))[0]
    if fs.fs.exists(bucket):
        return ""
    fs.fs.mkdir(bucket)
    return f"bucket {bucket}"


def _key_file(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise UserError(f"{path} is no key file")
    return path


def _kept_keys(kind: str) -> dict[str, str]:
    variables = KEPT.get(kind)
    if variables is None:
        raise UserError(f"--keep-keys means nothing for {kind}: only {' and '.join(KEPT)} have keys in the environment")
    if missing := [name for name in variables.values() if not os.environ.get(name)]:
        raise UserError(f"--keep-keys keeps what {' and '.join(missing)} in the environment say, which is nothing")
    return {option: os.environ[name] for option, name in variables.items()}
