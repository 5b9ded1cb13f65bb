"""The corpora of params.yaml as one list of clips."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from bonafide.corpus.catalog import ReaderSettings
from bonafide.corpus.readers.folder import unused_columns
from bonafide.corpus.readers.listing import ordered, reject
from bonafide.corpus.readers.registry import READERS, Reader
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.tree import entries, printable
from bonafide.errors import UserError


def read_corpora(root: Path, readers: Sequence[ReaderSettings]) -> Rows:
    """Return the clips of all `readers` and what they or the file system make of no use, which has a ``reason``.

    Paths are relative to `root`. Where several corpora make one list, a clip whose reader knows no source takes the
    corpus's name for it. A speaker or generator of the same name in two corpora is one; pairs are one where the
    corpus is published, as its readers name them for all corpora, and have the folder before them where it is not.

    Raises
    ------
    UserError
        When a reader is not known, its path does not lie below `root`, or it finds nothing there.
    """
    if not readers:
        raise UserError("corpus.readers of params.yaml is empty: name at least {reader: folder, path: .}")
    rows = _distinct(row for entry in readers for row in _read(root, entry, several=len(readers) > 1))
    return _with_faults(rows, {entry.path: entry.fault for entry in entries(root) if entry.fault})


def misspelt_columns(root: Path, readers: Iterable[ReaderSettings]) -> Iterator[tuple[Path, list[str]]]:
    """Yield every clips.csv of `readers` that has columns which mean nothing, with their names."""
    for entry in readers:
        if entry.reader == "folder" and (unused := unused_columns(root / entry.path)):
            yield root / entry.path / "clips.csv", unused


def _read(root: Path, entry: ReaderSettings, several: bool) -> Iterator[Row]:
    reader = _reader(entry)
    path = root / entry.path
    if Path(entry.path).is_absolute() or ".." in Path(entry.path).parts:
        raise UserError(f"corpus.readers: path '{entry.path}' must lie below corpus.root '{root}'")
    if entry.reader != "folder" and not path.exists():  # the reader of folders has a sentence of its own
        raise UserError(f"corpus.readers: {path} is not there, in which the reader '{reader.name}' shall read")
    words = {"columns": entry.columns, "labels": entry.labels}
    rows = reader.read(path, **{name: given for name, given in words.items() if given})
    if not rows:
        raise UserError(f"{path} holds nothing that the reader '{reader.name}' reads: {reader.about}")
    folder = PurePosixPath(entry.path)
    place = (folder.parent if path.is_file() else folder).as_posix()
    before = "" if place == "." else f"{place}/"
    for row in rows:  # changed in place: they are this function's own, and may be 600,000
        row["path"] = before + row["path"]
        if "reason" not in row:
            row |= _facts(row, entry, several)
        yield row


def _reader(entry: ReaderSettings) -> Reader:
    if entry.reader not in READERS:
        raise UserError(f"corpus.readers: there is no reader '{entry.reader}'; there are {', '.join(READERS)}")
    if (entry.columns or entry.labels) and not READERS[entry.reader].has_words:
        able = ", ".join(f"'{name}'" for name, reader in READERS.items() if reader.has_words)
        named = "columns" if entry.columns else "labels"
        raise UserError(f"corpus.readers: {named} are for the readers {able}, not for '{entry.reader}'")
    return READERS[entry.reader]


def _facts(row: Row, entry: ReaderSettings, several: bool) -> Row:
    corpus = READERS[entry.reader].corpus
    local = "" if corpus or entry.path == "." else f"{entry.path}/"
    return {
        "source": row["source"] or (several and (corpus or PurePosixPath(entry.path).name)) or "",
        "pair": f"{local}{row['pair']}" if row["pair"] else "",
        "official": "" if entry.side == "search" else entry.side or row.get("official", ""),
    }


def _with_faults(rows: Rows, faults: dict[str, str]) -> Rows:
    """Return `rows` and what is no file that can be read, by path; no reader knows a better reason for these."""
    if not faults:
        return rows
    sound = [row for row in rows if row["path"] not in faults]
    return ordered([*sound, *(reject(printable(path), fault) for path, fault in faults.items())])


def _distinct(rows: Iterable[Row]) -> Rows:
    """Return `rows` without a file's second row, which another reader gave."""
    taken: set[str] = set()
    result: Rows = []
    for row in rows:
        if "reason" in row:
            result.append(row)
        elif row["path"] in taken:
            result.append(reject(row["path"], "two readers of corpus.readers name the file: the first one counts"))
        else:
            taken.add(row["path"])
            result.append(row)
    return ordered(result)
