"""`bonafide release`: the detector for other people, trained on everything."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def release(
    by: Annotated[Literal["source", "generator", "speaker"], typer.Option(help="What the folds hold out.")] = "source",
    n_folds: Annotated[int, typer.Option("--folds", min=2, help="How many networks the calibration is made by.")] = 5,
    params: Annotated[Path, typer.Option(help="The params file.")] = Path("params.yaml"),
    out: Annotated[Path, typer.Option(help="Where the ONNX file goes.")] = Path("models/release.onnx"),
    table: Annotated[
        Path | None, typer.Option(help="A CSV in which its folds become one row, such as docs/protocol.csv.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the row is called.")] = "default",
) -> None:
    """Train on every prepared clip, calibrate on what networks like it had not heard, and write the detector.

    Beside it go the Keras network, and a list of what it has heard: what the trainings of others can start from.

    It trains one network for each fold and one on everything; what was done is not done again.
    """
    from bonafide.files import write_bytes
    from bonafide.pipeline.tables import CLIPS_PER_GROUP, write_table
    from bonafide.protocol.release import release as released
    from bonafide.protocol.table import put_into
    from bonafide.training.saving import save_model

    done = released(params, by, n_folds)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_model(done.network, out.with_suffix(".keras"))
    write_table(done.heard, out.with_suffix(".heard.parquet"), CLIPS_PER_GROUP)
    write_bytes(out, done.onnx)
    if table is not None:
        put_into(table, {"name": name, **done.row})
    size = f"{len(done.onnx) / 1e6:.2f} MB"
    print(f"{out}: {size}; `bonafide use {out}` has it answer, `bonafide info {out}` says what it is")
