"""`bonafide formats`: what recordings may come in."""

import sys

from bonafide.audio.formats import HEAD, rows


def formats() -> None:
    """Print the formats that are accepted, as a table of Markdown."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    print(table())


def table() -> str:
    """Return the table as Markdown."""
    lines = [HEAD, tuple("---" for _ in HEAD), *rows()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
