"""What is remembered of files, so that only those are read again that have changed.

Kept in SQLite outside the stages' outs, which are the same without it: a memo that is damaged is made anew, and one
that cannot be written is done without.
"""

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Set
from dataclasses import asdict, astuple
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus import measuring
from bonafide.corpus.measuring import Facts, Stamp
from bonafide.pipeline.code_version import code_version

MOST_SETS = 4  # corpora, or settings of one, that are remembered at a time
YOUNG = 2e9  # nanoseconds: a file that was written so shortly before may change again at the same time, as clocks tick
LIBRARIES = ("numpy", "soundfile", "soxr", "av")
TABLES = """
create table if not exists sets (name text primary key, used real);
create table if not exists facts (name text, path text, size int, time int, inode int, facts text, sum int,
    primary key (name, path)) without rowid;
"""


class Memo:
    """The facts of the files of the corpus `root` under `settings`, in the file `path`."""

    def __init__(self, path: Path, root: Path, settings: AudioSettings) -> None:
        self._path, self._name = path, f"{version_of(settings)} {root.resolve()}"
        self._base: sqlite3.Connection | None = None
        try:
            self._open()
        except sqlite3.OperationalError:  # locked, or on a disk that is full: this run does without
            self._base = None
        except sqlite3.DatabaseError:
            self._remake()

    def get(self, path: str, stamp: Stamp) -> Facts | None:
        """Return the facts of the file `path`, None where they are not known or those of another `stamp`."""
        query = "select facts, sum from facts where name = ? and path = ? and size = ? and time = ? and inode = ?"
        for facts, check in self._ask(query, (self._name, path, *stamp)):
            if zlib.crc32(f"{path}{facts}".encode()) == check:
                return Facts(*json.loads(facts))
        return None

    def put(self, many: Iterable[tuple[str, Stamp, Facts]]) -> None:
        """Remember the facts of files, by path and stamp, but of those that are too young to tell by their time."""
        latest = time.time_ns() - YOUNG
        for path, stamp, facts in many:
            if stamp[1] < latest:
                text = json.dumps(astuple(facts))
                row = (self._name, path, *stamp, text, zlib.crc32(f"{path}{text}".encode()))
                self._ask("insert or replace into facts values (?, ?, ?, ?, ?, ?, ?)", row)
        self._commit()

    def close(self, paths: Set[str]) -> None:
        """Forget the files of this corpus that are not among `paths`, and the corpora that were used longest ago."""
        count = next(iter(self._ask("select count(*) from facts where name = ?", (self._name,))), (0,))[0]
        if count > len(paths):
            names = [path for (path,) in self._ask("select path from facts where name = ?", (self._name,))]
            for path in names:
                if path not in paths:
                    self._ask("delete from facts where name = ? and path = ?", (self._name, path))
        kept = f"select name from sets order by used desc limit {MOST_SETS}"
        for table in ("sets", "facts"):
            self._ask(f"delete from {table} where name not in ({kept})", ())
        self._commit()
        if self._base:
            self._base.close()

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(self._path)
        self._base.executescript(TABLES)
        self._base.execute("insert or replace into sets values (?, ?)", (self._name, time.time()))
        self._base.commit()

    def _remake(self) -> None:
        if self._base:
            self._base.close()
        self._path.unlink(missing_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError:
            self._base = None

    def _ask(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if not self._base:
            return []
        try:
            return self._base.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            self._base = None
        except sqlite3.DatabaseError:
            self._remake()
        return []

    def _commit(self) -> None:
        try:
            if self._base:
                self._base.commit()
        except sqlite3.OperationalError:
            self._base = None


def version_of(settings: AudioSettings) -> str:
    """Return the name of all facts that the same code measures with the same settings and libraries."""
    installed = [metadata.version(name) if find_spec(name) else "" for name in LIBRARIES]
    text = json.dumps([asdict(settings), code_version(Path(measuring.__file__)), installed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
