"""DVC's own view of the project: its repository, its remote, its commands; what they raise becomes a sentence."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

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


def missing_outs(repo: Any) -> list[str]:  # noqa: ANN401 - DVC is not typed
    """Return what the pipeline in use needs or makes and DVC's cache does not have."""
    there = repo.data_status(granular=False)["not_in_cache"]
    used = {out.fs_path for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml" for out in stage.outs}
    used |= {dep.fs_path for stage in repo.index.stages for dep in stage.deps}
    return sorted(path for path in there if str(Path(path).absolute()) in used)


def md5(path: Path) -> str:
    """Return the MD5 of a file's content, by which DVC names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


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
