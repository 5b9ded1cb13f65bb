"""`bonafide explain`: one page, or one picture, about one recording."""

from pathlib import Path
from typing import Annotated

import typer


def explain(
    file: Annotated[Path, typer.Argument(help="The recording.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="page.html, or picture.png.")] = Path("explanation.html"),
    threshold: Annotated[
        str, typer.Option(help="balanced, decisive, precision, recall, or a probability between 0 and 1.")
    ] = "balanced",
    model: Annotated[Path | None, typer.Option(help="Another detector's ONNX file.")] = None,
) -> None:
    """Show what in time and frequency spoke for the verdict on a recording, on one page that opens offline."""
    if out.suffix.lower() not in (".html", ".png"):
        raise typer.BadParameter(f"-o takes a name that ends in .html or .png, not '{out}'")
    from bonafide.detection.detector import Detector
    from bonafide.explain import evidence
    from bonafide.files import write_bytes

    found = evidence.explain(Detector(model), file, threshold=threshold)
    if out.suffix.lower() == ".html":
        from bonafide.explain.page import page

        content = page(found).encode()
    else:
        from bonafide.explain.picture import picture

        content = picture(found)
    write_bytes(out, content)
    print(f"{file}: {found.result.verdict}; {out} says why")
