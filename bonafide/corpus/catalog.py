"""Looks into every file of a corpus: what can be used becomes a row of the clip table, the rest gets a reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from bonafide.audio.conditioning import AudioSettings, check, conditioned, level_dbfs
from bonafide.audio.decoding import Recording, UnusableError, decode
from bonafide.corpus.rows import LABELS, Family, Row, Rows
from bonafide.corpus.segments import Segments, moved, within_file
from bonafide.corpus.sounds import sound_file
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
class ReaderSettings:
    """One corpus below the root; an item of `corpus.readers` in params.yaml.

    Attributes
    ----------
    reader : str
        Its layout, a name of `bonafide.corpus.readers.registry`.
    path : str
        Of its folder, or of its table, below the root.
    side : str
        The official side of all its clips, in place of the one that the corpus itself gives each; ``search`` for none,
        so that train and dev are searched for among them where another corpus is tested.
    columns : dict of str to str
        For the reader `table`: its names of the columns of the clip table.
    """

    reader: str
    path: str
    side: Literal["", "train", "dev", "test", "search"] = ""
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CorpusSettings:
    """Where the recordings are and how they lie there; section `corpus` of params.yaml.

    `families` has a pattern for a family: see `bonafide.corpus.families`.
    """

    root: str
    readers: tuple[ReaderSettings, ...] = (ReaderSettings("folder", "."),)
    families: dict[Family, str] = field(default_factory=dict)


def examine_all(root: Path, rows: Rows, settings: AudioSettings) -> Iterable[Row]:
    """Yield, in no set order, what `examine` makes of each of `rows`, which a corpus reader gave."""
    batches = [rows[start : start + FILES_PER_TASK] for start in range(0, len(rows), FILES_PER_TASK)]
    for batch in run_all(partial(_examine_batch, root, settings), batches):
        yield from batch


def examine(root: Path, row: Row, settings: AudioSettings) -> Row:
    """Return `row` completed from its file with a ``note`` on it, or its path and the ``reason`` it is of no use.

    What a reader found to be of no use stays as it is.
    """
    if "reason" in row:
        return row
    path = root / row["path"]
    if (name := row["path"].encode(errors="replace").decode()) != row["path"]:
        return {"path": name, "reason": "the file's name is not in UTF-8: rename it"}
    try:
        with sound_file(root, row["path"]) as file:
            recording = decode(file, max_seconds=settings.read_seconds)
            check(recording.samples)
            segments = _segments(row, recording, settings)
            digest = sha256(file)
    except UnusableError as error:
        return {"path": row["path"], "reason": str(error)}
    except FileNotFoundError:
        return {"path": row["path"], "reason": "clips.csv names the file, but it is not there"}
    except PermissionError:
        return {"path": row["path"], "reason": "the file may not be read: check its permissions"}
    except OSError as error:
        return {"path": row["path"], "reason": f"the file cannot be read: {error.strerror}"}
    return {
        **row,
        "clip": f"{digest[:12]}-{path.stem}",
        "sha256": digest,
        "seconds": round(recording.samples.size / recording.rate, 4),
        "level_dbfs": round(level_dbfs(recording.samples), 2),
        "native_rate": row["native_rate"] or recording.rate,
        "native_format": row["native_format"] or recording.format,
        "note": _misnamed(path, recording.format),
        "segments": segments,
    }


def _segments(row: Row, recording: Recording, settings: AudioSettings) -> Segments:
    """Return the machine-made segments of a clip in seconds of its file, after a look at what conditioning leaves.

    A clip that none is left of is of no use: it is ai by its label and would train and be tested as such, though all
    that is heard of it is human.
    """
    samples, start = conditioned(recording, settings)
    seconds = recording.samples.size / recording.rate
    # Of a file that goes on after what was read of it, nobody knows the end.
    segments = row.get("segments") or []
    segments = within_file(segments, seconds) if seconds < settings.read_seconds else segments
    if row.get("segments") and not moved(segments, start, samples.size / settings.rate):
        raise UnusableError(
            f"no machine-made segment lies in what is used of it, {samples.size / settings.rate:.2f} s from"
            f" {start:.2f} s on"
        )
    return segments


def settle(rows: Iterable[Row]) -> tuple[Rows, Rows]:
    """Sort what `examine` made of all files into rows of the clip table and the list for rejects.csv.

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
    ordered = sorted(rows, key=lambda row: row["path"])
    rejects = [_reject(row, row["reason"]) for row in ordered if "reason" in row]
    same: dict[str, Rows] = {}
    for row in ordered:
        if "reason" not in row:
            same.setdefault(row["sha256"], []).append(row)
    clips: Rows = []
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
    return sorted(clips, key=lambda row: row["clip"]), sorted(rejects, key=lambda row: (row["path"], row["reason"]))


def _examine_batch(root: Path, settings: AudioSettings, batch: Rows) -> Rows:
    return [examine(root, row, settings) for row in batch]


def _reject(row: Row, reason: str, used: str = "no") -> Row:
    return {"path": row["path"], "used": used, "reason": reason}


def _refuse_empty_class(clips: Rows, rejects: Rows) -> None:
    for label in LABELS:
        if not any(row["label"] == label for row in clips):
            first = next((f", the first: {row['path']}: {row['reason']}" for row in rejects), "")
            raise UserError(f"no usable clip is labelled '{label}' ({len(rejects)} files were rejected{first})")


def _misnamed(path: Path, recording_format: str) -> str:
    container = recording_format.partition("/")[0]
    if path.suffix.lower() in SUFFIXES.get(container, (path.suffix.lower(),)):
        return ""
    return f"the file holds {container}, though its name ends in '{path.suffix}'; it is read as {container}"
