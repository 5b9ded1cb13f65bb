"""Leave-one-out protocols: every source, or every generator, is once on the test side, over the pipeline's own stages.

What does not depend on the split (copies of clips, features) is computed once for all folds.

A fold is calibrated on a dev side of its own, which is then missing in training, or by cross-fitting: the network
trains on all that is not tested, and each of the other folds is judged by a network that held it out as well. No
clip then judges a network that has heard it, and none is wasted; it is how `bonafide.protocol.release` calibrates, too.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml

from bonafide.corpus.table import SPLIT, as_table
from bonafide.errors import UserError
from bonafide.evaluation.robustness import RobustnessSettings, sweep_codecs
from bonafide.evaluation.scored_clips import tested
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CLIPS
from bonafide.pipeline.tables import write_table
from bonafide.protocol.fold import Fold
from bonafide.protocol.protocols import Protocol

FEWEST_CROSS_FITTED = 3  # folds: one is tested, and of the others each is judged by a network that the rest trains


def run_folds(
    protocol: Protocol, n_folds: int, seeds: Sequence[int], *, cross_fit: bool = False, codecs: bool = True
) -> Iterator[Fold]:
    """Train and test `n_folds` times for each of `seeds`, and yield each fold when it is done.

    Parameters
    ----------
    protocol : Protocol
        Its folder keeps the folds: what was done is not done again.
    n_folds : int
    seeds : sequence of int
        Of the training.
    cross_fit : bool
        Whether the calibration comes from the other folds, not from a dev side.
    codecs : bool
        Whether the tested clips are scored through codecs, too.

    Raises
    ------
    UserError
        When a fold cannot be split or trained.
    """
    if cross_fit and n_folds < FEWEST_CROSS_FITTED:
        raise UserError(f"cross-fitting needs {FEWEST_CROSS_FITTED} folds or more")
    compute_features(protocol)
    home = protocol.cross_fitted if cross_fit else protocol.home
    examples = None
    for number in range(1, n_folds + 1):
        for seed in seeds:
            fold = Fold(home, protocol.settings.group, (number,), n_folds, seed)
            if not fold.metrics.exists():
                _write_params(protocol.sections, fold.params, seed)
                if cross_fit:
                    examples = _cross_fit(protocol, fold, examples)
                else:
                    _train_with_dev(protocol, fold)
                _evaluate(fold)
            if codecs and not fold.coded.exists():
                _score_coded(protocol, fold)
            yield fold


def run_stage(name: str, *paths: Path) -> None:
    """Run stage `name` as a program with `paths` as its arguments; raise `UserError` where it fails."""
    command = [sys.executable, f"stages/{name}.py", *map(str, paths)]
    if subprocess.run(command, check=False).returncode:
        raise UserError(f"stage {name} failed; it says above why")


def _train_with_dev(protocol: Protocol, fold: Fold) -> None:
    write_table(as_table(protocol.sides_with_dev(fold), SPLIT), fold.sides)
    history = fold.folder / "history.csv"
    run_stage("train", fold.params, fold.sides, protocol.features, fold.keras, history)
    run_stage("export", fold.params, fold.sides, CLIPS, fold.keras, fold.onnx)


def _cross_fit(protocol: Protocol, fold: Fold, examples: Any) -> Any:  # noqa: ANN401 - each network has its own
    """Train and calibrate `fold`; return what the next one can use of it."""
    from bonafide.protocol import crossfit  # TensorFlow's seconds, for those who cross-fit

    examples = crossfit.examples_of_all(protocol) if examples is None else examples
    crossfit.train_and_calibrate(protocol, fold, examples)
    return examples


def _evaluate(fold: Fold) -> None:
    measured = fold.folder / "measured.json"
    headline, *others = (fold.folder / name for name in ("metrics.json", "intervals.json", "slices.csv", "plots"))
    run_stage("evaluate", fold.params, fold.sides, CLIPS, fold.onnx, fold.scores, headline, measured, *others)
    measured.replace(fold.metrics)


def _score_coded(protocol: Protocol, fold: Fold) -> None:
    """Score the tested clips again, each through a codec: the same one for a clip in every fold and seed."""
    settings = read_section(protocol.params, "robustness", RobustnessSettings)
    rows = tested(pd.read_parquet(fold.scores))
    scored = sweep_codecs(fold.onnx, CLIPS, rows, settings.seed)
    write_table(pa.Table.from_pandas(scored, preserve_index=False), fold.coded)


def compute_features(protocol: Protocol) -> None:
    """Augment and compute features as if every clip were trained on: a copy depends on its clip alone."""
    _write_params(protocol.sections, protocol.params)
    marks = {"split": "train", "speaker_seen": True, "source_seen": True, "generator_seen": True}
    write_table(as_table([{**row, **marks} for row in protocol.rows], SPLIT), protocol.everything)
    augmented = protocol.home / "augmented"
    run_stage("augment", protocol.params, protocol.everything, CLIPS, augmented)
    run_stage("features", protocol.params, CLIPS, augmented, protocol.features)


def _write_params(sections: dict[str, Any], path: Path, seed: int | None = None) -> None:
    if seed is not None:
        sections = {**sections, "train": {**sections["train"], "seed": seed}}
    write_text(path, yaml.safe_dump(sections, sort_keys=False))
