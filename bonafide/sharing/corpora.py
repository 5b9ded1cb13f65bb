"""Puts a corpus folder under DVC, from any clone: one that has all of it, and one that has none but what is new."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from bonafide.errors import UserError
from bonafide.sharing.commits import recordings
from bonafide.sharing.store import md5, said
from bonafide.text import counted


class Change(NamedTuple):
    """What `track` did to a corpus: files that are new, others than before or gone, all there are, how many away."""

    added: int
    changed: int
    removed: int
    total: int
    away: int


def track(repo: Any, folder: Path) -> Change:  # noqa: ANN401 - DVC is not typed
    """Let DVC keep `folder` as it is now, git its `.dvc` file and a line of .gitignore.

    Where not all of it is on this machine, what is new or others than before is added and the rest stays.

    Raises
    ------
    UserError
        When it is no folder in the project, git has recordings of it, or DVC cannot take it.
    """
    from dvc.exceptions import DvcException

    root = Path(repo.root_dir)
    if not folder.is_dir() or not any(folder.iterdir()):
        raise UserError(f"{folder} is no folder with recordings in it")
    if not folder.resolve().is_relative_to(root) or folder.resolve() == root:
        raise UserError(f"{folder} does not lie in the project: move it there, or see docs/team.md for one that stays")
    if there := recordings("--", str(folder)):
        raise UserError(f"git has {there[0]}: `git rm -r --cached {folder}` takes it out of git and leaves it there")
    file = _file_of(folder)
    if file.exists() and repo.stage.load_one(str(file)).is_import:
        raise UserError(f"{file} says where {folder} comes from: `dvc update {file}` takes what has changed there")
    try:
        before = listing(repo, folder)
        away = {path for path in before if not (folder / path).is_file()}
        sparse = any(not repo.cache.local.exists(before[path]) for path in away)
        if sparse:
            _add_new(repo, folder, before)
        else:
            repo.add(str(folder))
        after = listing(repo, folder)
    except DvcException as error:
        raise UserError(f"DVC cannot take {folder}: {said(error)}") from None
    changed = sum(before[path] != after[path] for path in before.keys() & after.keys())
    gone = len(before.keys() - after.keys())
    return Change(len(after.keys() - before.keys()), changed, gone, len(after), len(away) if sparse else 0)


def listing(repo: Any, folder: Path) -> dict[str, str]:  # noqa: ANN401 - DVC is not typed
    """Return the files that DVC has of `folder`, by path below it, with their MD5; none where it is not tracked.

    Raises
    ------
    UserError
        When its list is neither in the cache nor in the remote.
    """
    file = _file_of(folder)
    if not file.exists():
        return {}
    out = repo.stage.load_one(str(file)).outs[0]
    tree = out.get_dir_cache()
    if tree is None:
        raise UserError(f"what {file} lists is not on this machine and not in the remote: whoever added it has to push")
    return {"/".join(key): info.value for key, _, info in tree}


def _file_of(folder: Path) -> Path:
    return Path(f"{os.path.normpath(folder)}.dvc")


def _add_new(repo: Any, folder: Path, before: dict[str, str]) -> None:  # noqa: ANN401 - DVC is not typed
    from dvc.fs import localfs

    here = [Path(path) for path in repo.dvcignore.find(localfs, str(folder.resolve()))]
    known = {folder.resolve() / path: value for path, value in before.items()}
    new = [path for path in here if path not in known or md5(path) != known[path]]
    gone = [path for path, value in known.items() if not path.exists() and repo.cache.local.exists(value)]
    if gone and len(gone) < sum(not path.exists() for path in known):
        raise UserError(
            f"{counted(len(gone), 'file')} of {folder} were removed, {gone[0].relative_to(folder.resolve())} first, and"
            f" others were never on this machine: `dvc pull {folder}.dvc` first, then remove"
        )
    if new:
        repo.add([str(path) for path in new])
