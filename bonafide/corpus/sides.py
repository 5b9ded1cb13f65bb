"""The sides of all clips of a catalog: companions and what is counted apart go by those of the others."""

from bonafide.corpus.apart import set_apart, with_apart
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.genders import of_gender
from bonafide.corpus.heard import NOTHING, Heard
from bonafide.corpus.official import official_split
from bonafide.corpus.rows import Rows
from bonafide.corpus.splits import SplitSettings, marked, split, with_companions


def divided(rows: Rows, settings: SplitSettings, companions: CompanionSettings, heard: Heard = NOTHING) -> Rows:
    """Return `rows` with the ``split`` that `settings` give them.

    What was `heard` goes as `companions` go. What `settings.gender` leaves out is dropped.

    Raises
    ------
    UserError
        When the clips cannot be divided.
    """
    wanted, left_out = of_gender(rows, settings.gender)
    counted, apart = set_apart(wanted, settings.apart)
    own, beside = parted(counted, companions, heard)
    sides = official_split(own, settings) if settings.official else split(own, settings)
    done = with_apart(with_companions(sides, beside, settings), apart, settings)
    if not left_out:
        return done
    dropped = ({**row, "split": "dropped"} for row in left_out)
    return marked(sorted([*done, *dropped], key=lambda row: row["clip"]))
