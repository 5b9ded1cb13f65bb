"""Whether the objects that a remote keeps are what their names say, as neither the server nor DVC looks.

DVC pushes no object whose name is there, so that a damaged one stays until it is replaced or removed.
"""

import json
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bonafide.errors import UserError
from bonafide.pipeline.dvc_objects import DIGITS, md5
from bonafide.progress import track
from bonafide.sharing.store import put, said


def damaged(remote: Any) -> list[str]:  # noqa: ANN401 - DVC is not typed
    """Return the names of the objects in `remote` whose content has another MD5; each is read for it.

    Raises
    ------
    UserError
        When the remote cannot be read.
    """
    try:
        names = sorted(remote.odb.all())
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
            whole = pool.map(lambda name: _digest(remote, name, Path(folder)) == name[:DIGITS], names)
            followed = track(whole, total=len(names), what="checking the remote")
            return [name for name, good in zip(names, followed, strict=True) if not good]
    except Exception as error:  # each kind of server has a library with errors of its own
        raise UserError(f"the remote {remote.name} cannot be read: {said(error)}") from None


def mend(repo: Any, remote: Any, names: Collection[str]) -> list[str]:  # noqa: ANN401 - DVC is not typed
    """Put what DVC's cache here has whole in the place of the objects `names`, and return those that it has not.

    These are removed from the remote, and with them the listings of folders that name them: where a listing is there,
    DVC takes all that it names for pushed. So who has them whole pushes them again.

    Raises
    ------
    UserError
        When the remote cannot be read or written.
    """
    here = {name: Path(repo.cache.local.oid_to_path(name)) for name in names}
    whole = [name for name, path in here.items() if md5(path) == name[:DIGITS]]
    for name in whole:
        put(remote, here[name], f"files/md5/{name[:2]}/{name[2:]}")
    gone = sorted(set(names) - set(whole))
    try:
        for name in {*_listings_with(remote, gone), *gone} if gone else ():
            remote.fs.remove(remote.odb.oid_to_path(name))
    except Exception as error:  # as above
        raise UserError(f"the remote {remote.name} cannot be written: {said(error)}") from None
    return gone


def _digest(remote: Any, name: str, folder: Path) -> str:  # noqa: ANN401 - DVC is not typed
    file = folder / name
    remote.fs.get_file(remote.odb.oid_to_path(name), str(file))
    try:
        return md5(file)
    finally:
        file.unlink()


def _listings_with(remote: Any, names: Collection[str]) -> list[str]:  # noqa: ANN401 - DVC is not typed
    """Return the names of the listings in `remote` that name one of `names`, which are no listings of use."""
    listings = [name for name in remote.odb.all() if name.endswith(".dir") and name not in names]
    return [
        name
        for name in listings
        if {entry["md5"] for entry in json.loads(remote.fs.cat_file(remote.odb.oid_to_path(name)))} & set(names)
    ]
