"""Writes clips.csv, which `bonafide.corpus.readers.folder` reads, and the tables that lie beside it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bonafide.corpus import clips_table
from bonafide.corpus.clip_paths import Spellings, loose
from bonafide.corpus.clips_table import Dialect


def append(table: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Add `columns` of `rows` to `table`, made where it is not there; a path that it has keeps its row.

    The table keeps all that it has, columns of the user's own as well, and the way it is written: delimiter, encoding,
    names of columns. Whoever shares it with others locks it before.

    Raises
    ------
    UserError
        When there is a table that cannot be read as one.
    """
    header, lines, dialect = _read(table)
    names = clips_table.columns_of(header)
    header = [*header, *(column for column in columns if column not in names)]
    names = clips_table.columns_of(header)
    has = _Paths(table.parent, (line[names.index("path")] for line in lines if len(line) > names.index("path")))
    new = [[row.get(name, "") for name in names] for row in rows if not has.path(row["path"])]
    if new:
        clips_table.write(table, [header, *lines, *new], dialect)


class _Paths:
    """The paths of a table, however they are written there."""

    def __init__(self, root: Path, texts: Iterable[str]) -> None:
        self._spellings = Spellings(root)
        self._paths = {self._spellings.plain(text.strip()) or text for text in texts}
        self._loose = {loose(path.replace("\\", "/")): path for path in self._paths}

    def path(self, path: str) -> bool:
        """Return whether the table names `path`, be it by a like name that no other file has."""
        like = self._loose.get(loose(path))
        return path in self._paths or (like is not None and like not in self._spellings.on_disk(like))


def _read(table: Path) -> tuple[list[str], list[list[str]], Dialect]:
    if not table.exists():
        return [], [], Dialect()
    there = clips_table.read(table)
    return there.header, [cells for _, cells in there.lines()], there.dialect
