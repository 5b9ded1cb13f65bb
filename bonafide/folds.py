"""Leave-one-out protocols: every source, or every generator, is once on the test side, over the pipeline's own stages.

What does not depend on the split (copies of clips, features) is computed once for all folds.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import yaml

from bonafide.cliptable import SPLIT, as_table
from bonafide.errors import UserError
from bonafide.files import write_text
from bonafide.params import read_section
from bonafide.splits import SplitSettings, fold_groups, split
from bonafide.tables import write_table

CATALOG, CLIPS = Path("data/catalog.parquet"), Path("data/clips")
FEATURES = "features"  # of all clips and copies, in the folds' folder
SHOWN = ("eer", "auc", "min_dcf", "cllr")
SHOWN_AT_THRESHOLD = ("accuracy", "fpr", "fnr", "hter")


def run_folds(params: Path, by: str, n_folds: int, seeds: list[int], work: Path) -> Iterator[dict[str, Any]]:
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

    Raises
    ------
    UserError
        When the corpus was not prepared yet, or a fold cannot be split or trained.
    """
    sections, rows, work = _prepared(params, by, work)
    features = _features_of_all(sections, rows, work)
    for fold, tested in enumerate(fold_groups(rows, by, n_folds)):
        for seed in seeds:
            folder = work / f"{by}-{fold + 1}-of-{n_folds}-seed-{seed}"
            metrics = folder / "metrics.json"
            if not metrics.exists():
                _one_fold(sections, rows, tested, seed, features, folder)
            yield {"held out": by, "fold": fold + 1, "seed": seed, **_shown(json.loads(metrics.read_text()))}


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


def _one_fold(
    sections: dict[str, Any], rows: list[dict], tested: frozenset[int], seed: int, features: Path, folder: Path
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    params = _write_params({**sections, "train": {**sections["train"], "seed": seed}}, folder)
    sides = folder / "split.parquet"
    write_table(as_table(split(rows, read_section(params, "split", SplitSettings), tested), SPLIT), sides)
    keras_model, onnx_model = folder / "bonafide.keras", folder / "bonafide.onnx"
    run_stage("train", params, sides, features, keras_model, folder / "history.csv")
    run_stage("export", params, sides, features, keras_model, onnx_model)
    names = ("scores.parquet", "measured.json", "intervals.json", "slices.csv", "plots")
    run_stage("evaluate", params, sides, CLIPS, onnx_model, *(folder / name for name in names))
    (folder / "measured.json").replace(folder / "metrics.json")  # last: a fold that has it is whole


def _features_of_all(sections: dict[str, Any], rows: list[dict], work: Path) -> Path:
    """Augment and compute features as if every clip were trained on: a copy depends on its clip alone."""
    work.mkdir(parents=True, exist_ok=True)
    params = _write_params(sections, work)
    marks = {"split": "train", "speaker_seen": True, "source_seen": True, "generator_seen": True}
    write_table(as_table([{**row, **marks} for row in rows], SPLIT), work / "all.parquet")
    run_stage("augment", params, work / "all.parquet", CLIPS, work / "augmented")
    run_stage("features", params, CLIPS, work / "augmented", work / FEATURES)
    return work / FEATURES


def _write_params(sections: dict[str, Any], folder: Path) -> Path:
    path = folder / "params.yaml"
    write_text(path, yaml.safe_dump(sections, sort_keys=False))
    return path


def _key(sections: dict[str, Any], rows: list[dict]) -> str:
    facts = json.dumps([sections, rows], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _shown(metrics: dict[str, Any]) -> dict[str, float]:
    return {
        **{name: metrics[name] for name in SHOWN},
        **{name: metrics["balanced"][name] for name in SHOWN_AT_THRESHOLD},
        **metrics["macro"],
        "clips": metrics["clips_human"] + metrics["clips_ai"],
    }
