"""`bonafide corpus track`: a corpus folder under DVC."""

from pathlib import Path
from typing import Annotated

import typer

from bonafide.text import counted

PARAMS = Path("params.yaml")


def track(
    folder: Annotated[Path, typer.Argument(help="A corpus folder in the project, as it shall be from now on.")],
    *,
    use: Annotated[bool, typer.Option("--use", help="Set corpus.root of params.yaml to it, too.")] = False,
) -> None:
    """Put a corpus folder under DVC, never into git; again after clips were added, changed or removed."""
    from bonafide.files import write_text
    from bonafide.pipeline.editing import as_text, with_texts
    from bonafide.sharing.corpora import track
    from bonafide.sharing.store import repository

    with repository() as repo:
        place = folder.resolve()
        name = place.relative_to(repo.root_dir).as_posix() if place.is_relative_to(repo.root_dir) else str(folder)
        change = track(repo, Path(name))
    changes = f"{change.added} new, {change.changed} changed, {change.removed} removed"
    print(f"{name}: {counted(change.total, 'file')}, {changes}")
    if change.away:
        print(f"{change.away} of them are not on this machine and stay as they are")
    if use:
        texts = {"corpus.root": as_text(name)}
        write_text(PARAMS, with_texts(PARAMS.read_text(encoding="utf-8"), texts, str(PARAMS)))
    ignore = (Path(name).parent / ".gitignore").as_posix()
    print(f"next: git add {name}.dvc {ignore}{f' {PARAMS}' if use else ''}, git commit, bonafide remote push")
