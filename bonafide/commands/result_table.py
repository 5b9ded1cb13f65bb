"""A table of results in a file, with which a later run goes on: `bonafide detect FOLDER --out results.csv --resume`.

A row is written when its recording is judged. A run that is killed leaves at most one row that is cut short, which the
next run takes out. What is there is kept in memory as eight bytes a name.
"""

import csv
import hashlib
import json
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import numpy as np

from bonafide.commands.writing import COLUMNS, Answering, Csv, JsonLines
from bonafide.detection.results import Result
from bonafide.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Answered(Answering):
    """What answers, and what it was asked beside the recording: rows of another kind do not belong into one table."""

    threshold: str
    channels: str


ANSWERED = tuple(field.name for field in fields(Answered))
HEAD = (*COLUMNS, *ANSWERED)
STARTS = {".csv": f"{','.join(HEAD)}\n".encode(), ".jsonl": b'{"path": '}  # of each kind of table, by its suffix


@dataclass(frozen=True)
class _Row:
    name: str
    answered: dict[str, str]
    seconds: float
    end: int  # bytes, of its line


class ResultTable:
    """The table `path`, CSV or JSON lines by its suffix, which is written to until `finish`.

    Parameters
    ----------
    path : Path
    answered : Answered
    resume : bool
        Go on with what is there.

    Attributes
    ----------
    unread : int
        Recordings in it that could not be read.

    Raises
    ------
    UserError
        When it is there and must not be, is no such table, holds answers of another kind, or cannot be written.
    """

    def __init__(self, path: Path, answered: Answered, *, resume: bool) -> None:
        if path.suffix not in STARTS:
            raise UserError(f"the name of a table of results ends in {' or '.join(STARTS)}, not as that of {path}")
        self.unread = 0
        self._keys = np.zeros(0, np.uint64)
        self._file = _opened(path)
        if self._file.tell() and not resume:
            raise UserError(f"{path} is there already: --resume goes on with it")
        end = self._taken_in(path, answered)
        self._file.truncate(end)
        is_csv = path.suffix == ".csv"
        self._writer = Csv(answered, self._file, head=not end) if is_csv else JsonLines(answered, self._file)

    def holds(self, name: str) -> bool:
        """Whether there is a row for the recording `name`."""
        key = np.uint64(_key(name))
        at = int(np.searchsorted(self._keys, key))
        return at < self._keys.size and bool(self._keys[at] == key)

    def write(self, name: str, result: Result) -> None:
        """Add a row."""
        self._writer.write(name, result)

    def finish(self) -> None:
        """Close it."""
        self._file.close()

    def _taken_in(self, path: Path, answered: Answered) -> int:
        """Keep which names are there, and return where the last whole row ends."""
        keys, end = array("Q"), 0
        start, rows = STARTS[path.suffix], _csv_rows if path.suffix == ".csv" else _json_rows
        with path.open("rb") as file:
            if (there := file.read(len(start))) != start[: len(there)]:
                raise _no_table(path)
            file.seek(0)
            for row in rows(file, path):
                _refuse_others(path, row.answered, answered)
                keys.append(_key(row.name))
                self.unread += row.seconds == 0
                end = row.end
        self._keys = np.sort(np.frombuffer(keys, np.uint64)) if keys else self._keys
        return end


def _opened(path: Path) -> TextIO:
    try:
        file = path.open("a+", encoding="utf-8", errors="backslashreplace", newline="")
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(f"another run writes to {path}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
    return file


def _refuse_others(path: Path, row: dict[str, str], answered: Answered) -> None:
    for name, value in asdict(answered).items():
        if name != "model" and row[name] != value:  # a name may stand for another one later, its hash does not
            other = f"another {name} ('{row[name]}', not '{value}')"
            raise UserError(f"{path} holds answers with {other}: give --out another name")


def _key(name: str) -> int:
    """Return what stands for a name, as it is or as it stands in a table, where what is not UTF-8 was replaced."""
    content = name.encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _csv_rows(file: BinaryIO, path: Path) -> Iterator[_Row]:
    end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        for line in file:
            if not line.endswith(b"\n"):  # it was killed while it wrote
                return
            end += len(line)
            yield line.decode("utf-8", "replace")

    for number, cells in enumerate(csv.reader(lines())):
        if number and len(cells) == len(HEAD):
            yield _row(path, dict(zip(HEAD, cells, strict=True)), end)


def _json_rows(file: BinaryIO, path: Path) -> Iterator[_Row]:
    end = 0
    for line in file:
        if not line.endswith(b"\n"):
            return
        end += len(line)
        try:
            document = json.loads(line)
        except ValueError:
            raise _no_table(path) from None
        yield _row(path, document, end)


def _row(path: Path, cells: Any, end: int) -> _Row:  # noqa: ANN401 - whatever the file holds
    try:
        return _Row(cells["path"], {name: str(cells[name]) for name in ANSWERED}, float(cells["seconds"]), end)
    except (ValueError, KeyError, TypeError):
        raise _no_table(path) from None


def _no_table(path: Path) -> UserError:
    return UserError(f"{path} is no table that `bonafide detect --out` wrote: give --out another name")
