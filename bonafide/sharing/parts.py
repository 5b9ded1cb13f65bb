"""Parts that one has made and another need not: the part store, shared through DVC's remote.

Nearly every part is a file of a stage's out, which `dvc push` and `dvc pull` carry anyway. So the remote gets lists
of which part has which content, and beside them only what no out holds: parts without a row and what the audit
measures of clips. A clone fills its store from DVC's cache by the lists. A part's fingerprint stands for all that
it was made from, code and libraries too, so that another's part is taken where it would come out the same alone.
"""

import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from bonafide.files import write_whole
from bonafide.pipeline.checked_parts import damaged
from bonafide.sharing import lists
from bonafide.sharing.lists import Content
from bonafide.sharing.store import md5, put

FOLDER = "parts"  # in the remote
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def push(repo: Any, remote: Any, store: Path) -> int:  # noqa: ANN401 - DVC is not typed
    """Let `remote` know the parts in `store`, and return how many of them are new there."""
    shared = lists.contents(remote)
    unknown = {key: path for key, path in _parts(store).items() if key not in shared}
    broken = set(damaged(unknown.values()))  # made anew here when it is needed next, and then shared
    new = {key: path for key, path in unknown.items() if path not in broken}
    if not new:
        return 0
    contents = {key: _content(path, repo.cache.local) for key, path in new.items()}
    for key, content in contents.items():
        if not content.in_outs:
            put(remote, new[key], f"{FOLDER}/{_name(key)}")
    lists.add(remote, contents)
    return len(new)


def pull(repo: Any, remote: Any, store: Path) -> tuple[int, int]:  # noqa: ANN401 - DVC is not typed
    """Fill `store` with parts that `remote` knows and DVC's cache, or else the remote, holds.

    What is in no out is fetched only where a part that is in one was known: a clone without data has no use for it.

    Returns
    -------
    taken, damaged : int
        Parts that are new in the store, and such as were left out, whose content is not what `remote` says.
    """
    there = _parts(store)
    rows = {key: content for key, content in lists.contents(remote).items() if key not in there}
    cached = {key: row for key, row in rows.items() if row.in_outs and repo.cache.local.exists(row.md5)}
    damaged = 0
    for key, row in cached.items():
        damaged += not _take(partial(shutil.copyfile, repo.cache.local.oid_to_path(row.md5)), row, store / _name(key))
    apart = {key: row for key, row in rows.items() if not row.in_outs} if cached else {}
    for key, row in apart.items():
        source = remote.fs.join(remote.path, FOLDER, _name(key))
        damaged += not _take(partial(remote.fs.get_file, source), row, store / _name(key))
    return len(cached) + len(apart) - damaged, damaged


def unshared(remote: Any, store: Path) -> int:  # noqa: ANN401 - DVC is not typed
    """Return how many parts in `store` are not known in `remote`."""
    return len(_parts(store).keys() - lists.contents(remote).keys())


def _parts(store: Path) -> dict[str, Path]:
    """Return the parts in `store` by fingerprint; one that is being written has another name."""
    return {path.stem: path for path in store.glob("*.parquet") if FINGERPRINT.fullmatch(path.stem)}


def _name(key: str) -> str:
    return f"{key}.parquet"


def _content(path: Path, cache: Any) -> Content:  # noqa: ANN401 - DVC is not typed
    value = md5(path)
    return Content(value, path.stat().st_size, cache.exists(value))


def _take(fetch: Any, content: Content, target: Path) -> bool:  # noqa: ANN401 - a function of a path
    """Let `fetch` write a part to `target`; where its bytes are not `content`, or none come, there is none."""

    def write(temporary: Path) -> None:
        fetch(str(temporary))
        if md5(temporary) != content.md5:
            raise ValueError("another content")

    try:
        write_whole(target, write)
    except Exception:  # gone from the remote, damaged, no connection: it is made anew where it is needed
        return False
    return True
