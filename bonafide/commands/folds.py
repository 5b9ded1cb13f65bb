"""`bonafide folds`: leave-one-out protocols over the pipeline's own stages, and the table to read progress from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd

WORK = Path(".bonafide/folds")
REPLICATES = 1000


def folds(
    by: Annotated[Literal["source", "generator", "speaker"], typer.Option(help="What is held out.")] = "source",
    n_folds: Annotated[int, typer.Option("--folds", min=2, help="How many parts it is divided into.")] = 5,
    seeds: Annotated[str, typer.Option(help="Seeds of the training, with commas between.")] = "1",
    cross_fit: Annotated[
        bool,
        typer.Option("--cross-fit", help="Calibrate by the other folds, and give all that is not tested to train."),
    ] = False,
    params: Annotated[Path, typer.Option(help="The params file.")] = Path("params.yaml"),
    out: Annotated[Path, typer.Option(help="Where every fold's figures go.")] = Path("metrics/folds.csv"),
    table: Annotated[
        Path | None, typer.Option(help="A CSV in which this run becomes one row, such as docs/protocol.csv.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the row is called.")] = "default",
) -> None:
    """Hold every source (or generator, or speaker) out once: train and test in k folds, and show the spread."""
    import pandas as pd

    from bonafide.files import write_text
    from bonafide.protocol.folds import fold_folder, folds_folder, run_folds, summarise
    from bonafide.protocol.table import put_row, summary_row

    numbers = _numbers(seeds)
    rows = []
    for row in run_folds(params, by, n_folds, numbers, WORK, cross_fit=cross_fit):
        rows.append(row)
        write_text(out, pd.DataFrame(rows).to_csv(index=False))
        print(f"fold {row['fold']}, seed {row['seed']}: EER {row['eer']:.3f}, AUC {row['auc']:.3f}", flush=True)
    print(summarise(pd.DataFrame(rows)).round(4).to_string())

    folder = folds_folder(params, by, WORK)
    kept = [_kept(fold_folder(folder, by, row["fold"] - 1, n_folds, row["seed"], cross_fit=cross_fit)) for row in rows]
    row = {
        **{
            "name": name,
            "params": folder.name,
            "calibrated by": "the other folds" if cross_fit else "dev",
            "held out": by,
            "folds": n_folds,
            "seeds": " ".join(map(str, numbers)),
        },
        **{key: round(value, 4) for key, value in summary_row(kept, replicates=REPLICATES, seed=1).items()},
    }
    print(pd.Series(row).to_string())
    if table is not None:
        known = pd.read_csv(table, dtype={"seeds": str}) if table.exists() else pd.DataFrame()
        write_text(table, put_row(known, row).to_csv(index=False))


def _kept(fold: Path) -> "tuple[pd.DataFrame, dict[str, float]]":
    """Return the scores of a fold and its dev thresholds."""
    import pandas as pd

    from bonafide.protocol.folds import METRICS
    from bonafide.protocol.table import carried_over

    metrics = json.loads((fold / METRICS).read_text(encoding="utf-8"))
    return pd.read_parquet(fold / "scores.parquet"), carried_over(metrics)


def _numbers(seeds: str) -> list[int]:
    if not all(seed.strip().isdigit() for seed in seeds.split(",")):
        raise typer.BadParameter(f"--seeds takes whole numbers with commas between, not '{seeds}'")
    return [int(seed) for seed in seeds.split(",")]
