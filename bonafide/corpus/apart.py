"""Families that are counted apart: neither human nor ai, scored all the same, and shown in a slice of their own.

By default that is `codec`, a recording that went through a neural codec. A person spoke every word of it, and the
decoder only put the sound together again: nothing is faked that a listener could be deceived by. A detector that calls
it a machine would call every phone call a machine as soon as such codecs carry calls; one that is trained or tuned to
do so learns the decoder, not the voice. Whether the detector calls it one is still worth knowing. Who wants codecs
found, as in corpora of codec-based fakes, empties the setting: then they are ai like all others.
"""

from collections.abc import Collection

from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.splits import RESPECTS, SplitSettings, marked
from bonafide.errors import UserError

APART = "apart"  # the side of such clips


def set_apart(rows: Rows, families: Collection[str]) -> tuple[Rows, Rows]:
    """Return the rows that count as human or ai and those of `families`, each in the order given.

    Raises
    ------
    UserError
        When no ai clip is left that counts.
    """
    apart = [row for row in rows if row["family"] in families]
    counted = [row for row in rows if row["family"] not in families]
    if apart and not any(row["label"] == "ai" for row in counted):
        raise UserError(
            f"every ai clip is of a family that split.apart counts apart ({', '.join(families)}): add clips of another"
            " family, or take it out of split.apart, and it counts as ai"
        )
    return counted, apart


def with_apart(rows: Rows, apart: Rows, settings: SplitSettings) -> Rows:
    """Return `rows` of a split and the clips `apart`, which are scored unless they share something with train or dev.

    A copy of a clip that trains or judges is dropped always, what shares a source, speaker or generator where
    `settings` says so. An official side other than test is none to be scored on.

    The rows are those of any split; the result is in the order of the clips' ids and marked anew.
    """
    if not apart:
        return rows
    strict = settings.on_overlap == "drop" and not settings.official  # published sides share what they share
    respects = ("pair", *RESPECTS) if strict else ("pair",)
    held = {name: {row[name] for row in rows if row["split"] in ("train", "dev")} - {""} for name in respects}

    def side(row: Row) -> str:
        elsewhere = settings.official and row["official"] not in ("", "test")
        return "dropped" if elsewhere or any(row[name] in held[name] for name in respects) else APART

    return marked(sorted([*rows, *({**row, "split": side(row)} for row in apart)], key=lambda row: row["clip"]))
