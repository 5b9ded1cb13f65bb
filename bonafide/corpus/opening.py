"""Finds the clips that a command is pointed at: a catalog, a split, a folder, a table, or the corpus of params.yaml."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.corpus.catalog import CorpusSettings, ReaderSettings
from bonafide.corpus.checking import with_reason
from bonafide.corpus.corpora import read_corpora
from bonafide.corpus.entries import Entries, entries_of
from bonafide.corpus.families import with_families
from bonafide.corpus.recognition import (
    Candidate,
    candidates,
    candidates_of_file,
    likeliest,
    named,
    settings_of,
    unrecognised,
)
from bonafide.corpus.rows import Rows
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CATALOG, SPLIT

TOLD = {"clip", "path", "label", "sha256"}  # columns by which a table of the pipeline is told from another


@dataclass(frozen=True)
class Place:
    """Where a corpus lies and how it is read.

    Attributes
    ----------
    root : Path
    readers : tuple of ReaderSettings
    entries : Entries
        What lies below the root.
    found : list of Candidate
        All that it may be; empty where params.yaml or the user says it.
    chosen : list of Candidate
        Those of them that `readers` are made of.
    """

    root: Path
    readers: tuple[ReaderSettings, ...]
    entries: Entries = field(default_factory=Entries)
    found: list[Candidate] = field(default_factory=list)
    chosen: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True)
class Opened:
    """The clips of a corpus.

    Attributes
    ----------
    root : Path
        Of the sound.
    rows : list of dict
        By the columns of the clip table, as far as they are known.
    rejects : list of dict
        With ``path`` and ``reason``.
    complete : bool
        Whether each row has been heard: it comes from a catalog.
    """

    root: Path
    rows: Rows
    rejects: Rows
    complete: bool


def place_of(path: Path | None, reader: str, params: Path) -> Place:
    """Return the corpus at `path`, read by `reader` or by the one that recognises it; without, that of `params`.

    Raises
    ------
    UserError
        When nothing is there, or no reader recognises it.
    """
    if path is None:
        corpus = read_section(params, "corpus", CorpusSettings)
        root = _folder(Path(corpus.root))
        return Place(root, corpus.readers, entries_of(root))
    if not path.is_dir():
        if not path.is_file():
            raise UserError(f"{path} is not there: name the folder of a corpus, or a table of clips")
        found = [named(reader, path.name)] if reader else candidates_of_file(path.name)
        return _place(path.parent, found, Entries(), f"{path} is no table that a reader knows by its suffix")
    entries = entries_of(path)
    found = [named(reader, ".")] if reader else candidates(entries)
    return _place(path, found, entries, unrecognised(path, entries.landmarks))


def opened(path: Path | None, reader: str, params: Path) -> Opened:
    """Return the clips at `path`: of a catalog or a split, a folder or a table; without, of the pipeline's own."""
    if path is None:
        path = next((table for table in (SPLIT, CATALOG) if table.is_file()), None)
        if path is None:
            raise UserError(f"{CATALOG} is not there: run 'dvc repro catalog', or name a corpus folder")
    if not reader and _is_pipelines(path):
        root = _folder(Path(read_section(params, "corpus", CorpusSettings).root))
        return Opened(root, pq.read_table(path).to_pylist(), [], complete=True)
    place = place_of(path, reader, params)
    rows, rejects = read(place, params)
    return Opened(place.root, rows, rejects, complete=False)


def _is_pipelines(path: Path) -> bool:
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        return set(pq.read_schema(path).names) >= TOLD
    except pa.ArrowInvalid:
        return False


def read(place: Place, params: Path) -> tuple[Rows, Rows]:
    """Return the clips of a corpus, with the families that `params` has patterns of, and what is of no use there.

    Raises
    ------
    UserError
        When it cannot be read.
    """
    rows, rejects = with_reason(read_corpora(place.root, place.readers))
    if params.is_file():
        patterns = read_section(params, "corpus", CorpusSettings).families
        rows = with_families(rows, {str(family): pattern for family, pattern in patterns.items()})
    return rows, rejects


def _place(root: Path, found: list[Candidate], entries: Entries, otherwise: str) -> Place:
    if not found:
        raise UserError(otherwise)
    chosen = likeliest(root, found)
    return Place(root, settings_of(chosen), entries, found, chosen)


def _folder(root: Path) -> Path:
    if not root.is_dir():
        raise UserError(f"corpus.root '{root}' of params.yaml is no folder")
    return root
