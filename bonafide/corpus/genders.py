"""Female or male voices alone: what a split leaves out where `split.gender` names one of the two."""

from typing import Literal

from bonafide.corpus.rows import LABELS, Rows, clips_of
from bonafide.errors import UserError

Gender = Literal["any", "female", "male"]


def of_gender(rows: Rows, gender: Gender) -> tuple[Rows, Rows]:
    """Return the rows of voices that are labelled `gender` and those left out, each in the order given.

    A voice that nobody has labelled is left out: it is never guessed. "any" leaves out none.

    Raises
    ------
    UserError
        When a class has no clip left.
    """
    if gender == "any":
        return rows, []
    counted = [row for row in rows if row["gender"] == gender]
    for label in LABELS:
        if not any(row["label"] == label for row in counted):
            raise UserError(
                f"split.gender is {gender}, and no {label} clip is labelled so: say it in the column gender of"
                " clips.csv, or set split.gender to any"
            )
    return counted, [row for row in rows if row["gender"] != gender]


def left_out_text(rows: Rows, gender: Gender) -> str:
    """Say how many clips of `rows` `gender` leaves out, and why; empty where it is none."""
    _, left_out = of_gender(rows, gender)
    if not left_out:
        return ""
    unknown = clips_of([row for row in left_out if not row["gender"]])
    return (
        f"split.gender is {gender}: {clips_of(left_out)} clips are left out, {unknown} of them as nobody has said"
        " whose voice it is"
    )
