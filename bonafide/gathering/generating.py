"""Has the speech engines of this machine speak texts: the ai side of a corpus folder."""

import hashlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from bonafide.audio.conditioning import quantize, to_flac
from bonafide.demo.engines import ENGINES, in_new_process, speak
from bonafide.errors import UserError
from bonafide.files import write_bytes
from bonafide.gathering.collecting import add_rows, slug

BATCH = 40  # sentences that one process speaks: its start costs seconds, and what it made is in clips.csv at its end
PEAK = 0.99  # of full scale: some engines go beyond it
QUIETEST_RMS = 1e-3  # -60 dBFS: an engine that was given what it cannot say gives silence
SYSTEM = Path("/usr")  # where apt-get installs flite


@dataclass(frozen=True)
class Batch:
    """Sentences for one voice of an engine; each becomes ``folder/ai/ENGINE/VOICE-DIGEST.flac``."""

    engine: str
    voice: str
    sentences: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Made:
    """What became of a batch: paths in the corpus of new clips and of old ones, and sentences that failed."""

    new: tuple[str, ...]
    old: tuple[str, ...]
    failed: tuple[str, ...]  # each with the reason


def read_texts(path: Path) -> list[str]:
    """Return the sentences in the text file `path`, one a line, each once.

    Raises
    ------
    UserError
        When the file cannot be read or holds none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no text in UTF-8: {error}") from None
    sentences = list(dict.fromkeys(line for line in (" ".join(line.split()) for line in text.split("\n")) if line))
    if not sentences:
        raise UserError(f"{path} holds no sentence: write one a line")
    return sentences


def missing(engine: str) -> str:
    """Return what to do so that `engine` can speak here; an empty string where it can."""
    absent = [name for name in ENGINES[engine].distributions if not _installed(name)]
    if absent:
        return f"pip install {' '.join(absent)}"
    if "flite" in ENGINES[engine].packages and not (SYSTEM / "bin" / "flite").exists():
        return "apt-get install flite"
    return ""


def choose(engines: str, language: str) -> tuple[list[str], dict[str, str]]:
    """Return the engines to use, and of the others why not.

    Parameters
    ----------
    engines : str
        ``"all"`` for what is installed, or names with commas between; one that is named must be able.
    language : str

    Raises
    ------
    UserError
        When a named engine is unknown or cannot speak here, or none can.
    """
    names = list(ENGINES) if engines == "all" else [name.strip() for name in engines.split(",") if name.strip()]
    if not names:
        raise UserError(f"--engines names none; known are: all, {', '.join(ENGINES)}")
    if unknown := [name for name in names if name not in ENGINES]:
        raise UserError(f"--engines: unknown {', '.join(unknown)}; known are: all, {', '.join(ENGINES)}")
    unable = {name: reason for name in names if (reason := _why_not(name, language))}
    able = [name for name in names if name not in unable]
    if not able or (unable and engines != "all"):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unable.items())
        raise UserError(f"no speech in '{language}' without what is missing: {reasons}")
    return able, unable


def plan(folder: Path, sentences: Sequence[str], engines: Sequence[str], language: str) -> list[Batch]:
    """Return the batches that have every voice of `engines` in `language` speak all `sentences`."""
    return [
        Batch(engine, voice, tuple(sentences[start : start + BATCH]), folder)
        for engine in engines
        for voice in ENGINES[engine].voices[language]
        for start in range(0, len(sentences), BATCH)
    ]


def generate(batches: Sequence[Batch], language: str, text_license: str = "") -> Iterator[tuple[Batch, Made]]:
    """Make the clips of `batches`, unless they are there, and their rows in clips.csv; yield what became of each.

    Every batch is spoken in a process of its own, as some engines keep a state that nothing resets.
    """
    for batch in batches:
        made = _made(batch)
        engine = ENGINES[batch.engine]
        facts = {"label": "ai", "speaker": _speaker(batch), "generator": engine.generator, "language": language}
        facts |= {
            "family": engine.family,
            "source": f"engine-{batch.engine}",
            "license": _license(engine.license, text_license),
        }
        add_rows(batch.folder, [{"path": path, **facts} for path in (*made.old, *made.new)])
        yield batch, made


def make(batch: Batch) -> Made:
    """Speak the sentences of `batch` whose clips are not there yet."""
    paths = {sentence: _path(batch, sentence) for sentence in batch.sentences}
    old = [path for path in paths.values() if (batch.folder / path).exists()]
    waiting = [sentence for sentence, path in paths.items() if path not in old]
    new, failed = [], []
    for sentence, samples, rate in _spoken(batch, waiting):
        if samples.size and float(np.sqrt(np.square(samples, dtype=np.float64).mean())) >= QUIETEST_RMS:
            loudest = float(np.abs(samples).max())
            flac = to_flac(quantize(samples * np.float32(min(1.0, PEAK / loudest))), rate)
            write_bytes(batch.folder / paths[sentence], flac)
            new.append(paths[sentence])
        else:
            failed.append(sentence)
    return Made(tuple(new), tuple(old), tuple(failed))


def _made(batch: Batch) -> Made:
    try:
        return in_new_process(make, batch)
    except BrokenProcessPool:
        raise UserError(f"the engine {batch.engine} broke down with voice {batch.voice}: leave it out") from None


def _spoken(batch: Batch, sentences: list[str]) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield each sentence with its speech, no samples where the engine fails on it."""
    nothing = np.zeros(0, np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        while sentences:
            speech = speak(batch.engine, batch.voice, sentences, {"flite": Path("/")}, Path(scratch))
            for place, sentence in enumerate(sentences):
                try:
                    samples, rate = next(speech)
                except (ValueError, RuntimeError):  # what the engines and numpy raise where nothing can be said
                    yield sentence, nothing, 0
                    sentences = sentences[place + 1 :]
                    break
                yield sentence, samples, rate
            else:
                return


def _path(batch: Batch, sentence: str) -> str:
    return f"ai/{batch.engine}/{_short(batch.voice)}-{hashlib.sha256(sentence.encode()).hexdigest()[:12]}.flac"


def _speaker(batch: Batch) -> str:
    return f"{batch.engine}-{_short(batch.voice)}"


def _short(voice: str) -> str:
    """Return a voice's name as the demo corpus has it, so that it stays one speaker where both are used."""
    return slug(re.sub(r".*/|[+]klatt", "", voice))


def _license(engine: str, text: str) -> str:
    return f"{engine}; text: {text}" if text else engine


def _why_not(engine: str, language: str) -> str:
    if language not in ENGINES[engine].voices:
        return f"it speaks {', '.join(ENGINES[engine].voices)} alone"
    return missing(engine)


def _installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
