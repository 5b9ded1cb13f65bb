"""Tables for people: columns that stand below each other."""

from collections.abc import Sequence

from bonafide.text import MISSING, NARROW, printable


def aligned(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as text, the first column to the left, numbers to the right; None shows as a dash.

    Examples
    --------
    >>> print(aligned(["class", "clips"], [["human", 1200], ["ai", None]]))
    class  clips
    human  1,200
    ai         –
    """
    texts = [list(head), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    lines = []
    for row in texts:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else printable(value).replace(NARROW, " ")
