"""Looks into every file of a corpus: what can be used becomes a row of the clip table, the rest gets a reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bonafide.audio.conditioning import AudioSettings, check, condition, level_dbfs
from bonafide.audio.decoding import UnusableError, decode
from bonafide.corpus.table import LABELS
from bonafide.errors import UserError
from bonafide.files import sha256
from bonafide.pipeline.executors import run_all

FILES_PER_TASK = 32
SUFFIXES = {
    "WAV": (".wav", ".wave"),
    "WAVEX": (".wav", ".wave"),
    "FLAC": (".flac",),
    "MP3": (".mp3", ".mpga"),
    "OGG": (".ogg", ".oga", ".opus"),
}


@dataclass(frozen=True)
class CorpusSettings:
    """Where the recordings are; section `corpus` of params.yaml."""

    root: str


Found = dict[str, Any]  # a row of the clip table with its `note`, or a `path` with the `reason` it cannot be used


def examine_all(root: Path, known: list[Found], settings: AudioSettings) -> Iterable[Found]:
    """Yield, in no set order, what `examine` finds for each of `known`, the rows of a corpus reader."""
    batches = [known[start : start + FILES_PER_TASK] for start in range(0, len(known), FILES_PER_TASK)]
    for batch in run_all(partial(_examine_batch, root, settings), batches):
        yield from batch


def examine(root: Path, known: Found, settings: AudioSettings) -> Found:
    """Return the catalog row of one file, `known` completed from its content, or its path and a ``reason``."""
    path = root / known["path"]
    if (name := known["path"].encode(errors="replace").decode()) != known["path"]:
        return {"path": name, "reason": "the file's name is not in UTF-8: rename it"}
    try:
        recording = decode(path, max_seconds=settings.read_seconds)
        check(recording.samples)
        condition(recording, settings)
    except UnusableError as error:
        return {"path": known["path"], "reason": str(error)}
    except FileNotFoundError:
        return {"path": known["path"], "reason": "clips.csv names the file, but it is not there"}
    except PermissionError:
        return {"path": known["path"], "reason": "the file may not be read: check its permissions"}
    except OSError as error:
        return {"path": known["path"], "reason": f"the file cannot be read: {error.strerror}"}
    digest = sha256(path)
    return {
        **known,
        "clip": f"{digest[:12]}-{path.stem}",
        "sha256": digest,
        "seconds": round(recording.samples.size / recording.rate, 4),
        "level_dbfs": round(level_dbfs(recording.samples), 2),
        "native_rate": known["native_rate"] or recording.rate,
        "native_format": known["native_format"] or recording.format,
        "note": _misnamed(path, recording.format),
    }


def settle(found: Iterable[Found]) -> tuple[list[Found], list[Found]]:
    """Sort what was found into rows of the clip table and the list for rejects.csv.

    The same content twice is used once; the same content under both labels is not used at all.

    Returns
    -------
    clips : list of dict
        Sorted by clip id.
    rejects : list of dict
        With ``path``, ``used`` ("no", or "yes" for a remark on a file that is used) and ``reason``, by path.

    Raises
    ------
    UserError
        When no usable clip of one of the labels is left.
    """
    ordered = sorted(found, key=lambda row: row["path"])
    rejects = [_reject(row, row["reason"]) for row in ordered if "reason" in row]
    same: dict[str, list[Found]] = {}
    for row in ordered:
        if "reason" not in row:
            same.setdefault(row["sha256"], []).append(row)
    clips: list[Found] = []
    for first, *others in same.values():
        contrary = next((row for row in others if row["label"] != first["label"]), None)
        if contrary is not None:
            reason = "the same content is labelled both human and ai: {}"
            rejects += [_reject(first, reason.format(contrary["path"]))]
            rejects += [_reject(row, reason.format(first["path"])) for row in others]
            continue
        clips.append(first)
        rejects += [_reject(row, f"the same content as {first['path']}") for row in others]
        rejects += [_reject(first, first["note"], used="yes")] if first["note"] else []
    _refuse_empty_class(clips, rejects)
    return sorted(clips, key=lambda row: row["clip"]), sorted(rejects, key=lambda row: row["path"])


def _examine_batch(root: Path, settings: AudioSettings, batch: list[Found]) -> list[Found]:
    return [examine(root, known, settings) for known in batch]


def _reject(row: Found, reason: str, used: str = "no") -> Found:
    return {"path": row["path"], "used": used, "reason": reason}


def _refuse_empty_class(clips: list[Found], rejects: list[Found]) -> None:
    for label in LABELS:
        if not any(row["label"] == label for row in clips):
            first = next((f", the first: {row['path']}: {row['reason']}" for row in rejects), "")
            raise UserError(f"no usable clip is labelled '{label}' ({len(rejects)} files were rejected{first})")


def _misnamed(path: Path, recording_format: str) -> str:
    container = recording_format.partition("/")[0]
    if path.suffix.lower() in SUFFIXES.get(container, (path.suffix.lower(),)):
        return ""
    return f"the file holds {container}, though its name ends in '{path.suffix}'; it is read as {container}"
