"""`bonafide check`: whether what a project keeps is whole."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from bonafide.errors import UserError
from bonafide.text import counted, printable

LOCKS = (Path("dvc.lock"), Path("data/dvc.lock"))
BROKEN = (  # of which DVC says that its validation failed, and no more
    "{lock} is empty or cut short, as a killed run leaves it: `git checkout {lock}` (or delete it, where git has none),"
    " then `dvc repro`, which takes from DVC's cache what was made"
)


def check(
    *, mend: Annotated[bool, typer.Option("--mend", help="Remove what is damaged, so that it is made anew.")] = False
) -> None:
    """Say whether DVC's locks, DVC's cache and the part store are whole; run it in the project's top folder.

    DVC checks a damaged object out as a good one, so this hashes all of them again. Exit code 1 where there is damage.
    """
    from bonafide.pipeline.dvc_objects import is_lock

    if not Path("dvc.yaml").is_file():
        raise UserError("there is no dvc.yaml here: run in the project's top folder")
    for lock in filter(Path.exists, LOCKS):
        if not is_lock(lock):
            raise UserError(BROKEN.format(lock=lock))
    damage = _objects(mend) + _parts(mend)
    if not damage:
        print("whole: DVC's locks, DVC's cache and the part store")
    elif mend:
        print("mended; now `dvc pull`, where there is a remote, then `dvc repro`")
    else:
        raise UserError("there is damage: `bonafide check --mend` removes what is damaged, so that it is made anew")


def _objects(mend: bool) -> int:
    from bonafide.pipeline import dvc_objects

    cache = _cache()
    damaged = dvc_objects.damaged_objects(cache)
    for path in damaged:
        print(f"{printable(path)} is damaged: its MD5 is not its name")
    if mend:
        gone = dvc_objects.mend(damaged, Path())
        if back := len(damaged) - len(gone):
            print(f"{counted(back, 'object')} of the cache mended from the project's own files")
    return len(damaged)


def _parts(mend: bool) -> int:
    from bonafide.pipeline.checked_parts import damaged, remove_damaged, store_folder

    paths = sorted(store_folder().glob("[!.]*.parquet"))
    damage = damaged(paths)
    for path in damage:
        print(f"{printable(path)} is damaged: its SHA-256 is not that which was kept of it")
    if mend:
        remove_damaged(damage)
    return len(damage)


def _cache() -> Path:
    """Return the folder of DVC's cache."""
    try:
        done = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as error:
        raise UserError(f"DVC cannot say where its cache is: {error.stderr.strip()}") from None
    return Path(done.stdout.strip())
