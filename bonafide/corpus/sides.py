"""The sides of all clips of a catalog: companions and what is counted apart go by those of the others."""

from bonafide.corpus.apart import set_apart, with_apart
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.official import official_split
from bonafide.corpus.rows import Rows
from bonafide.corpus.splits import SplitSettings, split, with_companions


def divided(rows: Rows, settings: SplitSettings, companions: CompanionSettings, effort: float = 1.0) -> Rows:
    """Return `rows` with the ``split`` that `settings` give them; `effort` is that of `bonafide.corpus.splits.split`.

    Raises
    ------
    UserError
        When the clips cannot be divided.
    """
    counted, apart = set_apart(rows, settings.apart)
    own, beside = parted(counted, companions)
    sides = official_split(own, settings) if settings.official else split(own, settings, effort=effort)
    return with_apart(with_companions(sides, beside, settings), apart, settings)
