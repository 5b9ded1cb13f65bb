"""DVC's own view of the project: its repository, its remote, its commands; what they raise becomes a sentence."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from bonafide.errors import UserError


@contextmanager
def repository() -> Iterator[Any]:
    """Open the project's `dvc.repo.Repo`.

    Raises
    ------
    UserError
        When the folder is none of DVC's.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    try:
        repo = Repo()
    except NotDvcRepoError:
        raise UserError("here is no project of DVC's: run in the project's top folder") from None
    if Path(repo.root_dir) != Path.cwd():
        raise UserError(f"run in the project's top folder, {repo.root_dir}")
    with repo:
        yield repo


def remote_of(repo: Any, name: str = "") -> Any:  # noqa: ANN401 - DVC is not typed
    """Return DVC's remote `name`, or the default one: its `fs` and its `path` there.

    Raises
    ------
    UserError
        When there is none.
    """
    from dvc.config import ConfigError, NoRemoteError

    try:
        return repo.cloud.get_remote(name or None)
    except (ConfigError, NoRemoteError):
        text = f"there is no remote '{name}'" if name else "there is no default remote"
        raise UserError(f"{text}: `bonafide remote set URL` names one") from None


def missing_files(repo: Any, name: str = "") -> list[str]:  # noqa: ANN401 - DVC is not typed
    """Return the files of this state, tracked by DVC, that the cache has and the remote `name` does not.

    What is in neither, as the demo corpus where a team has one of its own, could not be pushed from here.

    Raises
    ------
    UserError
        When the remote cannot be asked.
    """
    try:
        status = repo.data_status(granular=True, not_in_remote=True, remote=name or None, remote_refresh=True)
    except Exception as error:  # each kind of server has a library with errors of its own
        raise UserError(f"the remote cannot be asked: {said(error)}") from None
    return sorted(set(status["not_in_remote"]) - set(status["not_in_cache"]))


def not_pulled(repo: Any, name: str) -> tuple[list[str], list[str]]:  # noqa: ANN401 - DVC is not typed
    """Return what the pipeline in use needs or makes and DVC's cache does not have after a pull from the remote `name`.

    Returns
    -------
    not_pushed, damaged : list of str
        What the remote does not have, and what it has: DVC takes nothing that is damaged there, where it verifies.
    """
    outs = {out.fs_path for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml" for out in stage.outs}
    used = {Path(path) for path in outs | {dep.fs_path for stage in repo.index.stages for dep in stage.deps}}
    missing = [path for path in repo.data_status(granular=True).get("not_in_cache", []) if used & _folders(path)]
    if not missing:
        return [], []
    status = repo.data_status(granular=True, not_in_remote=True, remote=name, remote_refresh=True)
    not_pushed = set(missing).intersection(status.get("not_in_remote", []))
    return sorted(not_pushed), sorted(set(missing) - not_pushed)


def _folders(path: str) -> set[Path]:
    """Return a path and the folders that it is in."""
    place = Path(path).absolute()
    return {place, *place.parents}


def md5(path: Path) -> str:
    """Return the MD5 of a file's content, by which DVC names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


def put(remote: Any, source: Path, place: str) -> None:  # noqa: ANN401 - DVC is not typed
    """Put a file to `place`, a path in `remote`, under another name first: no half of it is ever read.

    Raises
    ------
    UserError
        When the remote cannot be written.
    """
    target = remote.fs.join(remote.path, *place.split("/"))
    temporary = f"{target}.{uuid4().hex}"
    try:
        remote.fs.makedirs(remote.fs.parent(target), exist_ok=True)
        remote.fs.put_file(str(source), temporary)
        remote.fs.move(temporary, target)
    except Exception as error:  # each kind of server has a library with errors of its own
        raise UserError(f"the remote {remote.name} cannot be written: {said(error)}") from None


def said(error: BaseException) -> str:
    r"""Return the first line of what `error` and what it came from say, for a sentence.

    >>> said(ValueError("no such bucket\nrequest 4711"))
    'no such bucket'
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def dvc(command: Sequence[str], goes_on: str) -> None:
    """Run `dvc` with `command`, its output on the terminal.

    Raises
    ------
    UserError
        When it does not end well; DVC has said why, `goes_on` says what comes next.
    """
    if subprocess.run([sys.executable, "-m", "dvc", *command], check=False).returncode:
        raise UserError(f"`dvc {' '.join(command)}` did not end well; {goes_on}")
