"""The released detector: trained on every clip, calibrated by cross-fitting on clips that its folds had never heard."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.corpus.heard import StartSettings, heard_table
from bonafide.corpus.rows import Rows
from bonafide.files import HEARD
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import FOLDS
from bonafide.pipeline.tables import write_table
from bonafide.protocol.crossfit import calibrated, examples_of_all, held_out_logits, train_held_out
from bonafide.protocol.fold import Fold
from bonafide.protocol.folds import compute_features, run_stage
from bonafide.protocol.held_out import card_figures, judged_by_others, protocol_row
from bonafide.protocol.protocols import By, Protocol, read_protocol
from bonafide.training.backend import keras
from bonafide.training.export import model_card
from bonafide.training.networks.registry import TrainSettings
from bonafide.training.saving import load_model

TRUST = {  # what the card says of how far the detector can be trusted, and for what
    "trained_on": "all clips; calibrated and measured on clips of sources that a fold's network had never heard,"
    " and on none of the companions",
    "use": "research and evaluation: some sources state no licence or forbid commercial use. Retrain it on"
    " recordings of your own with `dvc repro`, `bonafide folds` and `bonafide release`",
}


@dataclass(frozen=True)
class Released:
    """A detector for other people.

    Attributes
    ----------
    onnx : bytes
        The detector.
    network : keras.Model
        What other trainings can start from.
    heard : pa.Table
        What must not test those; see `bonafide.corpus.heard.heard_table`.
    row : dict
        Its row of docs/protocol.csv, but for a name.
    """

    onnx: bytes
    network: keras.Model
    heard: pa.Table
    row: dict[str, Any]


def release(params: Path, by: By, n_folds: int, work: Path = FOLDS) -> Released:
    """Return a detector trained on all prepared clips.

    Its calibration and thresholds come from a network for each fold, trained as it is on all but that fold: each
    clip's logit is that of the one that held its source out, so no clip judges a network that has heard it. They are
    those of `bonafide folds --cross-fit` with the same params, where these are there already.

    Parameters
    ----------
    params : Path
    by : str
        What the folds hold out: ``"source"``, ``"generator"`` or ``"speaker"``.
    n_folds : int
    work : Path
        Where the folds are kept: what was done is not done again.

    Raises
    ------
    UserError
        When nothing was prepared, or the clips cannot be divided so.
    """
    protocol = read_protocol(params, by, work)
    compute_features(protocol)
    seed = read_section(params, "train", TrainSettings).seed
    folds = [Fold(protocol.cross_fitted, by, (number,), n_folds, seed) for number in range(1, n_folds + 1)]
    scores = _held_out(protocol, folds)
    judged = judged_by_others(scores)
    row = protocol_row(protocol.home.name, by, seed, judged)
    logits, human = scores["logit"].to_numpy(), (scores["label"] == "human").to_numpy()
    model, history = protocol.home / "release.keras", protocol.home / "release.csv"
    run_stage("train", protocol.params, protocol.everything, protocol.features, model, history)
    rows = pq.read_table(protocol.everything).to_pylist()
    network = load_model(model)
    card = {
        **model_card(network, rows),
        "licenses": sorted({row["license"] for row in rows} - {""}),
        "companions": sorted({row["source"] for row in protocol.companions}),
        **card_figures(judged, row),
        **TRUST,
    }
    return Released(calibrated(model, protocol.params, logits, human, card), network, _heard(params, rows), row)


def _heard(params: Path, rows: Rows) -> pa.Table:
    """Return what a network has heard that was trained on `rows`: what it started from has heard counts, too."""
    own = heard_table(rows)
    if read_section(params, "start", StartSettings).weights == "none":
        return own
    return pa.concat_tables([own, pq.read_table(HEARD).cast(own.schema)])


def _held_out(protocol: Protocol, folds: list[Fold]) -> pd.DataFrame:
    """Return all clips that are held out, with the ``logit`` of the network that had not heard each and its ``fold``.

    They are kept beside the folds: what is said of them can be said anew.
    """
    tables, examples = [], None
    for fold in folds:
        kept = fold.folder / "held-out.parquet"
        if not kept.exists():
            examples = examples_of_all(protocol) if examples is None else examples
            train_held_out(protocol, fold, protocol.params, examples)
            rows = pd.read_parquet(fold.sides, filters=[("split", "=", "test")])
            logits = held_out_logits(protocol.params, fold, examples, rows["clip"].tolist())
            scored = rows.assign(fold=fold.number, logit=rows["clip"].map(logits))
            write_table(pa.Table.from_pandas(scored, preserve_index=False), kept)
        tables.append(pd.read_parquet(kept))
        print(f"{fold.name}: {len(tables[-1])} clips held out", file=sys.stderr, flush=True)
    return pd.concat(tables, ignore_index=True)
