"""Whether the files that DVC keeps are what their names say: DVC itself hashes none of them again.

DVC checks a damaged object of its cache out as a good one, and calls what it has checked out up to date.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bonafide.files import write_whole
from bonafide.progress import track

NAME = re.compile(r"[0-9a-f]{30}(\.dir)?")
DIGITS = 32  # of an MD5


def is_lock(path: Path) -> bool:
    """Return whether `path` is a dvc.lock that DVC can read: a killed run may leave an empty one, or half of one."""
    try:
        lock = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(lock, dict) and "schema" in lock and isinstance(lock.get("stages", {}), dict)


def damaged_objects(cache: Path) -> list[Path]:
    """Return the objects of the DVC cache folder `cache` whose content is not that which their names are the MD5 of."""
    objects = sorted(path for path in (cache / "files" / "md5").glob("??/*") if NAME.fullmatch(path.name))
    with ThreadPoolExecutor() as pool:
        hashed = track(pool.map(md5, objects), total=len(objects), what="checking DVC's cache")
        return [path for path, digest in zip(objects, hashed, strict=True) if digest != name_of(path)]


def mend(damaged: Sequence[Path], root: Path) -> list[Path]:
    """Put the right bytes in the place of `damaged` objects, and return those that the project `root` has not.

    What the project has whole goes back into the cache. Where it has a damaged file as well, that is removed with the
    object, so that DVC sees that it has to be fetched or made again.
    """
    places = _tracked(root, damaged)
    gone = []
    for path in damaged:
        whole = [file for file in places[name_of(path)] if md5(file) == name_of(path)]
        for file in places[name_of(path)].difference(whole):
            file.unlink()
        path.unlink()
        if whole:
            write_whole(path, partial(shutil.copyfile, whole[0]))
            path.chmod(0o444)  # as DVC has it
        else:
            gone.append(path)
    return gone


def name_of(path: Path) -> str:
    """Return the MD5 that the object `path` has by its name."""
    return (path.parent.name + path.name)[:DIGITS]


def md5(path: Path) -> str:
    """Return the MD5 of a file's content; empty where it cannot be read to its end."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
    except OSError:
        return ""


def _tracked(root: Path, damaged: Sequence[Path]) -> dict[str, set[Path]]:
    """Return the files of the project that DVC has each of the objects `damaged` for, by the object's MD5."""
    files: dict[str, set[Path]] = {name_of(path): set() for path in damaged}
    for place, digest in _outs(root) if damaged else ():
        for path, own in _files(place, digest, damaged[0].parents[1]):
            if own in files and path.is_file():
                files[own].add(path)
    return files


def _outs(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and the MD5 of each out of the locks and .dvc files below `root`."""
    for path in (*root.glob("*.dvc"), *root.glob("*/**/*.dvc"), *root.glob("dvc.lock"), *root.glob("*/dvc.lock")):
        if path.is_file() and not path.relative_to(root).parts[0].startswith("."):
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            stages: list[dict[str, Any]] = [content, *content.get("stages", {}).values()]
            for out in (out for stage in stages for out in stage.get("outs", [])):
                if "md5" in out:
                    yield path.parent / content.get("wdir", "") / out["path"], out["md5"]


def _files(place: Path, digest: str, cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of an out with the MD5 of each; of a folder none where its listing is damaged or gone."""
    if not digest.endswith(".dir"):
        yield place, digest
        return
    try:
        listing = json.loads((cache / digest[:2] / digest[2:]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for entry in listing:
        yield place / entry["relpath"], entry["md5"]
