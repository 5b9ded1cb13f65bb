"""What the packaged network has heard in its training: a network that starts from it cannot be tested on that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from annotated_types import Gt, Le

from bonafide.corpus.rows import Rows
from bonafide.errors import UserError
from bonafide.files import HEARD
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import read_table

SHA_BYTES = 8  # of each SHA-256: enough to tell some 10,000 clips from all others
WORD = re.compile(r"[^\W_]+")
NAMES = ("speaker", "source", "generator")


@dataclass(frozen=True)
class StartSettings:
    """What the training starts from; section `start` of params.yaml."""

    weights: Literal["packaged", "none"]
    rate: Annotated[float, Gt(0), Le(1)]
    share: Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True)
class Heard:
    """Clips, speakers, sources and generators that a network was trained on.

    Attributes
    ----------
    clips : frozenset of bytes
        The first `SHA_BYTES` of the SHA-256 of each.
    names : dict of str to frozenset of str
        Speakers, sources and generators, as `_plain` writes them.
    """

    clips: frozenset[bytes]
    names: Mapping[str, frozenset[str]]

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Return whether the clip of `row` of a catalog, or who speaks in it, was heard; without a hash by names."""
        if self.clips and bytes.fromhex(row.get("sha256", "")[: 2 * SHA_BYTES]) in self.clips:
            return True
        return any(row[name] and _plain(row[name]) in self.names[name] for name in NAMES)


NOTHING = Heard(frozenset(), {name: frozenset() for name in NAMES})


def start_heard(params: Path) -> Heard:
    """Return what the network has heard from which `params` start the training; nothing where they start from none."""
    if read_section(params, "start", StartSettings).weights == "none":
        return NOTHING
    return read_heard(HEARD)


def heard_table(rows: Rows) -> pa.Table:
    """Return what a network has heard that was trained on `rows` of a catalog, as a table of one row a clip."""
    columns = {name: [row[name] for row in rows] for name in NAMES}
    shas = [bytes.fromhex(row["sha256"][: 2 * SHA_BYTES]) for row in rows]
    return pa.table({"sha256": pa.array(shas, pa.binary(SHA_BYTES)), **columns})


def read_heard(path: Path) -> Heard:
    """Return what the table in `path`, one of `heard_table`, says.

    Raises
    ------
    UserError
        When there is none.
    """
    try:
        table = read_table(path)
    except FileNotFoundError:
        raise UserError(
            "this installation has no list of what the packaged network has heard: set start.weights to none"
        ) from None
    names = {name: frozenset(map(_plain, set(table[name].to_pylist()) - {""})) for name in NAMES}
    return Heard(frozenset(table["sha256"].to_pylist()), names)


def _plain(name: str) -> str:
    """Return the words of `name` in small letters: generators are written in as many ways as there are pages."""
    return "-".join(WORD.findall(name.casefold()))
