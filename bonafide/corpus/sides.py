"""The sides of all clips of a catalog: companions and what is counted apart go by those of the others."""

from dataclasses import replace

from bonafide.corpus.apart import set_apart, with_apart
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.genders import of_gender
from bonafide.corpus.heard import NOTHING, Heard
from bonafide.corpus.official import official_split
from bonafide.corpus.rows import Rows, clips_of
from bonafide.corpus.splits import SplitSettings, marked, split, with_companions

MOST_JUDGED = 0.9  # of the clips that were not heard, on dev and test together: a part of them trains as well


def divided(rows: Rows, settings: SplitSettings, companions: CompanionSettings, heard: Heard = NOTHING) -> Rows:
    """Return `rows` with the ``split`` that `settings` give them.

    What was `heard` goes as `companions` go, but counts where dev and test are shares of all: these are the larger
    among the others. What `settings.gender` leaves out is dropped.

    Raises
    ------
    UserError
        When the clips cannot be divided.
    """
    wanted, left_out = of_gender(rows, settings.gender)
    counted, apart = set_apart(wanted, settings.apart)
    own, beside = parted(counted, companions, heard)
    also = clips_of([row for row in beside if not companions.hold(row["path"])])
    sides = official_split(own, settings) if settings.official else split(own, _among(own, also, settings))
    done = with_apart(with_companions(sides, beside, settings), apart, settings)
    if not left_out:
        return done
    dropped = ({**row, "split": "dropped"} for row in left_out)
    return marked(sorted([*done, *dropped], key=lambda row: row["clip"]))


def _among(own: Rows, also: int, settings: SplitSettings) -> SplitSettings:
    """Return `settings` with dev and test as shares of `own`, that are as many clips as of `own` and `also` clips."""
    larger = 1 + also / max(1, clips_of(own))
    judged = settings.dev + settings.test
    factor = max(1.0, min(larger, MOST_JUDGED / judged))
    return replace(settings, dev=settings.dev * factor, test=settings.test * factor)
