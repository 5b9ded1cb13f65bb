"""`bonafide preset`: settings that belong together, put into params.yaml."""

from pathlib import Path
from typing import Annotated

import typer


def preset(
    name: Annotated[str | None, typer.Argument(help="Which one; without it all are listed.")] = None,
    params: Annotated[Path, typer.Option(help="The params file that it changes.")] = Path("params.yaml"),
    folder: Annotated[Path, typer.Option(help="Where presets are.")] = Path("presets"),
) -> None:
    """Put the settings of a preset into params.yaml, or list what there is. `git checkout params.yaml` goes back."""
    from bonafide.pipeline.presets import apply, presets

    if name is None:
        for each in presets(folder):
            print(f"{each.name}: {each.about}")
        return
    chosen = apply(name, folder, params)
    print(f"{params} has preset {name} now: {', '.join(chosen.texts)}; `git checkout {params}` goes back")
