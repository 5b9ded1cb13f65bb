"""The command `bonafide`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bonafide.commands.collect import collect
from bonafide.commands.detect import detect
from bonafide.commands.explain import explain
from bonafide.commands.generate import generate
from bonafide.commands.info import info
from bonafide.commands.release import release
from bonafide.commands.serve import serve
from bonafide.errors import UserError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bonafide() -> None:
    """Tell human recordings from machine-generated voices."""


@app.command()
def folds(
    by: Annotated[Literal["source", "generator", "speaker"], typer.Option(help="What is held out.")] = "source",
    n_folds: Annotated[int, typer.Option("--folds", min=2, help="How many parts it is divided into.")] = 5,
    seeds: Annotated[str, typer.Option(help="Seeds of the training, with commas between.")] = "1",
    params: Annotated[Path, typer.Option(help="The params file.")] = Path("params.yaml"),
    out: Annotated[Path, typer.Option(help="Where the table goes.")] = Path("metrics/folds.csv"),
) -> None:
    """Hold every source (or generator, or speaker) out once: train and test in k folds, and show the spread."""
    import pandas as pd

    from bonafide.files import write_text
    from bonafide.folds import run_folds, summarise

    numbers = _numbers(seeds)
    rows = []
    for row in run_folds(params, by, n_folds, numbers, Path(".bonafide/folds")):
        rows.append(row)
        write_text(out, pd.DataFrame(rows).to_csv(index=False))
        print(f"fold {row['fold']}, seed {row['seed']}: EER {row['eer']:.3f}, AUC {row['auc']:.3f}", flush=True)
    print(summarise(pd.DataFrame(rows)).round(4).to_string())


app.command()(collect)
app.command()(detect)
app.command()(explain)
app.command()(generate)
app.command()(info)
app.command()(release)
app.command()(serve)


def main() -> None:
    """Run the command: exit code 1 and one sentence for what the user can mend, 2 for wrong usage."""
    try:
        app()
    except UserError as error:
        sys.exit(_say(str(error), 1))
    except KeyboardInterrupt:
        sys.exit(_say("interrupted; a new run goes on from what is done", 130))


def _numbers(seeds: str) -> list[int]:
    if not all(seed.strip().isdigit() for seed in seeds.split(",")):
        raise typer.BadParameter(f"--seeds takes whole numbers with commas between, not '{seeds}'")
    return [int(seed) for seed in seeds.split(",")]


def _say(sentence: str, code: int) -> int:
    print(f"bonafide: {sentence}", file=sys.stderr, flush=True)
    return code
