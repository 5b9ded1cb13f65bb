"""Hyper-parameter search by Optuna: settings of section `train`, chosen by dev over the features that are there.

The test side is never looked at: neither its clips nor its labels are read.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.errors import UserError, how_to_install
from bonafide.files import write_bytes
from bonafide.pipeline.editing import as_text, with_texts, with_values
from bonafide.pipeline.params import parse, read_section
from bonafide.pipeline.parts import part_files, tasks_from_parts
from bonafide.pipeline.paths import FEATURES, SEARCHES, SPLIT
from bonafide.training.data import CLIP_COLUMNS, Clips
from bonafide.training.fit import fit, read_training
from bonafide.training.networks.registry import NETWORKS, TrainSettings
from bonafide.training.networks.starts import Start
from bonafide.training.space import SECTION, Space, Span, read_space, short
from bonafide.training.start import read_start

if TYPE_CHECKING:
    import optuna

GRACE = 3  # seconds until the lock of a search that was killed while it wrote is taken over


@dataclass(frozen=True)
class Trial:
    """What was tried, by dotted key, and how it did on dev."""

    values: dict[str, Any]
    auc: float
    eer: float
    seconds: float


Tell = Callable[[list[Trial]], None]  # gets all trials, in their order


def search(
    params: Path, space_file: Path | None, *, trials: int, seed: int, tell: Tell, work: Path = SEARCHES
) -> list[Trial]:
    """Try settings one after the other and return what was tried, in that order.

    A search that was interrupted goes on after its last whole trial, and tries what it would have tried.

    Parameters
    ----------
    params : Path
    space_file : Path, optional
        See `read_space`; by default that of the chosen network in searches/.
    trials : int
        How many in all, with those of earlier runs.
    seed : int
        Of the choice of settings.
    tell : callable
        Called after each trial.
    work : Path
        Where the trials are kept, for each space, params, split and features apart.
    """
    sections, settings, clips = _read(params)
    space = read_space(space_file or Path("searches") / f"{settings.model}.yaml", sections)
    study = _study(work / f"{_key(settings, sections['start'], space, clips, seed)}.jsonl")
    distributions = {key: _distribution(allowed) for key, allowed in space.items()}
    examples = cache(partial(NETWORKS[settings.model].examples, clips, settings.own))  # not where all trials are done
    start = cache(partial(read_start, params))
    while (number := len(_tried(study))) < trials:
        study.sampler = _sampler(seed, number)
        trial = study.ask(distributions)
        values = {key: short(value) for key, value in trial.params.items()}
        tried = parse(with_values(sections, values)[SECTION], f"the tried values {values}", TrainSettings)
        figures = _trained(clips, tried, examples(), start())
        trial.set_user_attr("eer", figures["dev_eer"])
        trial.set_user_attr("seconds", figures["seconds"])
        study.tell(trial, figures["dev_auc"])
        tell(_tried(study))
    return _tried(study)


def as_csv(trials: Sequence[Trial]) -> str:
    """Return the list of `trials`, the best first."""
    rows = [
        {
            "trial": number,
            **trial.values,
            "dev AUC": round(trial.auc, 4),
            "dev EER": round(trial.eer, 4),
            "seconds": trial.seconds,
        }
        for number, trial in enumerate(trials, start=1)
    ]
    listed: str = pd.DataFrame(rows).sort_values("dev AUC", ascending=False, kind="stable").to_csv(index=False)
    return listed


def written(params: Path, values: Mapping[str, Any]) -> str:
    """Return the text of the params file `params` with other `values`, by dotted key, and all its comments."""
    texts = {key: as_text(value) for key, value in values.items()}
    return with_texts(params.read_text(encoding="utf-8"), texts, str(params))


def _read(params: Path) -> tuple[dict[str, Any], TrainSettings, Clips]:
    """Return the sections of `params`, its settings of the training, and the clips that train and judge."""
    for path in (SPLIT, FEATURES):
        if not path.exists():
            raise UserError(f"{path} is not there: run `dvc repro features` first")
    _require_features_of(read_section(params, "features", SpectrogramSettings))
    rows = pq.read_table(SPLIT, columns=CLIP_COLUMNS, filters=[("split", "in", ["train", "dev"])]).to_pylist()
    return yaml.safe_load(params.read_text(encoding="utf-8")), *read_training(params, rows, FEATURES)


def _require_features_of(spectrogram: SpectrogramSettings) -> None:
    wanted = {key: str(value) for key, value in vars(spectrogram).items()}
    for part in part_files(FEATURES).values():
        facts = {key.decode(): value.decode() for key, value in (pq.read_schema(part).metadata or {}).items()}
        if not wanted.items() <= facts.items():
            raise UserError(f"{FEATURES} was made with other settings: run `dvc repro features` first")


def _study(journal: Path) -> "optuna.Study":
    """Return the study that is kept in the file `journal`, one line for each thing that happened in it."""
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    except ImportError:
        raise UserError(f"the search needs Optuna: {how_to_install('search')}") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal.parent.mkdir(parents=True, exist_ok=True)
    _cut_half_line(journal)
    backend = JournalFileBackend(str(journal), JournalFileOpenLock(str(journal), GRACE))
    storage = optuna.storages.JournalStorage(backend)
    return optuna.create_study(storage=storage, study_name="search", direction="maximize", load_if_exists=True)


def _cut_half_line(journal: Path) -> None:
    """Cut what a search that was killed while it wrote left at the end: Optuna would write on in the same line."""
    content = journal.read_bytes() if journal.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        write_bytes(journal, whole)


def _sampler(seed: int, number: int) -> "optuna.samplers.BaseSampler":
    """Return what chooses the values of trial `number`; a search that goes on chooses as one that never stopped."""
    import optuna

    state = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    # Without the liar, a trial that was stopped and so never ended has no say.
    return optuna.samplers.TPESampler(seed=state, constant_liar=False)


def _distribution(allowed: Span | list[Any]) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(allowed, list):
        return CategoricalDistribution(allowed)
    if allowed.whole:
        return IntDistribution(round(allowed.low), round(allowed.high), allowed.log)
    return FloatDistribution(allowed.low, allowed.high, allowed.log)


def _trained(
    clips: Clips,
    settings: TrainSettings,
    examples: Any,  # noqa: ANN401 - each network has its own
    start: Start | None,
) -> dict[str, float]:
    """Train with `settings` and return the figures of the epoch that did best on dev, with the seconds all took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as checkpoints:
        _, history = fit(clips, settings, Path(checkpoints), examples, start)
    best = max(history, key=lambda epoch: epoch["dev_auc"])
    return {**best, "seconds": round(time.monotonic() - started, 1)}


def _tried(study: "optuna.Study") -> list[Trial]:
    """Return the whole trials of `study` in their order."""
    return [
        Trial(
            {key: short(value) for key, value in trial.params.items()},
            trial.values[0],
            trial.user_attrs["eer"],
            trial.user_attrs["seconds"],
        )
        for trial in study.get_trials(deepcopy=False)
        if trial.state.name == "COMPLETE"
    ]


def _key(settings: TrainSettings, start: dict[str, Any], space: Space, clips: Clips, seed: int) -> str:
    """Return a name for exactly this search, so that no other goes on from its trials."""
    facts = [
        [settings.model, settings.crop_seconds, settings.seed, asdict(settings.own), start],
        {key: allowed if isinstance(allowed, list) else vars(allowed) for key, allowed in space.items()},
        [clips.train, clips.dev, clips.frames, clips.n_bands, sorted(clips.companions)],
        [task.inputs for task in tasks_from_parts(clips.features)],
        seed,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
