"""`bonafide folds`: leave-one-out protocols over the pipeline's own stages, and the table to read progress from."""

import time
from pathlib import Path
from typing import Annotated, Literal

import typer


def folds(
    by: Annotated[Literal["source", "generator", "speaker"], typer.Option(help="What is held out.")] = "source",
    n_folds: Annotated[int, typer.Option("--folds", min=2, help="How many parts it is divided into.")] = 5,
    seeds: Annotated[str, typer.Option(help="Seeds of the training, with commas between.")] = "1",
    cross_fit: Annotated[
        bool,
        typer.Option("--cross-fit", help="Calibrate by the other folds, and give all that is not tested to train."),
    ] = False,
    codecs: Annotated[
        bool, typer.Option(help="Score the tested clips a second time, each through a codec drawn at random.")
    ] = True,
    params: Annotated[Path, typer.Option(help="The params file.")] = Path("params.yaml"),
    out: Annotated[Path, typer.Option(help="Where every fold's figures go.")] = Path("metrics/folds.csv"),
    table: Annotated[
        Path | None, typer.Option(help="A CSV in which this run becomes one row, such as docs/protocol.csv.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the row is called.")] = "default",
) -> None:
    """Hold every source (or generator, or speaker) out once: train and test in k folds, and show the spread.

    Official sides of the corpora (split.official of params.yaml) count nothing here.
    """
    import pandas as pd

    from bonafide.files import write_text
    from bonafide.progress import time_left
    from bonafide.protocol.folds import run_folds
    from bonafide.protocol.protocols import read_protocol
    from bonafide.protocol.table import fold_figures, put_into, spread, table_row

    protocol = read_protocol(params, by)
    if protocol.sections["split"].get("official"):
        print(f"split.official counts nothing here: every {by} is held out once, whatever sides the corpora have")
    done, rows, started = [], [], time.monotonic()
    total = n_folds * len(_numbers(seeds))
    for fold in run_folds(protocol, n_folds, _numbers(seeds), cross_fit=cross_fit, codecs=codecs):
        done.append(fold)
        rows.append(fold_figures(fold))
        write_text(out, pd.DataFrame(rows).to_csv(index=False))
        figures = f"EER {rows[-1]['eer']:.3f}, AUC {rows[-1]['auc']:.3f}"
        took = time_left(time.monotonic() - started, len(done), total)
        print(f"fold {fold.number}, seed {fold.seed}: {figures}; {took}", flush=True)
    print(spread(pd.DataFrame(rows)).round(4).to_string())
    row = table_row(name, protocol.home.name, "the other folds" if cross_fit else "dev", done)
    print(pd.Series(row).to_string())
    if table is not None:
        put_into(table, row)


def _numbers(seeds: str) -> list[int]:
    if not all(seed.strip().isdigit() for seed in seeds.split(",")):
        raise typer.BadParameter(f"--seeds takes whole numbers with commas between, not '{seeds}'")
    return [int(seed) for seed in seeds.split(",")]
