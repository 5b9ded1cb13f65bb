"""The one exception that is a person's to mend, and how to install what is not there."""

from pathlib import Path


class UserError(Exception):
    """Something that the user can put right: the message names it and says what to do, in one sentence.

    A stage prints it without a traceback and ends with exit code 1.
    """


def how_to_install(extra: str) -> str:
    """Return how to install an extra of Bonafide, or several with commas between them.

    From its repository alone: `bonafide` on the public index is another project. An installation that uses the
    repository's own files goes on using them.
    """
    editable = "-e " if (Path(__file__).parents[1] / "pyproject.toml").exists() else ""
    return f"in a checkout of Bonafide, pip install {editable}'.[{extra}]'"
