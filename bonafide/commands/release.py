"""`bonafide release`: the detector for other people, trained on everything."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def release(
    by: Annotated[Literal["source", "generator", "speaker"], typer.Option(help="What the folds held out.")] = "source",
    params: Annotated[Path, typer.Option(help="The params file of the folds.")] = Path("params.yaml"),
    out: Annotated[Path, typer.Option(help="Where the ONNX file goes.")] = Path("models/release.onnx"),
) -> None:
    """Train on every prepared clip, calibrate on what the folds held out, and write the detector to give away."""
    from bonafide.files import write_bytes
    from bonafide.protocol.release import release as released

    content = released(params, by)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, content)
    print(
        f"{out}: {len(content) / 1e6:.2f} MB; `bonafide use {out}` has it answer, `bonafide info {out}` says what it is"
    )
