"""`bonafide generate`: the speech engines of this machine speak texts into a corpus folder."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bonafide.errors import UserError

SHOWN = 3  # of the sentences that failed


def generate(
    texts: Annotated[Path, typer.Argument(help="A text file, one sentence a line.")],
    out: Annotated[Path, typer.Argument(help="The corpus folder; made where it is not there.")],
    engines: Annotated[str, typer.Option(help="all that are installed, or names with commas between.")] = "all",
    language: Annotated[str, typer.Option(help="Of the texts: en, es, fr, it, ru, nl, cs.")] = "en",
    text_license: Annotated[str, typer.Option(help="Of the texts; goes beside that of the engine.")] = "",
) -> None:
    """Have the installed speech engines speak every text, each with all its voices; a new run goes on."""
    from bonafide.gathering import generating
    from bonafide.progress import track

    sentences = generating.read_texts(texts)
    able, unable = generating.choose(engines, language)
    for name, reason in unable.items():
        print(f"left out: {name}: {reason}", file=sys.stderr, flush=True)
    batches = generating.plan(out, sentences, able, language)
    new = old = 0
    failed: list[str] = []
    done = generating.generate(batches, language, text_license)
    for batch, made in track(done, total=len(batches), what="speaking"):
        new, old = new + len(made.new), old + len(made.old)
        failed += [f"{batch.engine} {batch.voice}: {sentence}" for sentence in made.failed]
    print(f"{out}: {new} clips made, {old} were there, {len(failed)} sentences could not be spoken")
    if failed:
        raise UserError("not spoken: " + "; ".join(failed[:SHOWN]) + (" ..." if len(failed) > SHOWN else ""))
