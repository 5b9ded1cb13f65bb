"""`bonafide join`: several corpus folders become one."""

from pathlib import Path
from typing import Annotated

import typer

from bonafide.errors import UserError


def join(
    folders: Annotated[list[Path], typer.Argument(help="Corpus folders, each with human/, ai/ and perhaps clips.csv.")],
    *,
    out: Annotated[Path, typer.Option(help="The new corpus folder.")],
) -> None:
    """Copy corpus folders into one, for a team's recordings and such as train beside them."""
    from bonafide.corpus.readers.folder import unused_columns
    from bonafide.gathering import joining
    from bonafide.progress import track

    plan = joining.plan_join(folders, out)
    for folder in folders:
        if unused := unused_columns(folder):
            print(f"{folder}: columns of clips.csv that mean nothing here: {', '.join(unused)}. Is one misspelt?")
    try:
        for _ in track(joining.join(plan, out), total=len(plan), what="copying"):
            pass
    except OSError as error:
        raise UserError(f"{error.filename or out} could not be copied: {error.strerror}") from None
    print(f"{out}: {len(plan)} clips of {len(folders)} corpora")
