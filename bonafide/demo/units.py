"""Units of work: each makes some clips in a folder of its own, whole or not at all.

A unit's folder is named by a hash of all that its clips depend on, so that an interrupted build goes on where
it was, and no setting, package or line of code that changed is overlooked.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from bonafide.audio.conditioning import from_flac, level, quantize, to_flac
from bonafide.demo.channels import RATE, transmit
from bonafide.demo.engines import ENGINES, in_new_process, speak
from bonafide.demo.pieces import pieces
from bonafide.demo.sources import SOURCES, read, recordings
from bonafide.demo.vocoders import GENERATORS, copy
from bonafide.errors import UserError, how_to_install
from bonafide.files import write_text
from bonafide.pipeline.code_version import code_version

LIBRARIES = ("numpy", "scipy", "soundfile", "soxr", "g722", "pyworld-prebuilt")
CLIPS = "clips.json"
LEVEL_DBFS = -20  # RMS of speech before its codec, about that of the humans: a codec treats loud and quiet unlike
GOLDEN = (5**0.5 - 1) / 2  # its multiples spread evenly, so a few clips keep to the proportions of many

Clip = dict[str, Any]


class Unit(Protocol):
    """What the clips of one folder are made from; equal units make equal clips."""

    @property
    def name(self) -> str:
        """For people who look into the work folder."""

    def clips(self, folder: Path) -> Iterator[tuple[Clip, np.ndarray]]:
        """Yield what is known of each clip and its samples, shape (n,), at `RATE`.

        Files in passing may lie in `folder`.
        """


@dataclass(frozen=True)
class Human:
    """Recordings of one source, until `seconds` are there."""

    source: str
    root: Path
    version: str
    transcripts: tuple[tuple[str, str], ...]
    seconds: float
    min_seconds: float
    max_seconds: float
    seed: int

    @property
    def name(self) -> str:
        """For people who look into the work folder."""
        return f"human-{self.source}"

    def clips(self, folder: Path) -> Iterator[tuple[Clip, np.ndarray]]:
        """Yield pieces of recordings in a seeded order."""
        source = SOURCES[self.source]
        facts = {"label": "human", "generator": "", "family": "", "source": self.source, "language": source.language}
        facts |= {"gender": source.gender, "license": source.license, "channel": source.channel}
        listed = recordings(self.source, self.root, dict(self.transcripts))
        for recording in sorted(listed, key=lambda recording: shuffled(self.seed, self.source, recording.name)):
            samples = transmit(*read(recording.file), "plain")
            cut = pieces(samples, RATE, min_seconds=self.min_seconds, max_seconds=self.max_seconds)
            for number, piece in enumerate(cut):
                stem = recording.name if len(cut) == 1 else f"{recording.name}-{number:02d}"
                yield {"file": f"{stem}.flac", "speaker": recording.speaker, **facts}, piece


@dataclass(frozen=True)
class Copies:
    """Copies of recordings of one source, until `seconds` are there; they went through the channel twice."""

    source: str
    originals: Path
    seconds: float

    @property
    def name(self) -> str:
        """For people who look into the work folder."""
        return f"copies-{self.source}"

    def clips(self, folder: Path) -> Iterator[tuple[Clip, np.ndarray]]:
        """Yield copies in the order of the originals."""
        vocoder = SOURCES[self.source].copy
        for original in made(self.originals):
            samples = from_flac((self.originals / original["file"]).read_bytes())
            stem = Path(original["file"]).stem
            facts = {"file": f"{stem}-{vocoder}.flac", "label": "ai", "generator": GENERATORS[vocoder]}
            pair = {"family": "vocoder", "pair": f"{self.source}/{stem}"}
            yield {**original, **facts, **pair}, transmit(copy(samples, vocoder), RATE, original["channel"])


@dataclass(frozen=True)
class Spoken:
    """Sentences that one voice of an engine speaks, until `seconds` are there.

    Attributes
    ----------
    channels : tuple of (str, float)
        The channels that human recordings of this language came through, and the share of each.
    """

    engine: str
    voice: str
    language: str
    version: str
    packages: tuple[tuple[str, Path], ...]
    sentences: tuple[str, ...]
    channels: tuple[tuple[str, float], ...]
    seconds: float
    min_seconds: float
    max_seconds: float
    seed: int

    @property
    def name(self) -> str:
        """For people who look into the work folder."""
        return f"spoken-{self.speaker}"

    @property
    def speaker(self) -> str:
        """A voice is a speaker of its own: ``espeak-ru``."""
        return f"{self.engine}-{re.sub(r'.*/|[+]klatt', '', self.voice).lower().replace('+', '-')}"

    def clips(self, folder: Path) -> Iterator[tuple[Clip, np.ndarray]]:
        """Yield speech in a seeded order of the sentences."""
        engine = ENGINES[self.engine]
        facts = {"label": "ai", "speaker": self.speaker, "generator": engine.generator, "gender": ""}
        facts |= {
            "family": engine.family,
            "source": f"engine-{self.engine}",
            "language": self.language,
            "license": engine.license,
        }
        sentences = sorted(self.sentences, key=lambda sentence: shuffled(self.seed, self.speaker, sentence))
        speech = speak(self.engine, self.voice, sentences, dict(self.packages), folder)
        number = 0
        for samples, rate in speech:
            for piece in pieces(samples, rate, min_seconds=self.min_seconds, max_seconds=self.max_seconds):
                channel = pick(self.channels, number)
                file = f"{self.speaker.removeprefix(self.engine + '-')}-{number:03d}.flac"
                yield (
                    {"file": file, **facts, "channel": channel},
                    transmit(level(piece, LEVEL_DBFS), rate, channel),
                )
                number += 1


def shuffled(seed: int, *names: str) -> bytes:
    """Return a key that sorts things into an order that depends on their names and `seed` alone."""
    return hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()


def pick(shares: Sequence[tuple[str, float]], number: int) -> str:
    """Return the channel of clip `number`, so that any run of clips keeps to `shares`, which add up to 1."""
    point = (0.5 + number * GOLDEN) % 1.0
    for name, share in shares:
        if point < share:
            return name
        point -= share
    return shares[-1][0]


def folder_of(unit: Unit, work: Path) -> Path:
    """Return the folder that holds, or will hold, the clips of `unit`."""
    facts = [repr(unit), code_version(Path(__file__)), *map(installed, LIBRARIES)]
    return work / f"{unit.name}-{hashlib.sha256(chr(0).join(facts).encode()).hexdigest()[:16]}"


def installed(distribution: str) -> str:
    """Return name and version of what pip installed; `UserError` where it did not."""
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        raise UserError(f"the demo corpus needs {distribution}: {how_to_install('demo')}") from None


def made(folder: Path) -> list[Clip]:
    """Return what is known of the clips in the finished `folder`, in the order in which they were made."""
    clips: list[Clip] = json.loads((folder / CLIPS).read_text(encoding="utf-8"))
    return clips


def make(task: tuple[Unit, Path]) -> Path:
    """Make the clips of a unit in its folder, unless they are there, and return the folder."""
    unit, folder = task
    if not folder.exists():
        temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        if isinstance(unit, Spoken):
            in_new_process(_write, unit, temporary)
        else:
            _write(unit, temporary)
        temporary.rename(folder)
    return folder


def _write(unit: Unit, folder: Path) -> None:
    with threadpool_limits(1):
        clips = list(_written(unit.clips(folder), folder, unit.seconds))  # type: ignore[attr-defined]
    write_text(folder / CLIPS, json.dumps(clips, ensure_ascii=False, indent=1))


def _written(clips: Iterable[tuple[Clip, np.ndarray]], folder: Path, seconds: float) -> Iterator[Clip]:
    total = 0.0
    for clip, samples in clips:
        length = samples.size / RATE
        if total + length / 2 > seconds:  # without this clip it is nearer: many small units must not add up
            return
        (folder / clip["file"]).write_bytes(to_flac(quantize(samples), RATE))
        total += length
        yield {"pair": "", **clip, "seconds": length}
