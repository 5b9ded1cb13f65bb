"""What would become of a corpus, said before anything runs: what is there, what is wrong, how it could be divided."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bonafide.corpus.companions import CompanionSettings
from bonafide.corpus.entries import Entries
from bonafide.corpus.heard import NOTHING, Heard
from bonafide.corpus.official import SIDES
from bonafide.corpus.readers.listing import is_audio
from bonafide.corpus.rows import LABELS, Row, Rows
from bonafide.corpus.sides import divided
from bonafide.corpus.splits import SplitSettings, describe
from bonafide.corpus.tally import plural, sides_of, unknown
from bonafide.errors import UserError
from bonafide.text import counted, listed

# Suffixes of what holds sound but which the readers of published corpora pass over.
OTHER_SOUND = (
    ".aac", ".aif", ".aiff", ".amr", ".ape", ".au", ".caf", ".m4b", ".mka", ".mkv", ".mov", ".mp2", ".mp4", ".mpga",
    ".sph", ".voc", ".w64", ".webm", ".wma", ".wv",
)  # fmt: skip
FEWEST = 3  # of a group: train, dev and test need one each
LINE = re.compile(r"\S+, line \d+ names")  # the part of a reason that is each line's own
SAME = re.compile(r"(the same content (as|is labelled both human and ai)).+")
TWICE = re.compile(r".+ stands in .+, line \d+ already")
YAML_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")  # which are no texts
NUMBER = re.compile(r"(?<![\w-])\d+([.,]\d+)?")  # that stands by itself: UTF-8 stays


@dataclass(frozen=True)
class Fault:
    """One kind of fault: what it is, how many there are, and the path of the first."""

    kind: str
    count: int
    first: str


@dataclass(frozen=True)
class Preview:
    """What the split would do: its sides in lines, or why there can be none."""

    sides: str = ""
    refusal: str = ""


def sample_of(rows: Rows, most: int, seed: int) -> Rows:
    """Return at most so many of `rows`, drawn by `seed`, in their order."""
    if len(rows) <= most:
        return rows
    drawn = np.random.default_rng(seed).choice(len(rows), most, replace=False)
    return [rows[number] for number in sorted(drawn.tolist())]


def kinds_of(faults: Iterable[Row]) -> list[Fault]:
    """Return the kinds of `faults`, rows with ``path`` and ``reason``: those that are most first."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for fault in faults:
        kind = _kind(fault["reason"])
        counts[kind] += 1
        first.setdefault(kind, f"{fault['path']}: {fault['reason']}" if kind != fault["reason"] else fault["path"])
    return [Fault(kind, count, first[kind]) for kind, count in counts.most_common()]


def all_faults(rows: Iterable[Row], entries: Entries) -> Rows:
    """Return the rows with a ``reason``, and what is wrong with `entries` that no row says, each path once."""
    faults = {fault["path"]: fault for fault in entries.faults}
    return [row for row in rows if "reason" in row and row["path"] not in faults] + list(faults.values())


def remarks_on(rows: Rows, entries: Entries) -> list[str]:
    """Return a sentence for each thing that a person may want to mend, though the corpus can be used as it is."""
    return [*_copies(rows, entries), *_passed_over(rows, entries), *_thin(rows)]


def preview(rows: Rows, settings: SplitSettings, companions: CompanionSettings, heard: Heard = NOTHING) -> Preview:
    """Return what the stage split would make of `rows`, which need no ``clip`` yet."""
    for label in LABELS:
        if not any(row["label"] == label for row in rows):
            return Preview(
                refusal=f"no clip is labelled '{label}': name a second corpus that has some in corpus.readers"
            )
    named = [{**row, "clip": row.get("clip", row["path"])} for row in rows]
    try:
        return Preview(sides=describe(divided(named, settings, companions, heard)))
    except UserError as error:
        return Preview(refusal=str(error))


def official_sides(rows: Rows) -> str:
    """Return what sides the corpus itself gives its clips, in a row; empty where it gives none."""
    sides = sides_of(rows, "official")
    if not any(side in sides for side in SIDES):
        return ""
    texts = [
        f"{name or 'none'} {', '.join(f'{sides[name][label]} {label}' for label in LABELS)}"
        for name in (*SIDES, "dropped", "")
        if name in sides
    ]
    return "; ".join(texts)


def _kind(reason: str) -> str:
    reason = LINE.sub("a line names", TWICE.sub("a clip that stands in another line already", reason))
    return NUMBER.sub("N", SAME.sub(r"\1 …", reason))


def _copies(rows: Rows, entries: Entries) -> Iterable[str]:
    groups: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        if size := entries.sizes.get(row["path"], 0):
            groups.setdefault((row["path"].rpartition("/")[2].lower(), size), []).append(row["path"])
    same = [paths for paths in groups.values() if len(paths) > 1]
    if same:
        copies = sum(len(paths) - 1 for paths in same)
        yield (
            f"{counted(copies, 'file')} may be there twice, by name and size, the first {listed(same[0][:2])}: the same"
            " content is used once, and not at all where it is labelled both human and ai"
        )


def _passed_over(rows: Rows, entries: Entries) -> Iterable[str]:
    used = {row["path"] for row in rows}
    left = Counter(Path(path).suffix.lower() for path in entries.sizes if path not in used and not is_audio(path))
    sound = {suffix: count for suffix, count in left.items() if suffix in OTHER_SOUND}
    if sound:
        yield (
            f"passed over: {counted(sum(sound.values()), 'file')} in {listed(sorted(sound))}, which may hold sound:"
            " convert such to FLAC or WAV"
        )


def _thin(rows: Rows) -> Iterable[str]:
    """Too little variety: what a detector would then learn in place of the class."""
    for label, columns in (("human", ("source", "speaker")), ("ai", ("source", "generator"))):
        inside = [row for row in rows if row["label"] == label]
        for column in columns if inside else ():
            values = {row.get(column, "") for row in inside} - {""}
            bare = unknown(rows, column, label)
            if bare == len(inside):
                yield f"no {label} clip says its {column}: what shares one may end on two sides of the split"
            elif len(values) < FEWEST:
                names = plural(column) if len(values) > 1 else column
                yield f"the {label} clips have {len(values)} {names}: a detector may learn that for the class"
            elif bare:
                yield f"{bare} of {len(inside)} {label} clips do not say their {column}, and the split goes by less"


def with_reason(rows: Iterable[Row]) -> tuple[Rows, Rows]:
    """Return the rows of clips and those that have a ``reason`` to be none."""
    clips: Rows = []
    others: Rows = []
    for row in rows:
        (others if "reason" in row else clips).append(row)
    return clips, others


def params_lines(root: Path, readers: Iterable[tuple[str, str]]) -> str:
    """Return section `corpus` of params.yaml for `readers`, each the name of a reader and its path below `root`."""
    lines = [f"    - {{reader: {reader}, path: {_yaml(path)}}}" for reader, path in readers]
    return "\n".join(["corpus:", f"  root: {_yaml(str(root))}", "  readers:", *lines])


def _yaml(text: str) -> str:
    """Return `text` as YAML has it within braces: as it is where it is a plain path."""
    plain = text == "." or re.fullmatch(r"[A-Za-z_/]([\w./+ -]*[\w/])?", text, re.ASCII)
    return text if plain and text.lower() not in YAML_WORDS else json.dumps(text)
