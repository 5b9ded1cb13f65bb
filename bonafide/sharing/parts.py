"""Parts that one has made and another need not: the part store, shared through DVC's remote.

Nearly every part is a file of a stage's out, which `dvc push` and `dvc pull` carry anyway. So the remote gets a table
of which part has which content, `parts.csv`, and beside it only what no out holds: parts without a row and what the
audit measures of clips. A clone fills its store from DVC's cache by the table. A part's fingerprint stands for all that
it was made from, code and libraries too, so that another's part is taken where it would come out the same alone.
"""

import csv
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from bonafide.errors import UserError
from bonafide.files import write_whole
from bonafide.pipeline.paths import PARTS
from bonafide.sharing.store import md5, said

TABLE, FOLDER = "parts.csv", "parts"  # in the remote
COLUMNS = ("fingerprint", "md5", "bytes", "in_outs")
ROW = (re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}"), re.compile(r"\d+"), re.compile(r"yes|no"))


class Content(NamedTuple):
    """What a part holds.

    Attributes
    ----------
    md5 : str
        As DVC names it in its cache.
    size : int
        Bytes.
    in_outs : bool
        Whether a stage's out holds it, and so DVC's cache; else it lies in the remote's own folder for parts.
    """

    md5: str
    size: int
    in_outs: bool


def store_folder() -> Path:
    """Return where the stages keep parts; see `bonafide.pipeline.parts`."""
    return Path(os.environ.get("BONAFIDE_STORE", PARTS))


def push(repo: Any, remote: Any, store: Path) -> int:  # noqa: ANN401 - DVC is not typed
    """Let the table in `remote` name the parts in `store`, and return how many of them are new there.

    Two that push at once may lose lines of each other; the next push of either brings them back.
    """
    shared = table(remote)
    new = {key: path for key, path in _parts(store).items() if key not in shared}
    if not new:
        return 0
    contents = {key: _content(path, repo.cache.local) for key, path in new.items()}
    for key, content in contents.items():
        if not content.in_outs:
            _put(remote, new[key], f"{FOLDER}/{key}.parquet")
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / TABLE
        whole.write_text(as_csv(table(remote) | contents), encoding="utf-8")  # read again: the uploads took their time
        _put(remote, whole, TABLE)
    return len(new)


def pull(repo: Any, remote: Any, store: Path) -> tuple[int, int]:  # noqa: ANN401 - DVC is not typed
    """Fill `store` with parts that the table in `remote` names and DVC's cache, or else the remote, holds.

    What is in no out is fetched only where a part that is in one was known: a clone without data has no use for it.

    Returns
    -------
    taken, damaged : int
        Parts that are new in the store, and such as were left out because their content is not what the table says.
    """
    there = _parts(store)
    rows = {key: content for key, content in table(remote).items() if key not in there}
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
    """Return how many parts in `store` the table in `remote` does not name."""
    return len(_parts(store).keys() - table(remote).keys())


def table(remote: Any) -> dict[str, Content]:  # noqa: ANN401 - DVC is not typed
    """Return what is known in `remote` of the contents of parts, by fingerprint; lines that are damaged are left out.

    Raises
    ------
    UserError
        When the remote cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / TABLE
        try:
            remote.fs.get_file(remote.fs.join(remote.path, TABLE), str(file))
            text = file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except Exception as error:  # each kind of server has a library with errors of its own
            raise UserError(f"the remote {remote.name} cannot be read: {said(error)}") from None
    rows = [row for row in csv.reader(io.StringIO(text)) if len(row) == len(ROW)]
    good = [row for row in rows if all(cell.fullmatch(value) for cell, value in zip(ROW, row, strict=True))]
    return {key: Content(value, int(size), in_outs == "yes") for key, value, size, in_outs in good}


def as_csv(rows: Mapping[str, Content]) -> str:
    """Return the table's text, the same for the same `rows`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((key, row.md5, row.size, "yes" if row.in_outs else "no") for key, row in sorted(rows.items()))
    return text.getvalue()


def _parts(store: Path) -> dict[str, Path]:
    return {path.stem: path for path in _visible(store.glob("*.parquet")) if ROW[0].fullmatch(path.stem)}


def _visible(paths: Iterable[Path]) -> Iterable[Path]:
    return (path for path in paths if not path.name.startswith("."))  # one that is being written


def _name(key: str) -> str:
    return f"{key}.parquet"


def _content(path: Path, cache: Any) -> Content:  # noqa: ANN401 - DVC is not typed
    value = md5(path)
    return Content(value, path.stat().st_size, cache.exists(value))


def _put(remote: Any, source: Path, place: str) -> None:  # noqa: ANN401 - DVC is not typed
    """Put a file into `remote` under another name first: no half of it is ever read."""
    target = remote.fs.join(remote.path, *place.split("/"))
    temporary = f"{target}.{uuid4().hex}"
    try:
        remote.fs.makedirs(remote.fs.parent(target), exist_ok=True)
        remote.fs.put_file(str(source), temporary)
        remote.fs.move(temporary, target)
    except Exception as error:  # each kind of server has a library with errors of its own
        raise UserError(f"the remote {remote.name} cannot be written: {said(error)}") from None


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
