"""Hugging Face datasets with an `Audio` column: folders of Parquet files, and what ``save_to_disk`` writes."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from bonafide.audio.recording import UnusableError
from bonafide.corpus.clip_paths import Spellings
from bonafide.corpus.readers.listing import Line, files_below, is_audio, matched, reject, side_of
from bonafide.corpus.readers.table import NO_WORDS, holds_texts, names_of, needed_of, row_of, text_of
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.sound_tables import SoundRow, features_of, rows_of, schema_of, sound_columns
from bonafide.errors import UserError

SHARD = re.compile(r"(?P<set>.*)-(?P<number>\d{5})-of-(?P<n>\d{5})(-[0-9a-f]{16})?\.parquet")  # some have a hash
STATE, SPLITS = "state.json", "dataset_dict.json"
# No deeper ones: else a folder of several corpora passes for one of these.
PARQUET_MARKS = tuple(
    before + mark
    for before in ("", "data/")
    for mark in ("*-of-*.parquet", "train*.parquet", "test*.parquet", "train/*.parquet", "test/*.parquet")
)
DISK_MARKS = (STATE, SPLITS)


@dataclass(frozen=True)
class _Words:
    """What users say of a table: its names of the columns, and what its labels mean."""

    columns: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class _Table:
    """A file of rows below `root`: its column of sound, its `names` of columns, and the official side of its clips."""

    root: Path
    file: str
    sound: str
    names: Mapping[str, str]
    labels: Mapping[str, str]
    side: str

    def row(self, row: SoundRow, cells: dict[str, str]) -> Row:
        line = Line(self.root, self.file, row.number, "", "row")
        path = self._inside(row) if row.has_sound else self._beside(row.path)
        if not path:
            return line.broken(f"it holds no sound, and '{row.path}' is no file" if row.path else "it holds no sound")
        cells.setdefault(self.names["official"], self.side)
        return row_of(self.names, self.labels, line, {**cells, self.names["path"]: path})

    def _inside(self, row: SoundRow) -> str:
        place = f"{self.file}/{self.sound}/{row.number:06d}"  # in the order of rows, as text too
        name = row.path.replace("\\", "/").rpartition("/")[2]
        return f"{place}/{name}" if name.isprintable() and name not in ("", "..") else place

    def _beside(self, path: str) -> str:
        """Return the file that a row without bytes means, from its table's folder or the root on; empty for none."""
        spellings = Spellings(self.root)
        for text in (f"{PurePosixPath(self.file).parent}/{path}", path):
            place = spellings.plain(text) if path and "\0" not in path else None
            if place and (self.root / place).is_file():
                return place
        return ""


def read_parquet(root: Path, columns: Mapping[str, str] = NO_WORDS, labels: Mapping[str, str] = NO_WORDS) -> Rows:
    """Return the clips of all Parquet files below `root`: ``data/train-00000-of-00003.parquet``.

    The official side of a clip is that which the name of its file or folder says. Class labels are read by their
    names. Where a row does not hold its sound but a path, the file there is the clip.

    Parameters
    ----------
    root : Path
    columns, labels : mapping of str to str
        As of `bonafide.corpus.readers.table.read`; the column ``path`` is that of the sound.

    Raises
    ------
    UserError
        When a file lacks a column that is needed, or has several of sound and `columns` names none.
    """
    files = files_below(root)
    words = _Words(columns, labels)
    tables = [path for path in files if path.lower().endswith(".parquet")]
    rows = [row for path in tables for row in _rows(root, path, side_of(path), words)]
    return _matched(files, [*_missing_shards(tables), *rows])


def read_disk(root: Path, columns: Mapping[str, str] = NO_WORDS, labels: Mapping[str, str] = NO_WORDS) -> Rows:
    """Return the clips of all datasets below `root`, each as ``save_to_disk`` writes it.

    The official side is that by whose name the dataset or its folder goes; the rest is as `read_parquet` has it.
    """
    files = files_below(root)
    words = _Words(columns, labels)
    rows: Rows = []
    for file in files:
        folder, name = PurePosixPath(file).parent, PurePosixPath(file).name
        if name == SPLITS:
            splits = [(folder / split).as_posix() for split in _noted(root / file, "splits")]
            rows += [_missing(path, file) for path in splits if not (root / path).is_dir()]
        elif name == STATE:
            side = next(filter(None, map(side_of, (*_noted(root / file, "_split"), folder.as_posix()))), "")
            shards = _noted(root / file, "_data_files")
            if not shards:
                rows.append(reject(file, "it names no files of a dataset"))
            for shard in shards:
                path = (folder / shard).as_posix()
                rows += _rows(root, path, side, words) if (root / path).is_file() else [_missing(path, file)]
    return _matched(files, rows)


def _matched(files: list[str], rows: Rows) -> Rows:
    """Return `rows`, and which of them or of the recordings among `files` are of no use: see `listing.matched`."""
    beside = {path for path in files if is_audio(path)}
    inside = (row["path"] for row in rows if "reason" not in row and row["path"].startswith(f"{row['line'].file}/"))
    return matched(rows, [*inside, *beside], unnamed="no row names the file")


def _rows(root: Path, file: str, side: str, words: _Words) -> Iterator[Row]:
    try:
        schema = schema_of(root / file)
        sound = _sound_column(root / file, schema, words.columns.get("path", ""))
        if not sound:
            yield reject(
                file, "no column of it holds sound: structs of bytes and path, as Hugging Face's Audio has them"
            )
            return
        names = names_of(root / file, words.columns)
        columns = {field.name.lower(): field.name for field in schema if holds_texts(field.type)}
        needed = [name for name in needed_of(names, words.columns, words.labels) if name != names["path"]]
        if missing := [name for name in needed if name not in columns]:
            unlabelled = ", or by labels: {'': human} that all are of people" if names["label"] in missing else ""
            raise UserError(
                f"{root / file} lacks the columns {', '.join(missing)} (it has {', '.join(columns) or 'none'}):"
                f" say by columns of corpus.readers how it calls them{unlabelled}"
            )
        read = {name: columns[name] for name in names.values() if name in columns and name != names["path"]}
        classes = {name: about.get("names", ()) for name, about in features_of(schema).items()}
        table = _Table(root, file, sound, names, words.labels, side)
        for row in rows_of(root / file, list(read.values()), sound):
            yield table.row(row, {name: _cell(row.facts[column], classes.get(column)) for name, column in read.items()})
    except UnusableError as error:
        yield reject(file, str(error))


def _sound_column(file: Path, schema: pa.Schema, wanted: str) -> str:
    names = sound_columns(schema)
    chosen = [name for name in names if name.lower() == wanted.lower()] if wanted else names
    if wanted and not chosen:
        raise UserError(
            f"{file} has no column '{wanted}' of sound; such are {', '.join(names) or 'none of its columns'}"
        )
    if len(chosen) > 1:
        raise UserError(
            f"{file} has several columns of sound, {', '.join(names)}: name one by columns: {{path: {names[0]}}}"
        )
    return chosen[0] if chosen else ""


def _cell(value: object, classes: Iterable[str] | None) -> str:
    """Return the text of `value`, which is the number of a class where there are `classes`; -1 is that of none."""
    if classes and isinstance(value, int):
        return dict(enumerate(classes)).get(value, "" if value < 0 else str(value))
    return text_of(value)


def _missing_shards(tables: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each set of numbered files that is not whole."""
    sets: dict[tuple[str, int], set[int]] = {}
    for path in tables:
        if match := SHARD.fullmatch(path):
            sets.setdefault((match["set"], int(match["n"])), set()).add(int(match["number"]))
    for (name, n), there in sets.items():
        first = next((number for number in range(n) if number not in there), None)
        if first is not None:
            yield reject(
                f"{name}-{first:05d}-of-{n:05d}.parquet", f"the file is not there: {len(there)} of {n} such are"
            )


def _missing(path: str, file: str) -> Row:
    return reject(path, f"{file} names it, but it is not there")


def _noted(file: Path, key: str) -> list[str]:
    """Return the names that `file` notes under `key`; none where it is no such file."""
    try:
        noted: Any = json.loads(file.read_text(encoding="utf-8")).get(key)
    except (ValueError, AttributeError, OSError):
        return []
    texts = [
        one.get("filename") if isinstance(one, dict) else one for one in (noted if isinstance(noted, list) else [noted])
    ]
    return [text for text in texts if isinstance(text, str) and text]
