"""`bonafide use`: which detector answers."""

import os
from typing import Annotated

import typer

from bonafide.text import printable


def use(
    model: Annotated[
        str | None, typer.Argument(help="An ONNX file of stage export, or REPO@TAG; without it, say which.")
    ] = None,
    *,
    packaged: Annotated[bool, typer.Option("--packaged", help="Go back to the packaged detector.")] = False,
) -> None:
    """Choose the detector that answers from now on: your commands, `Detector()` in Python, `bonafide serve`.

    BONAFIDE_MODEL in the environment wins over it, and --model over both. REPO@TAG is the detector of the pipeline in a
    git repository (an address or a folder) at a tag: DVC fetches it once, and it is kept in your cache folder.
    """
    from bonafide.detection.choice import PACKAGED, VARIABLE, choice_of, choose, choose_packaged, model_text
    from bonafide.detection.detector import Detector

    if packaged and model is not None:
        raise typer.BadParameter("name a detector or --packaged, not both")
    detector = Detector(PACKAGED if packaged else model)  # what is none is not kept
    name = f"{printable(model_text(detector.name))} (SHA-256 {detector.sha256[:12]})"
    if model is None and not packaged:
        by = choice_of().by
        print(f"{name} answers{f', chosen by {by}' if by else ''}")
        return
    if model is None:
        choose_packaged()
    else:
        choose(model)
    print(f"{name} answers from now on")
    if os.environ.get(VARIABLE):
        typer.echo(f"not here: {VARIABLE} is set, and wins", err=True)
