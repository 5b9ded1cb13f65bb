"""`bonafide explain`: one page, or one picture, about one recording."""

from pathlib import Path
from typing import Annotated

import typer

from bonafide.text import printable


def explain(
    file: Annotated[Path, typer.Argument(help="The recording.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="page.html, which plays the sound as well, or picture.svg.")
    ] = Path("explanation.html"),
    threshold: Annotated[
        str, typer.Option(help="balanced, decisive, precision, recall, or a probability between 0 and 1.")
    ] = "balanced",
    model: Annotated[
        str | None, typer.Option(help="Another detector than the one in use: a file, or REPO@TAG (see `bonafide use`).")
    ] = None,
) -> None:
    """Show what in time and frequency spoke for the verdict on a recording, on one page that opens offline."""
    kind = out.suffix.lower()
    if kind not in (".html", ".svg"):
        raise typer.BadParameter(f"-o takes a name that ends in .html or .svg, not '{out}'")
    from bonafide.detection.choice import model_text
    from bonafide.detection.detector import Detector
    from bonafide.explain import evidence, page, picture
    from bonafide.files import write_bytes

    detector = Detector(model)
    explanation = evidence.explain(detector, file, threshold=threshold)
    content = page.page(explanation) if kind == ".html" else picture.picture(explanation)
    write_bytes(out, content.encode())
    answered = f"{explanation.result.verdict}, answered by {printable(model_text(detector.name))}"
    print(f"{printable(file)}: {answered}; {out} says why")
