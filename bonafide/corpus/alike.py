"""Clips that every split treats alike as one row that counts them: 600,000 clips are some thousand such rows."""

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from bonafide.corpus.companions import CompanionSettings
from bonafide.corpus.groups import numbers
from bonafide.corpus.heard import NAMES, NOTHING, Heard
from bonafide.corpus.rows import Rows
from bonafide.corpus.splits import RESPECTS, SplitSettings
from bonafide.corpus.table import SPLIT

SHARED = ("label", "speaker", "generator", "family", "source", "official")  # what a split looks at, beside pairs
SEEN = tuple(f"{name}_seen" for name in RESPECTS)


def alike(table: pa.Table, companions: CompanionSettings, settings: SplitSettings, heard: Heard = NOTHING) -> Rows:
    """Return a row for all clips of the catalog `table` that the split treats alike, in the order of their first ones.

    Each is its first clip's, as far as a split looks at it, with how many ``clips`` it stands for and their ``places``
    in the table, shape (clips,). Pairs that join clips of the same rows do the same, so one stands for all of them.
    """
    shared = SHARED if settings.gender == "any" else (*SHARED, "gender")
    codes = [_codes(table[name]) for name in shared]
    first, kind_of = _distinct([*codes, *_beside(table, companions, heard), _alone(table, settings)])
    first, kind_of = _distinct([kind_of, _pairs(table["pair"], kind_of)])
    rows: Rows = table.take(first).select(["clip", "path", "sha256", "pair", *shared]).to_pylist()
    places = np.split(np.argsort(kind_of, kind="stable"), np.cumsum(np.bincount(kind_of))[:-1])
    return [row | {"clips": len(inside), "places": inside} for row, inside in zip(rows, places, strict=True)]


def with_sides(table: pa.Table, rows: Rows) -> pa.Table:
    """Return the catalog `table` as a table of `SPLIT`, each clip with what a split has made of its row of `alike`."""
    order = np.concatenate([row["places"] for row in rows])
    counts = [row["clips"] for row in rows]
    parts = table.select([name for name in SPLIT.names if name in table.column_names])
    for name in ("split", *SEEN):
        values = pa.array([row[name] for row in rows], SPLIT.field(name).type)
        of_row = np.empty(len(order), np.int32)
        of_row[order] = np.repeat(np.arange(len(rows), dtype=np.int32), counts)
        parts = parts.append_column(name, values.take(pa.array(of_row)))
    return parts.cast(SPLIT)


def _beside(table: pa.Table, companions: CompanionSettings, heard: Heard) -> list[np.ndarray]:
    """Return whether each clip is a companion, and whether it was heard, shape (n,), where any can be."""
    numbers_of = []
    if companions.folders:
        numbers_of.append([companions.hold(path) for path in table["path"].to_pylist()])
    if heard is not NOTHING:
        numbers_of.append([heard.holds(row) for row in table.select(["sha256", *NAMES]).to_pylist()])
    return [np.array(each, np.int32) for each in numbers_of]


def _alone(table: pa.Table, settings: SplitSettings) -> np.ndarray:
    """Return a number of its own for each clip that may be a group of its own, -1 for all others, shape (n,)."""
    weaker: Collection[str] = (
        ("speaker", "generator") if settings.official else (settings.group, "speaker", "generator")
    )
    unknown = np.logical_and.reduce([_codes(table[name], unknown="") < 0 for name in weaker])
    return np.where(unknown, np.arange(table.num_rows), -1)


def _pairs(column: pa.ChunkedArray, kind_of: np.ndarray) -> np.ndarray:
    """Return a number for the kinds of clips that each clip's pair joins, -1 for a clip of no pair, shape (n,)."""
    pair = _codes(column, unknown="")
    joined = np.unique(np.stack([pair, kind_of], axis=1)[pair >= 0], axis=0)
    ends = np.flatnonzero(np.diff(joined[:, 0])) + 1
    joins = numbers(kinds.tobytes() for kinds in np.split(joined[:, 1], ends)) if len(joined) else np.zeros(0, int)
    number_of = np.full(pair.max(initial=-1) + 2, -1)  # the last one is for -1
    number_of[np.unique(joined[:, 0])] = joins
    canonical: np.ndarray = number_of[pair]
    return canonical


def _codes(column: pa.ChunkedArray, unknown: str | None = None) -> np.ndarray:
    """Return a number for each text, the same for equal ones, shape (n,); -1 for `unknown`."""
    texts = column.combine_chunks().dictionary_encode()
    codes: np.ndarray = texts.indices.to_numpy().copy()
    if unknown is not None and (place := texts.dictionary.index(unknown).as_py()) >= 0:
        codes[codes == place] = -1
    return codes


def _distinct(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each distinct row of `columns` comes first, in that order, and its number for each, shape (n,)."""
    _, first, inverse = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse.reshape(-1)]
