"""Hyper-parameter search by keras-tuner: settings of section `train`, chosen by dev over the features that are there.

The test side is never looked at: neither its clips nor its labels are read.
"""

import copy
import hashlib
import io
import json
import math
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import Any

import keras
import pyarrow.parquet as pq
import yaml

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.corpus.companions import CompanionSettings
from bonafide.errors import UserError
from bonafide.files import write_text
from bonafide.pipeline.params import parse, read_section
from bonafide.pipeline.parts import tasks_from_parts
from bonafide.training.data import CLIP_COLUMNS, Clips, clips_of
from bonafide.training.fit import TrainSettings, fit
from bonafide.training.kernel import crop_statistics, fit_statistics

SPLIT, FEATURES = Path("data/split.parquet"), Path("data/features")
SECTION = "train"
SCALARS = (bool, int, float, str)  # what keras-tuner can choose from
DIGITS = 4  # of a value that is tried: more say nothing, and the params file is for people


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`: evenly, or evenly in their logarithm; whole numbers alone if so wished."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Trial:
    """What was tried, by dotted key, and how it did on dev."""

    values: dict[str, Any]
    auc: float
    eer: float
    seconds: float


Space = dict[str, Span | list[Any]]


def read_space(path: Path, sections: Mapping[str, Any]) -> Space:
    """Return what the YAML file `path` lets vary of the params `sections`.

    Raises
    ------
    UserError
        For a key that is unknown or not below `train`, an empty list, a span that is none, or a value that the
        stage would refuse.
    """
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(said, dict) or not said:
        raise UserError(f"{path} must hold keys such as 'train.learning_rate: [0.001, 0.0003]'")
    return {key: _range(path, key, values, sections) for key, values in said.items()}


def search(
    params: Path, space_file: Path, *, trials: int, seed: int, work: Path, tell: Callable[[list[Trial]], None]
) -> list[Trial]:
    """Try settings one after the other and return what was tried, in that order.

    A search that was interrupted goes on after its last whole trial.

    Parameters
    ----------
    params : Path
        The params file whose section `train` is varied.
    space_file : Path
        See `read_space`.
    trials : int
        How many in all, with those of earlier runs.
    seed : int
        Of the choice of settings, from 1.
    work : Path
        Where keras-tuner keeps its state, for each space, params, split and features apart.
    tell : callable
        Gets all trials, in their order, after each.
    """
    keras_tuner = _keras_tuner()
    sections = _sections(params)
    space = read_space(space_file, sections)
    clips = _clips(params)
    judge = _judge_of(sections, clips, work)

    class Tuner(keras_tuner.Tuner):  # type: ignore[name-defined, misc]
        def run_trial(self, trial: Any, **_: object) -> dict[str, float]:  # noqa: ANN401 - keras-tuner has no types
            values = {name: _short(value) for name, value in trial.hyperparameters.values.items()}
            try:
                return judge(values)
            except Exception as error:  # else it would be counted as a trial and the search go on
                raise keras_tuner.errors.FatalError from error

        def on_trial_end(self, trial: Any) -> None:  # noqa: ANN401 - likewise
            super().on_trial_end(trial)
            tell(_tried(self.oracle))

    oracle = keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("dev_auc", "max"),
        max_trials=trials,
        seed=seed,
        hyperparameters=_hyperparameters(keras_tuner, space),
        allow_new_entries=False,
    )
    name = _key(sections, space, clips, seed)
    no_trial_ended = not list((work / name).glob("tuner*.json"))  # what is there counts as a trial, but never ends
    with redirect_stdout(io.StringIO()):  # it tells where it reloads from
        tuner = Tuner(oracle, directory=str(work), project_name=name, overwrite=no_trial_ended)
    try:
        tuner.search(verbose=0)
    except keras_tuner.errors.FatalError as error:
        raise error.__cause__ or error from None
    return _tried(oracle)


def with_values(sections: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the params `sections` with the values of the dotted keys in `values`."""
    changed = copy.deepcopy(dict(sections))
    for key, value in values.items():
        *path, name = key.split(".")
        reduce(lambda section, part: section[part], path, changed)[name] = value
    return changed


def written(params: Path, values: Mapping[str, Any]) -> str:
    """Return the text of the params file `params` with other `values`, by dotted key, and all its comments."""
    text = params.read_text(encoding="utf-8")
    places = {key: _place(yaml.compose(text), key) for key in values}
    for key, place in sorted(places.items(), key=lambda of: -of[1].start):
        text = text[: place.start] + _as_yaml(values[key]) + text[place.stop :]
    return text


def _place(node: Any, key: str) -> slice:  # noqa: ANN401 - a node of PyYAML
    """Return where in its text the value of the dotted `key` stands."""
    for part in key.split("."):
        node = next(value for name, value in node.value if name.value == part)
    return slice(node.start_mark.index, node.end_mark.index)


def _as_yaml(value: Any) -> str:  # noqa: ANN401 - whatever a setting may be
    return yaml.safe_dump(value).partition("\n")[0]  # 5.0e-05; JSON's 5e-05 is a string in YAML


def _keras_tuner() -> Any:  # noqa: ANN401 - it has no types
    try:
        import keras_tuner
    except ImportError:
        raise UserError("the search needs keras-tuner: pip install 'bonafide[search]'") from None
    # It writes its state in place: a search that is stopped just then could not go on.
    keras_tuner.src.utils.save_json = _save_whole
    return keras_tuner


def _save_whole(path: str, state: Any) -> str:  # noqa: ANN401 - whatever keras-tuner keeps
    text = json.dumps(state)
    write_text(Path(path), text)
    return text


def _sections(params: Path) -> dict[str, Any]:
    read_section(params, SECTION, TrainSettings)  # says what is wrong with the file
    sections: dict[str, Any] = yaml.safe_load(params.read_text(encoding="utf-8"))
    return sections


def _range(path: Path, key: str, values: Any, sections: Mapping[str, Any]) -> Span | list[Any]:  # noqa: ANN401 - YAML
    if not str(key).startswith(f"{SECTION}."):
        raise UserError(f"{path}: {key} is not below '{SECTION}': for others change params.yaml and run `dvc repro`")
    if key == f"{SECTION}.model":
        raise UserError(f"{path}: {key} needs features of its own: set it in params.yaml and run `dvc repro`")
    known: Any = sections
    for part in key.split("."):
        if not isinstance(known, Mapping) or part not in known:
            raise UserError(f"{path}: {key} is not a known setting")
        known = known[part]
    if isinstance(values, Mapping) and not isinstance(known, Mapping):
        allowed: Span | list[Any] = _span(path, key, values)
    elif isinstance(values, list) and values and all(type(one) is type(values[0]) in SCALARS for one in values):
        allowed = values
    else:
        raise UserError(f"{path}: {key} must be a list of values of one kind, or have low and high")
    for value in allowed if isinstance(allowed, list) else _ends(allowed):
        parse(with_values(sections, {key: value})[SECTION], f"{path}: {SECTION}", TrainSettings)
    return allowed


def _span(path: Path, key: str, values: Any) -> Span:  # noqa: ANN401 - YAML
    span = parse(values, f"{path}: {key}", Span)
    if not span.low < span.high < math.inf or (span.log and span.low <= 0):
        raise UserError(f"{path}: {key}: low must be less than high, and more than 0 where log is true")
    if span.whole and not (span.low.is_integer() and span.high.is_integer()):
        raise UserError(f"{path}: {key}: low and high must be whole numbers where whole is true")
    return span


def _ends(span: Span) -> list[Any]:
    """Return the values next to the ends of `span`, as they would be tried."""
    return [round(end) if span.whole else _short(end) for end in (span.low, span.high)]


def _hyperparameters(keras_tuner: Any, space: Space) -> Any:  # noqa: ANN401 - it has no types
    found = keras_tuner.HyperParameters()
    for key, allowed in space.items():
        if isinstance(allowed, list):
            found.Choice(key, allowed, ordered=not isinstance(allowed[0], str))
            continue
        sampling = "log" if allowed.log else "linear"
        if allowed.whole:
            found.Int(key, round(allowed.low), round(allowed.high), sampling=sampling)
        else:
            found.Float(key, allowed.low, allowed.high, sampling=sampling)
    return found


def _judge_of(sections: Mapping[str, Any], clips: Clips, work: Path) -> Callable[[Mapping[str, Any]], dict[str, float]]:
    """Return what trains with other values and tells dev_auc, dev_eer and seconds."""
    known = cache(lambda: crop_statistics(clips))  # once, and not where all trials are done

    def judge(values: Mapping[str, Any]) -> dict[str, float]:
        started = time.monotonic()
        keras.backend.clear_session()  # else every trial's network stays in memory
        settings = parse(with_values(sections, values)[SECTION], f"the tried values {dict(values)}", TrainSettings)
        if settings.model == "statistics":
            _, history = fit_statistics(clips, settings, known())
        else:
            with tempfile.TemporaryDirectory(dir=work) as checkpoints:
                _, history = fit(clips, settings, Path(checkpoints))
        best = max(history, key=lambda epoch: epoch["dev_auc"])
        return {
            "dev_auc": best["dev_auc"],
            "dev_eer": best["dev_eer"],
            "seconds": round(time.monotonic() - started, 1),
        }

    return judge


def _tried(oracle: Any) -> list[Trial]:  # noqa: ANN401 - keras-tuner has no types
    """Return the whole trials of `oracle` in their order."""
    found = []
    for name in oracle.end_order:
        trial = oracle.trials[name]
        if trial.status == "COMPLETED":
            auc, eer, seconds = (trial.metrics.get_best_value(name) for name in ("dev_auc", "dev_eer", "seconds"))
            values = {key: _short(value) for key, value in trial.hyperparameters.values.items()}
            found.append(Trial(values, auc, eer, seconds))
    return found


def _short(value: Any) -> Any:  # noqa: ANN401 - whatever a setting may be
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _clips(params: Path) -> Clips:
    for path in (SPLIT, FEATURES):
        if not path.exists():
            raise UserError(f"{path} is not there: run `dvc repro features` first")
    mel, audio = read_section(params, "features", SpectrogramSettings), read_section(params, "audio", AudioSettings)
    _require_features_of(mel)
    rows = pq.read_table(SPLIT, columns=CLIP_COLUMNS, filters=[("split", "in", ["train", "dev"])]).to_pylist()
    companions = read_section(params, "companions", CompanionSettings)
    frames = mel.frames(read_section(params, SECTION, TrainSettings).crop_seconds, audio.rate)
    return clips_of(rows, FEATURES, frames, mel.n_bands, companions)


def _require_features_of(mel: SpectrogramSettings) -> None:
    wanted = {key: str(value) for key, value in vars(mel).items()}
    for part in sorted(FEATURES.glob("*.parquet")):
        facts = {key.decode(): value.decode() for key, value in (pq.read_schema(part).metadata or {}).items()}
        if not wanted.items() <= facts.items():
            raise UserError(f"{FEATURES} was made with other settings: run `dvc repro features` first")


def _key(sections: Mapping[str, Any], space: Space, clips: Clips, seed: int) -> str:
    """Return a name for exactly this search, so that no other goes on from its trials."""
    ranges = {key: allowed if isinstance(allowed, list) else vars(allowed) for key, allowed in space.items()}
    sides = [clips.train, clips.dev, clips.frames, clips.n_bands]
    facts = [
        sections[SECTION],
        sections["companions"],
        ranges,
        sides,
        [task.inputs for task in tasks_from_parts(clips.features)],
        seed,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
