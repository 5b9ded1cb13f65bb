"""A folder that is there whole or not at all, though it may take an hour and several runs to fill it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from bonafide.corpus.rows import Rows
from bonafide.errors import UserError
from bonafide.files import write_text

MARK = ".export.json"  # in the unfinished folder: what is being written


def begin(out: Path, kind: str, rows: Rows) -> Path:
    """Return the folder beside `out` that becomes `out` in the end; what the same export wrote before is in it.

    Raises
    ------
    UserError
        When `out` is there and not empty.
    """
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UserError(f"{out} is there already and not empty: name a folder that is not there")
    folder = out.with_name(f".{out.resolve().name}.unfinished")
    mark = json.dumps({"export": kind, "clips": len(rows), "digest": _digest(kind, rows)}) + "\n"
    if not (folder / MARK).is_file() or (folder / MARK).read_text(encoding="utf-8") != mark:
        shutil.rmtree(folder, ignore_errors=True)
        write_text(folder / MARK, mark)
    return folder


def finish(folder: Path, out: Path) -> None:
    """Put `folder`, which `begin` gave and is filled, in the place of `out`."""
    (folder / MARK).unlink()
    if out.exists():
        out.rmdir()
    folder.replace(out)


def fill(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill the file `path`, unless an earlier run has; it is there whole or not at all."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part.{path.name}")  # always the same: the next run writes over it
    write(part)
    part.replace(path)


def _digest(kind: str, rows: Rows) -> str:
    return hashlib.sha256(json.dumps([kind, rows], sort_keys=True, default=str).encode()).hexdigest()
