"""Looks into every file of a corpus: what can be used becomes a row of the clip table, the rest gets a reason."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.recording import UnusableError
from bonafide.corpus import contents
from bonafide.corpus.measuring import Facts, Outcome, measured, stamp
from bonafide.corpus.memo import Memo, version_of
from bonafide.corpus.rows import LABELS, Family, Row, Rows
from bonafide.corpus.segments import Segments, moved, within_file
from bonafide.corpus.tree import printable
from bonafide.errors import UserError
from bonafide.pipeline.executors import run_all, run_alone

FILES_PER_TASK = 32
NONE: Segments = []  # one for all the clips that have none, and never changed
DEADLY = "the process that decoded it died: the file is damaged, or needs more memory than there is"
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
        For the readers of tables and shards: their names of the columns of the clip table.
    labels : dict of str to str
        For the same readers: what their labels mean where they are others than are known, such as ``{"0": "human"}``;
        ``{"": "human"}`` where a corpus of one class has none.
    """

    reader: str
    path: str
    side: Literal["", "train", "dev", "test", "search"] = ""
    columns: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Literal["human", "ai"]] = field(default_factory=dict)


@dataclass(frozen=True)
class CorpusSettings:
    """Where the recordings are and how they lie there; section `corpus` of params.yaml.

    `families` has a pattern for a family: see `bonafide.corpus.families`.
    """

    root: str
    readers: tuple[ReaderSettings, ...] = (ReaderSettings("folder", "."),)
    families: dict[Family, str] = field(default_factory=dict)


def examine_all(
    root: Path, rows: Rows, settings: AudioSettings, memo: Path | None = None, store: Path | None = None
) -> Iterator[Row]:
    """Yield, in no set order, what `examine` makes of each of `rows`, which a corpus reader gave.

    The rows are completed in place. Files are read in parallel. What the file `memo` knows of those that have not
    changed since is taken from there, or what the parts in `store` know of their content, and what is new goes into
    both. A file whose decoding kills its process is of no use, and stops no other.
    """
    known = Memo(memo, root, settings) if memo else None
    unread: Rows = []
    for row in rows:
        if "reason" in row:
            yield row
        elif known and (facts := _recalled(known, root, row["path"])):
            yield _completed(row, facts, settings)
        else:
            unread.append(row)
    for batch in _looked_into(root, unread, settings, store):
        if known:
            known.put((row["path"], at, facts) for row, (at, facts) in batch if at)
        yield from (_completed(row, facts, settings) for row, (_, facts) in batch)
    if known:
        known.close({row["path"] for row in rows})
    _refuse_vanished(root)


def examine(root: Path, row: Row, settings: AudioSettings) -> Row:
    """Complete `row` from its file, with a ``note`` on it, and return it, or its path and why it is of no use.

    What a reader found to be of no use stays as it is.
    """
    return row if "reason" in row else _completed(row, measured(root, row["path"], settings)[1], settings)


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
    first_of: dict[str, Row] = {}
    others: dict[str, Rows] = {}  # few have any
    for row in ordered:
        if "reason" not in row and first_of.setdefault(row["sha256"], row) is not row:
            others.setdefault(row["sha256"], []).append(row)
    clips: Rows = []
    for digest, first in first_of.items():
        same = others.get(digest, [])
        contrary = next((row for row in same if row["label"] != first["label"]), None)
        if contrary is not None:
            reason = "the same content is labelled both human and ai: {}"
            rejects += [_reject(first, reason.format(contrary["path"]))]
            rejects += [_reject(row, reason.format(first["path"])) for row in same]
            continue
        clips.append(first)
        rejects += [_reject(row, f"the same content as {first['path']}") for row in same]
        rejects += [_reject(first, first["note"], used="yes")] if first["note"] else []
    _refuse_empty_class(clips, rejects)
    return sorted(clips, key=lambda row: row["clip"]), sorted(rejects, key=lambda row: (row["path"], row["reason"]))


def _refuse_vanished(root: Path) -> None:
    """Stop where the corpus went away meanwhile, as a share does: its files would count as missing, one by one."""
    if not root.is_dir() or next(root.iterdir(), None) is None:  # what is left of a share is an empty folder
        raise UserError(f"{root} went away while it was read: bring it back, then run it again")


def _recalled(known: Memo, root: Path, path: str) -> Facts | None:
    try:
        return known.get(path, stamp(root, path))
    except OSError:
        return None


def _looked_into(
    root: Path, rows: Rows, settings: AudioSettings, store: Path | None
) -> Iterator[list[tuple[Row, Outcome]]]:
    """Yield each of `rows` with what the parts in `store` know of it, or else what is measured, some at a time."""
    version = version_of(settings)
    shared = contents.shared_facts(store, version) if store and rows else {}
    unmeasured: Rows = []
    for start in range(0, len(rows), FILES_PER_TASK):
        batch = rows[start : start + FILES_PER_TASK]
        recalled = list(zip(batch, contents.recall(root, _paths(rows, start), shared), strict=True))
        unmeasured += [row for row, outcome in recalled if outcome is None]
        yield [(row, outcome) for row, outcome in recalled if outcome is not None]
    new: dict[str, Facts] = {}
    tasks = ((start, _paths(unmeasured, start)) for start in range(0, len(unmeasured), FILES_PER_TASK))
    measure = partial(_measure_batch, root, settings)
    for start, outcomes in run_all(measure, tasks, rescue=partial(_measure_alone, root, settings)):
        new |= {facts.sha256: facts for _, facts in outcomes if facts.sha256}
        yield list(zip(unmeasured[start : start + FILES_PER_TASK], outcomes, strict=True))
    if store:
        contents.keep(new, store, version)


def _paths(rows: Rows, start: int) -> list[str]:
    return [row["path"] for row in rows[start : start + FILES_PER_TASK]]


def _measure_batch(root: Path, settings: AudioSettings, task: tuple[int, list[str]]) -> tuple[int, list[Outcome]]:
    start, paths = task
    return start, [measured(root, path, settings) for path in paths]


def _measure_alone(root: Path, settings: AudioSettings, task: tuple[int, list[str]]) -> tuple[int, list[Outcome]]:
    """Return what `_measure_batch` does of a batch that a process died of."""
    start, paths = task
    outcomes = run_alone(partial(_measure_one, root, settings), paths)
    return start, [(None, Facts(DEADLY)) if outcome is None else outcome for outcome in outcomes]


def _measure_one(root: Path, settings: AudioSettings, path: str) -> Outcome:
    return measured(root, path, settings)


def _completed(row: Row, facts: Facts, settings: AudioSettings) -> Row:
    if facts.reason:
        return {"path": printable(row["path"]), "reason": facts.reason}
    try:
        segments = _segments(row.get("segments") or NONE, facts, settings)
    except UnusableError as error:
        return {"path": row["path"], "reason": str(error)}
    path = Path(row["path"])
    row |= {  # in place: there may be 600,000, and two of each fill the memory
        "clip": f"{facts.sha256[:12]}-{path.stem}",
        "sha256": facts.sha256,
        "seconds": round(facts.seconds, 4),
        "level_dbfs": facts.level_dbfs,
        "native_rate": row["native_rate"] or facts.rate,
        "native_format": row["native_format"] or sys.intern(facts.format),
        "note": "; ".join(filter(None, (_misnamed(path, facts.format), facts.note))),
        "segments": segments,
    }
    return row


def _segments(segments: Segments, facts: Facts, settings: AudioSettings) -> Segments:
    """Return the synthetic segments of a clip in seconds of its file, after a look at what conditioning leaves.

    A clip that none is left of is of no use: it is ai by its label and would train and be tested as such, though all
    that is heard of it is human.
    """
    if not segments:
        return segments
    # Of a file that goes on after what was read of it, nobody knows the end.
    inside = within_file(segments, facts.seconds) if facts.seconds < settings.read_seconds else segments
    if not moved(inside, facts.start, facts.used):
        raise UnusableError(
            f"no synthetic segment lies in what is used of it, {facts.used:.2f} s from {facts.start:.2f} s on"
        )
    return inside


def _reject(row: Row, reason: str, used: str = "no") -> Row:
    return {"path": row["path"], "used": used, "reason": reason}


def _refuse_empty_class(clips: Rows, rejects: Rows) -> None:
    for label in LABELS:
        if not any(row["label"] == label for row in clips):
            first = next((f", the first: {row['path']}: {row['reason']}" for row in rejects), "")
            raise UserError(f"no usable clip is labelled '{label}' ({len(rejects)} files were rejected{first})")


def _misnamed(path: Path, recording_format: str) -> str:
    container = recording_format.partition("/")[0]
    if path.suffix.lower() in ("", *SUFFIXES.get(container, (path.suffix.lower(),))):  # no suffix says nothing
        return ""
    return f"the file holds {container}, though its name ends in '{path.suffix}'; it is read as {container}"
