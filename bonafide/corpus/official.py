"""The split that the corpora give themselves, in place of one that is searched for."""

from collections import Counter

from bonafide.corpus.groups import group_numbers
from bonafide.corpus.rows import LABELS, Rows, clips_of
from bonafide.corpus.splits import SplitSettings, marked, split
from bonafide.errors import UserError

SIDES = ("train", "dev", "test")


def official_split(rows: Rows, settings: SplitSettings) -> Rows:
    """Return `rows` of the catalog, each with its official side as its `split` and its seen marks.

    Nothing is dropped for what the sides share: published sides share generators and sources. Where clips have no
    side but others are all of the test side, train and dev are searched for among them, and what they share with
    the test side is dropped or kept as `settings` say: so a detector trained on some corpora is tested on another.

    Raises
    ------
    UserError
        When a clip has no side, or a side lacks a class.
    """
    given = {row["official"] for row in rows}
    if given - {"dropped"} == {"", "test"}:
        return _with_test_side(rows, settings)
    if "" in given:
        bare = [row for row in rows if not row["official"]]
        raise UserError(
            f"split.official: {clips_of(bare)} clips have no official side, the first {bare[0]['path']}: give their"
            " reader a side in corpus.readers, or set split.official to false"
        )
    counts = Counter((row["official"], row["label"]) for row in rows)
    for side in SIDES:
        for label in LABELS:
            if not counts[side, label]:
                raise UserError(
                    f"split.official: the side '{side}' has no clip labelled '{label}': add a corpus that has some,"
                    " or set split.official to false"
                )
    return marked([{**row, "split": row["official"]} for row in rows])


def _with_test_side(rows: Rows, settings: SplitSettings) -> Rows:
    """Return `rows` with train and dev among those that have no side.

    Where these have but one source, it parts nothing and is left out of the search.
    """
    sources = {row["source"] for row in rows if not row["official"]}
    searched = [
        {**row, "source": "" if not row["official"] and len(sources) == 1 else row["source"]}
        for row in rows
        if row["official"] != "dropped"
    ]
    numbers = group_numbers(searched, settings.group)
    tested = frozenset(int(number) for number, row in zip(numbers, searched, strict=True) if row["official"])
    sides = {row["clip"]: row["split"] for row in split(searched, settings, tested)}
    return marked([{**row, "split": _side(row["official"], sides.get(row["clip"], "dropped"))} for row in rows])


def _side(official: str, searched: str) -> str:
    """Return the side of a clip; what has none but moves with the test side is used on no side."""
    return official or ("dropped" if searched == "test" else searched)
