"""Leave-one-out protocols: every source, or every generator, is once on the test side, over the pipeline's own stages.

What does not depend on the split (copies of clips, features) is computed once for all folds.

A fold is calibrated on a dev side of its own, which is then missing in training, or by cross-fitting: the network
trains on all that is not tested, and each of the other folds is judged by a network that held it out as well. No
clip then judges a network that has heard it, and none is wasted; it is how `bonafide.protocol.release` calibrates, too.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.groups import fold_groups
from bonafide.corpus.rows import Rows
from bonafide.corpus.splits import SplitSettings, assign, split, with_companions
from bonafide.corpus.table import SPLIT, as_table
from bonafide.errors import UserError
from bonafide.files import write_bytes, write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table

if TYPE_CHECKING:
    from bonafide.training.kernel import CropStatistics

CATALOG, CLIPS = Path("data/catalog.parquet"), Path("data/clips")
FEATURES = "features"  # of all clips and copies, in the folds' folder
CROSS_FITTED = "cross-fitted"  # the folds that are calibrated by the others
SIDES, KERAS, ONNX = "split.parquet", "bonafide.keras", "bonafide.onnx"  # in a fold's folder
METRICS = "details.json"  # in a fold's folder, and last: a fold that has it is whole
SHOWN = ("eer", "auc", "min_dcf", "cllr", "accuracy", "fpr", "fnr", "hter")
SHOWN_MEANS = ("auc_over_generators", "fnr_over_generators", "fpr_over_human_sources")


def run_folds(
    params: Path, by: str, n_folds: int, seeds: list[int], work: Path, *, cross_fit: bool = False
) -> Iterator[dict[str, Any]]:
    """Train and test `n_folds` times for each of `seeds`, and yield a row of metrics for each.

    Parameters
    ----------
    params : Path
        The params file; its `split.group` and `train.seed` are set by the protocol.
    by : str
        ``"source"``, ``"generator"`` or ``"speaker"``: what is held out.
    n_folds : int
    seeds : list of int
        Of the training.
    work : Path
        Where folds are kept: one that was done with the same params and clips is not done again.
    cross_fit : bool
        Whether the calibration comes from the other folds, not from a dev side.

    Raises
    ------
    UserError
        When the corpus was not prepared yet, or a fold cannot be split or trained.
    """
    sections, rows, work = _prepared(params, by, work)
    if cross_fit and (n_folds < 3 or sections["train"]["model"] != "statistics"):
        raise UserError(
            "cross-fitting needs three folds or more, and train.model statistics: others choose their epoch by dev"
        )
    features = _features_of_all(sections, rows, work)
    own, companions = parted(rows, read_section(params, "companions", CompanionSettings))
    groups = fold_groups(own, by, n_folds)
    known = None
    for fold in range(n_folds):
        for seed in seeds:
            folder = fold_folder(work, by, fold, n_folds, seed, cross_fit=cross_fit)
            metrics = folder / METRICS
            if not metrics.exists():
                params = _write_params({**sections, "train": {**sections["train"], "seed": seed}}, folder)
                if cross_fit:
                    known = known or _known(params, rows, features)
                    _cross_fitted_fold(params, own, companions, groups, fold, features, known, folder)
                else:
                    _one_fold(params, own, companions, groups[fold], features, folder)
            yield {"held out": by, "fold": fold + 1, "seed": seed, **_shown(json.loads(metrics.read_text()))}


def fold_folder(work: Path, by: str, fold: int, n_folds: int, seed: int, *, cross_fit: bool) -> Path:
    """Return where the fold with the number `fold`, from 0, is kept in the folder of `folds_folder`."""
    name = f"{by}-{fold + 1}-of-{n_folds}-seed-{seed}"
    return work / CROSS_FITTED / name if cross_fit else work / name


def folds_folder(params: Path, by: str, work: Path) -> Path:
    """Return the folder under `work` where the folds of these params and clips are kept."""
    return _prepared(params, by, work)[2]


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean, and standard deviation over folds and seeds, of each metric."""
    numbers = rows.drop(columns=["held out", "fold", "seed"])
    return pd.DataFrame({"mean": numbers.mean(), "sd over folds and seeds": numbers.std(ddof=1)})


def run_stage(name: str, *paths: Path) -> None:
    """Run stage `name` as a program with `paths` as its arguments; raise `UserError` where it fails."""
    command = [sys.executable, f"stages/{name}.py", *map(str, paths)]
    if subprocess.run(command, check=False).returncode:
        raise UserError(f"stage {name} failed; it says above why")


def _prepared(params: Path, by: str, work: Path) -> tuple[dict[str, Any], list[dict], Path]:
    """Return the params' sections for the protocol, the catalog's rows and the folder of the folds."""
    if not CLIPS.is_dir():
        raise UserError(f"{CLIPS} is not there: run `dvc repro prepare` first")
    sections = yaml.safe_load(params.read_text(encoding="utf-8"))
    sections["split"]["group"] = by
    rows = pq.read_table(CATALOG).to_pylist()
    return sections, rows, work / _key(sections, rows)


def _one_fold(params: Path, own: Rows, companions: Rows, tested: frozenset[int], features: Path, folder: Path) -> None:
    settings = read_section(params, "split", SplitSettings)
    rows = with_companions(split(own, settings, tested), companions, settings)
    write_table(as_table(rows, SPLIT), folder / SIDES)
    run_stage("train", params, folder / SIDES, features, folder / KERAS, folder / "history.csv")
    run_stage("export", params, folder / SIDES, features, folder / KERAS, folder / ONNX)
    _evaluate(params, folder)


def _known(params: Path, rows: list[dict], features: Path) -> "CropStatistics":
    from bonafide.protocol.crossfit import statistics_of_all  # TensorFlow's seconds, for those who cross-fit

    return statistics_of_all(params, rows, features)


def _cross_fitted_fold(
    params: Path,
    own: Rows,
    companions: Rows,
    groups: list[frozenset[int]],
    fold: int,
    features: Path,
    known: "CropStatistics",
    folder: Path,
) -> None:
    from bonafide.protocol.crossfit import calibrated, fit_part, held_out_logits

    settings = read_section(params, "split", SplitSettings)
    trained = with_companions(assign(own, settings, groups[fold]), companions, settings)
    write_table(as_table(trained, SPLIT), folder / SIDES)
    fit_part(params, trained, features, known, folder / KERAS)
    logits, human = [], []
    for other in sorted(set(range(len(groups))) - {fold}):
        low, high = sorted((fold, other))
        pair = folder.parent / f"pairs-{folder.name.partition('-of-')[2]}" / f"{low + 1}-and-{high + 1}"
        if not (pair / KERAS).exists():
            tested = groups[low] | groups[high]  # the network shares nothing with either, whichever is tested
            sides = with_companions(assign(own, settings, tested), companions, settings)
            write_table(as_table(sides, SPLIT), pair / SIDES)
            fit_part(params, sides, features, known, pair / KERAS)
        judged = [row for row in assign(own, settings, groups[fold], groups[other]) if row["split"] == "dev"]
        of_clip = held_out_logits(pair / KERAS, known, [row["clip"] for row in judged])
        logits += [of_clip[row["clip"]] for row in judged]
        human += [row["label"] == "human" for row in judged]
    card = {"network": "statistics", "sources": sorted({row["source"] for row in trained if row["split"] == "train"})}
    write_bytes(folder / ONNX, calibrated(folder / KERAS, params, np.array(logits), np.array(human), card))
    _evaluate(params, folder)


def _evaluate(params: Path, folder: Path) -> None:
    names = ("scores.parquet", "metrics.json", "measured.json", "intervals.json", "slices.csv", "plots")
    run_stage("evaluate", params, folder / SIDES, CLIPS, folder / ONNX, *(folder / name for name in names))
    (folder / "measured.json").replace(folder / METRICS)


def _features_of_all(sections: dict[str, Any], rows: list[dict], work: Path) -> Path:
    """Augment and compute features as if every clip were trained on: a copy depends on its clip alone."""
    params = _write_params(sections, work)
    marks = {"split": "train", "speaker_seen": True, "source_seen": True, "generator_seen": True}
    write_table(as_table([{**row, **marks} for row in rows], SPLIT), work / "all.parquet")
    run_stage("augment", params, work / "all.parquet", CLIPS, work / "augmented")
    run_stage("features", params, CLIPS, work / "augmented", work / FEATURES)
    return work / FEATURES


def _write_params(sections: dict[str, Any], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "params.yaml"
    write_text(path, yaml.safe_dump(sections, sort_keys=False))
    return path


def _key(sections: dict[str, Any], rows: list[dict]) -> str:
    facts = json.dumps([sections, rows], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _shown(metrics: dict[str, float]) -> dict[str, float]:
    return {
        **{name: metrics[name] for name in (*SHOWN, *SHOWN_MEANS)},
        "clips": metrics["clips_human"] + metrics["clips_ai"],
    }
