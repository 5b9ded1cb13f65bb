"""The family of a generator by its name, for clips of which nobody has said it."""

import re
from collections.abc import Mapping

from bonafide.corpus.rows import Row, Rows
from bonafide.errors import UserError


def with_families(rows: Rows, patterns: Mapping[str, str]) -> Rows:
    """Return `rows` of readers with a family wherever a generator is named.

    What a row says already stays, and a name that holds no pattern gets none.

    Parameters
    ----------
    rows : list of dict
    patterns : mapping of str to str
        Regular expressions by family: the first whose pattern the generator's name holds counts.

    Raises
    ------
    UserError
        When a pattern is no regular expression.
    """
    compiled = {family: _compiled(family, pattern) for family, pattern in patterns.items()}
    unknown = {row["generator"] for row in rows if _is_unknown(row)}
    family_of = {name: next((family for family, each in compiled.items() if each.search(name)), "") for name in unknown}
    return [{**row, "family": family_of[row["generator"]]} if _is_unknown(row) else row for row in rows]


def _is_unknown(row: Row) -> bool:
    return "reason" not in row and not row["family"] and row["generator"] != ""


def _compiled(family: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UserError(f"corpus.families.{family}: '{pattern}' is no regular expression: {error}") from None
