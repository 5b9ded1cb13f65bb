"""`bonafide explain`: one page about one recording."""

from pathlib import Path
from typing import Annotated

import typer


def explain(
    file: Annotated[Path, typer.Argument(help="The recording.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="page.html.")] = Path("explanation.html"),
    threshold: Annotated[
        str, typer.Option(help="balanced, decisive, precision, recall, or a probability between 0 and 1.")
    ] = "balanced",
    model: Annotated[Path | None, typer.Option(help="Another detector's ONNX file.")] = None,
) -> None:
    """Show what in time and frequency spoke for the verdict on a recording, on one page that opens offline."""
    if out.suffix.lower() != ".html":
        raise typer.BadParameter(f"-o takes a name that ends in .html, not '{out}'")
    from bonafide.detection.detector import Detector
    from bonafide.explain.evidence import explain
    from bonafide.explain.page import page
    from bonafide.files import write_bytes

    explanation = explain(Detector(model), file, threshold=threshold)
    write_bytes(out, page(explanation).encode())
    print(f"{file}: {explanation.result.verdict}; {out} says why")
