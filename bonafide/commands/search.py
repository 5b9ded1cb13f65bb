"""`bonafide search`: settings of the training, chosen by dev."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bonafide.training.search import Trial


def search(
    space: Annotated[
        Path | None, typer.Argument(help="What may vary: a YAML file, by default that of train.model in searches/.")
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, help="How many settings are tried, those of earlier runs among them.")
    ] = 20,
    params: Annotated[Path, typer.Option(help="The params file whose section train is varied.")] = Path("params.yaml"),
    out: Annotated[Path, typer.Option(help="Where the params file of the best trial goes.")] = Path(
        "params-found.yaml"
    ),
    table: Annotated[Path, typer.Option(help="Where the trials are listed.")] = Path("metrics/search.csv"),
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of settings.")] = 1,
) -> None:
    """Search the settings of the training that judge the dev side best; an interrupted search goes on."""
    from bonafide.files import write_text
    from bonafide.progress import time_left
    from bonafide.training.search import as_csv, written
    from bonafide.training.search import search as searched

    started, told = time.monotonic(), 0

    def tell(tried: "list[Trial]") -> None:
        nonlocal told
        told += 1  # of this run; others may have been done before
        write_text(table, as_csv(tried))
        values = ", ".join(f"{key} {value}" for key, value in tried[-1].values.items())
        took = time_left(time.monotonic() - started, told, told + trials - len(tried))
        print(f"trial {len(tried)} of {trials}: dev AUC {tried[-1].auc:.4f} with {values}; {took}", flush=True)

    tried = searched(params, space, trials=trials, seed=seed, tell=tell)
    write_text(table, as_csv(tried))  # where all were done before, none was told
    best = max(tried, key=lambda trial: trial.auc)
    write_text(out, written(params, best.values))
    print(f"best: dev AUC {best.auc:.4f}, dev EER {best.eer:.4f}; {out} has its settings, {table} all trials")
