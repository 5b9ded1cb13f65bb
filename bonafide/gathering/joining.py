"""Joins corpus folders into one, so that a team's recordings train beside others'; see `bonafide.corpus.companions`."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bonafide.corpus import clips_csv
from bonafide.corpus.readers.folder import TEXT_COLUMNS, read_folder
from bonafide.corpus.rows import LABELS, Row
from bonafide.corpus.segments import as_text
from bonafide.errors import UserError

COLUMNS = ("path", "label", "family", "gender", "native_rate", *TEXT_COLUMNS, "segments")

Plan = list[tuple[Path, Row]]


def plan_join(folders: Sequence[Path], out: Path) -> Plan:
    """Return every file of the corpora `folders`, with its row of the joined table; ``path`` is below `out`.

    Pairs get the corpus's name before theirs, as two corpora may count theirs alike; a speaker or generator of two
    corpora is one.

    Raises
    ------
    UserError
        When `out` is there already or lies in one of the folders, when two folders have one name or one that labels
        its clips, when one of them is no corpus, or a file's name cannot be written into a table.
    """
    if out.exists() or out.is_symlink():
        raise UserError(f"{out} is there already: name a folder that is not")
    names = [folder.resolve().name for folder in folders]
    for folder, name in zip(folders, names, strict=True):
        if names.count(name) > 1:
            raise UserError(f"two folders have the name '{name}', under which their clips would lie: rename one")
        if name in LABELS:
            raise UserError(f"{folder} has the name of a label, under which its clips would lie: rename it")
        if out.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{out} lies in {folder}, which would then hold its own copy: name another place")
    return [
        (folder / row["path"], _renamed(row, name))
        for folder, name in zip(folders, names, strict=True)
        for row in read_folder(folder)
    ]


def join(plan: Plan, out: Path) -> Iterator[Path]:
    """Copy the files of `plan` below `out`, yielding each when it is done, and write clips.csv.

    A row whose file is not there stays in the table: the pipeline lists it among its rejects. A join that is stopped
    leaves no `out`, and the next one begins anew.
    """
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for path, row in plan:
        if path.is_file():
            target = unfinished / row["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        yield path
    rows = [
        {**row, "native_rate": row["native_rate"] or "", "segments": as_text(row.get("segments", []))}
        for _, row in plan
    ]
    clips_csv.append(unfinished / "clips.csv", rows, COLUMNS)
    unfinished.replace(out)


def _renamed(row: Row, name: str) -> Row:
    """Return the row of a clip as it is when its corpus lies in the folder `name` of another."""
    path = f"{name}/{row['path']}"
    if path != path.strip() or path != path.encode(errors="replace").decode():
        raise UserError(f"{path.encode(errors='replace').decode()!r} is no name that a table can hold: rename the file")
    return {**row, "path": path, "pair": f"{name}/{row['pair']}" if row["pair"] else ""}
