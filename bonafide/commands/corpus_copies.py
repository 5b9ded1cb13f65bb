"""`bonafide corpus sample` and `bonafide corpus export`: clips in a folder of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bonafide.progress import track
from bonafide.text import counted

if TYPE_CHECKING:
    from bonafide.corpus.rows import Rows

SHOWN = 3  # paths of what is left out

From = Annotated[
    Path | None,
    typer.Option("--from", help="A catalog, a split or a corpus; without, data/split.parquet or data/catalog.parquet."),
]
Reader = Annotated[str, typer.Option(help="How a corpus is laid out, where that is not recognised.")]
Params = Annotated[Path, typer.Option(help="Names the root of a catalog's paths.")]


def sample(
    out: Annotated[Path, typer.Argument(help="The new corpus folder.")],
    *,
    clips: Annotated[int, typer.Option(min=2, help="How many, half of them human where there are so many.")],
    by: Annotated[
        Literal["source", "generator", "family", "speaker"], typer.Option(help="What all have equally many clips of.")
    ] = "source",
    seed: Annotated[int, typer.Option(min=0, help="Another one draws other clips.")] = 1,
    source: From = None,
    reader: Reader = "",
    params: Params = Path("params.yaml"),
) -> None:
    """Copy some clips into a small corpus with the variety of the whole: human/, ai/ and clips.csv."""
    from bonafide.corpus.sampling import sampled

    root, rows = _clips(source, reader, params)
    _write(root, sampled(rows, clips, by, seed), out, "folder")


def export(
    out: Annotated[Path, typer.Argument(help="The new folder.")],
    *,
    layout: Annotated[
        Literal["folder", "hf", "asvspoof"],
        typer.Option(
            "--as", help="human/, ai/ and clips.csv; Parquet for datasets; FLAC and protocols of ASVspoof 2019."
        ),
    ],
    source: From = None,
    reader: Reader = "",
    params: Params = Path("params.yaml"),
) -> None:
    """Write a corpus as others read it, with the sides of the split where there is one. A new run goes on."""
    from bonafide.corpus.writers.registry import WRITERS

    root, rows = _clips(source, reader, params)
    if WRITERS[layout].has_sides:
        kept = [row for row in rows if row["side"] != "dropped"]
        if len(kept) < len(rows):
            print(f"{counted(len(rows) - len(kept), 'clip')} that the split drops are left out")
        rows = kept
    _write(root, rows, out, layout)


def _clips(source: Path | None, reader: str, params: Path) -> tuple[Path, "Rows"]:
    """Return the root of the sound and the clips with their sides, in the order of their paths."""
    from bonafide.corpus.opening import opened
    from bonafide.corpus.writers.registry import with_sides

    corpus = opened(source, reader, params)
    if corpus.rejects:
        first = ", ".join(f"{row['path']}: {row['reason']}" for row in corpus.rejects[:SHOWN])
        print(f"{counted(len(corpus.rejects), 'file or line', 'files and lines')} of no use are left out: {first}")
    return corpus.root, sorted(with_sides(corpus.rows), key=lambda row: str(row["path"]))


def _write(root: Path, rows: "Rows", out: Path, layout: str) -> None:
    from bonafide.corpus.writers.registry import export

    written = list(track(export(root, rows, out, layout), total=len(rows), what="copying recordings"))
    labels = ", ".join(f"{sum(row['label'] == label for row in written)} {label}" for label in ("human", "ai"))
    print(f"{out}: {counted(len(written), 'clip')} ({labels})")
