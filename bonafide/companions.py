"""Companions: sources that lie beside a corpus's own, train with them and are never tested.

Recordings of people and machines that others give away, such as the demo corpus, steady a detector that is trained on
a team's own few sources; what it is worth must still be measured on the team's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any

from annotated_types import Gt

from bonafide.errors import UserError

Row = dict[str, Any]


@dataclass(frozen=True)
class CompanionSettings:
    """Which sources are companions; section `companions` of params.yaml."""

    sources: list[str]
    weight: Annotated[float, Gt(0)]

    def hold(self, source: str) -> bool:
        """Return whether the clips of `source` are companions."""
        return any(fnmatchcase(source, pattern) for pattern in self.sources)


def parted(rows: Iterable[Row], settings: CompanionSettings) -> tuple[list[Row], list[Row]]:
    """Return the rows of the corpus's own clips and those of the companions, each in the order given.

    Raises
    ------
    UserError
        When there is no clip but companions.
    """
    own: list[Row] = []
    companions: list[Row] = []
    for row in rows:
        (companions if settings.hold(row["source"]) else own).append(row)
    if companions and not own:
        raise UserError("companions.sources of params.yaml holds every source of the corpus: none is left to test on")
    return own, companions
