"""What is known in a remote of the contents of parts: lists that nobody overwrites, so that two may push at once.

A list is named by its content. Who has something to add writes one with all that he has read and what is new, and then
removes those that he has read, as the new one has all of them. Two who push at once leave two lists; the next push
makes one of them. Whoever reads finds each line in some list at any time.
"""

import csv
import hashlib
import io
import re
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bonafide.errors import UserError
from bonafide.sharing.store import put, said

FOLDER = "parts/lists"  # in the remote
NAME = re.compile(r"[0-9a-f]{64}\.csv")
COLUMNS = ("fingerprint", "md5", "bytes", "in_outs")
ROW = (re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}"), re.compile(r"\d+"), re.compile(r"yes|no"))
TRIES = 20  # of reading lists that others replace meanwhile


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


def contents(remote: Any) -> dict[str, Content]:  # noqa: ANN401 - DVC is not typed
    """Return what is known in `remote` of the contents of parts, by fingerprint; lines that are damaged are left out.

    Raises
    ------
    UserError
        When the remote cannot be read.
    """
    return _together(_lists(remote).values())


def add(remote: Any, rows: Mapping[str, Content]) -> None:  # noqa: ANN401 - DVC is not typed
    """Let `remote` know `rows` beside what it knows.

    Raises
    ------
    UserError
        When the remote cannot be read or written.
    """
    before = _lists(remote)
    text = as_csv(_together([*before.values(), rows])).encode()
    name = f"{hashlib.sha256(text).hexdigest()}.csv"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(text)
        put(remote, Path(folder) / name, f"{FOLDER}/{name}")
    for old in before.keys() - {name}:
        with suppress(Exception):  # one that stays says nothing wrong, and the next push removes it
            remote.fs.remove(remote.fs.join(remote.path, *FOLDER.split("/"), old))


def as_csv(rows: Mapping[str, Content]) -> str:
    """Return a list's text, the same for the same `rows`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((key, row.md5, row.size, "yes" if row.in_outs else "no") for key, row in sorted(rows.items()))
    return text.getvalue()


def _together(lists: Iterable[Mapping[str, Content]]) -> dict[str, Content]:
    return {key: row for rows in lists for key, row in rows.items()}


def _lists(remote: Any) -> dict[str, dict[str, Content]]:  # noqa: ANN401 - DVC is not typed
    """Return the rows of each list that there is, by its name."""
    for _ in range(TRIES):
        try:
            return {name: _rows(_text(remote, name)) for name in _names(remote)}
        except FileNotFoundError:  # another push has removed it, and put all of it into one of its own before
            continue
        except Exception as error:  # each kind of server has a library with errors of its own
            raise UserError(f"the remote {remote.name} cannot be read: {said(error)}") from None
    raise UserError(f"the lists of parts in the remote {remote.name} cannot be read: they are named, and not there")


def _names(remote: Any) -> list[str]:  # noqa: ANN401 - DVC is not typed
    fs = remote.fs.fs  # fsspec's own: DVC's does not list a web server
    fs.invalidate_cache()
    try:
        paths = fs.ls(remote.fs.join(remote.path, *FOLDER.split("/")), detail=False)
    except FileNotFoundError:
        return []
    return sorted(name for path in paths if NAME.fullmatch(name := re.split(r"[/\\]", path)[-1]))


def _text(remote: Any, name: str) -> str:  # noqa: ANN401 - DVC is not typed
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        remote.fs.get_file(remote.fs.join(remote.path, *FOLDER.split("/"), name), str(file))
        return file.read_text(encoding="utf-8", errors="replace")


def _rows(text: str) -> dict[str, Content]:
    lines = [row for row in csv.reader(io.StringIO(text)) if len(row) == len(ROW)]
    good = [row for row in lines if all(cell.fullmatch(value) for cell, value in zip(ROW, row, strict=True))]
    return {key: Content(value, int(size), in_outs == "yes") for key, value, size, in_outs in good}
