"""Augmented copies of training clips: what microphones, rooms and lines do to both classes alike."""

import hashlib
import random
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import audiomentations
import numpy as np
import pyarrow as pa
from annotated_types import Ge

from bonafide.audio.conditioning import AudioSettings, from_flac, level, quantize, to_flac
from bonafide.clips import transforms
from bonafide.corpus.table import AUDIO, as_table
from bonafide.errors import UserError
from bonafide.pipeline.parts import Task, tasks_from_parts
from bonafide.pipeline.tables import read_table, rows_of

OWN = ("Codec", "Line", "Room")  # of bonafide.clips.transforms


@dataclass(frozen=True)
class AugmentSettings:
    """Which copies are made; section `augment` of params.yaml.

    `chains` are lists of transforms by name with their arguments, of audiomentations or `bonafide.clips.transforms`;
    copy k of a clip goes through chain k modulo their number.
    """

    copies: Annotated[int, Ge(0)]
    seed: Annotated[int, Ge(0)]
    chains: tuple[tuple[dict[str, dict[str, Any]], ...], ...]


@dataclass(frozen=True)
class AugmentedAudio:
    """All that an augmented part depends on beside its clips."""

    augment: AugmentSettings
    audio: AudioSettings


def augment_tasks(clips: Path, train: set[str]) -> list[Task]:
    """Return a task for every part of `clips` that holds some of the clips named in `train`."""
    tasks = []
    for task in tasks_from_parts(clips):
        chosen = sorted(train & set(read_table(Path(task.payload), ["clip"])["clip"].to_pylist()))
        if chosen:
            tasks.append(Task(task.part, " ".join([task.inputs, *chosen]), (task.payload, chosen)))
    return tasks


def augment_part(payload: tuple[str, list[str]], settings: AugmentedAudio) -> pa.Table:
    """Return the copies of one part's training clips; `payload` is the part's path and their ids."""
    path, chosen = payload
    rows = rows_of([Path(path)], chosen, AUDIO.names)
    copies = range(1, settings.augment.copies + 1)
    return as_table([_copy(row, copy, settings) for row in rows for copy in copies], AUDIO)


def check_chains(settings: AugmentSettings) -> None:
    """Raise `UserError` where a chain names a transform or an argument that audiomentations does not have."""
    if settings.copies and not settings.chains:
        raise UserError("augment.chains is empty: name transforms, or set augment.copies to 0")
    for number, chain in enumerate(settings.chains):
        for step in chain:
            for name, arguments in step.items():
                where = f"augment.chains, chain {number + 1}: {name}"
                kind = _transform(name)
                if kind is None:
                    raise UserError(f"{where} is no transform of audiomentations, nor {' or '.join(OWN)}")
                try:
                    kind(**arguments)
                except Exception as error:  # each transform refuses its arguments in its own way
                    raise UserError(f"{where}: {error}") from None


def augmented(samples: np.ndarray, rate: int, chain: int, seed: str, settings: AugmentSettings) -> np.ndarray:
    """Return `samples`, shape (n,), through chain number `chain`; the same `seed` gives the same result."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    drawn = random.Random(number)
    for module in _drawing_modules():
        module.random = drawn  # type: ignore[attr-defined] # the global one also serves Dask's own threads, at any time
    np.random.seed(number)  # noqa: NPY002 - audiomentations draws noise from numpy's global generator
    copy: np.ndarray = _chain(settings, chain)(samples=samples, sample_rate=rate)
    return copy


@cache
def _drawing_modules() -> list[ModuleType]:
    """Return the modules of transforms that draw from the module `random`."""
    own = [module for name, module in sys.modules.items() if name.startswith(("audiomentations.", transforms.__name__))]
    return [module for module in own if getattr(module, "random", None) is random]


def _copy(row: dict[str, Any], copy: int, settings: AugmentedAudio) -> dict[str, Any]:
    rate, augment = settings.audio.rate, settings.augment
    seed = f"{augment.seed} {row['clip']} {copy}"
    samples = augmented(from_flac(row["audio"]["bytes"]), rate, (copy - 1) % len(augment.chains), seed, augment)
    samples = quantize(level(samples, settings.audio.level_dbfs))
    audio = {"bytes": to_flac(samples, rate), "path": f"{row['clip']}-{copy}.flac"}
    return {**row, "copy": copy, "audio": audio}


def _chain(settings: AugmentSettings, number: int) -> audiomentations.Compose:
    steps = [(name, arguments) for step in settings.chains[number] for name, arguments in step.items()]
    return audiomentations.Compose([_transform(name)(**arguments) for name, arguments in steps])


def _transform(name: str) -> Any:  # noqa: ANN401 - a class of audiomentations, which share no type, or None
    return getattr(transforms, name) if name in OWN else getattr(audiomentations, name, None)
