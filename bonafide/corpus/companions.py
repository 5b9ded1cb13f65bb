"""Companions: clips that lie beside a corpus's own, train with them and are never tested.

Recordings of people and machines that others give away, such as the demo corpus, steady a detector that is trained on
a team's own few sources; what it is worth must still be measured on the team's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bonafide.corpus.heard import NOTHING, Heard
from bonafide.corpus.rows import Row, Rows
from bonafide.errors import UserError


@dataclass(frozen=True)
class CompanionSettings:
    """Which folders of a corpus hold companions; section `companions` of params.yaml."""

    folders: tuple[str, ...]

    def hold(self, path: str) -> bool:
        """Return whether the clip at `path`, relative to the corpus, is a companion."""
        return any(PurePosixPath(path).is_relative_to(folder) for folder in self.folders)


def parted(rows: Iterable[Row], settings: CompanionSettings, heard: Heard = NOTHING) -> tuple[Rows, Rows]:
    """Return the rows of the corpus's own clips and those of the companions, each in the order given.

    What the network has `heard` from which the training starts is a companion, too: it can train, and test nothing.

    Raises
    ------
    UserError
        When there is no clip but companions.
    """
    own: Rows = []
    companions: Rows = []
    for row in rows:
        (companions if settings.hold(row["path"]) or heard.holds(row) else own).append(row)
    if companions and not own:
        if not all(settings.hold(row["path"]) for row in companions):
            raise UserError(
                "the packaged network has heard every clip of this corpus, or its speaker, source or generator: none is"
                " left to test on. Set start.weights of params.yaml to none, or add recordings"
            )
        raise UserError("companions.folders of params.yaml hold every clip of the corpus: none is left to test on")
    return own, companions
