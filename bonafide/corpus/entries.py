"""What lies in a corpus folder, and which of it no reader can use: found without opening a file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bonafide.corpus.readers.listing import is_audio, reject
from bonafide.corpus.rows import Rows

DEEPEST = 5  # folders and tables below the root that tell a layout lie no deeper
NO_LINK = "it is a link that leads nowhere"
NO_FILE = "it is neither a file nor a folder, such as a pipe or a device"
NO_NAME = "its name is not in UTF-8: rename it"
NO_ENTRY = "the folder may not be read: check its permissions"
NO_BYTES = "the file is empty"


@dataclass
class Entries:
    """What lies below a folder; hidden entries are left out, as the readers leave them out.

    Attributes
    ----------
    sizes : dict of str to int
        Bytes of each file, by its path relative to the folder.
    landmarks : list of str
        Paths of the folders, and of the files that are no recordings, not far below the folder.
    faults : list of dict
        With ``path`` and ``reason``: what can be of no use, whatever the layout.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    landmarks: list[str] = field(default_factory=list)
    faults: Rows = field(default_factory=list)


def entries_of(root: Path) -> Entries:
    """Return what lies below `root`; links to folders are followed, each folder is looked into once."""
    entries = Entries()
    met: set[tuple[int, int]] = set()
    waiting = [""]
    for folder in waiting:  # which grows
        about = (root / folder).stat()
        if (about.st_dev, about.st_ino) not in met:
            met.add((about.st_dev, about.st_ino))
            waiting += _look_into(root, folder, entries)
    entries.landmarks.sort()
    entries.faults.sort(key=lambda fault: str(fault["path"]))
    return entries


def _look_into(root: Path, folder: str, entries: Entries) -> Iterator[str]:
    """Add what lies in `folder` to `entries` and yield the folders in it."""
    try:
        with os.scandir(root / folder) as inside:
            ordered = sorted((entry for entry in inside if not entry.name.startswith(".")), key=lambda one: one.name)
    except PermissionError:
        entries.faults.append(reject(folder or ".", NO_ENTRY))
        return
    near = folder.count("/") + bool(folder) < DEEPEST
    for entry in ordered:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.name != (name := entry.name.encode(errors="replace").decode()):
            entries.faults.append(reject(f"{folder}/{name}".lstrip("/"), NO_NAME))
        elif entry.is_dir():
            yield path
        elif entry.is_file():
            entries.sizes[path] = entry.stat().st_size
            if not entries.sizes[path] and is_audio(path):
                entries.faults.append(reject(path, NO_BYTES))
        else:
            entries.faults.append(reject(path, NO_LINK if entry.is_symlink() else NO_FILE))
            continue
        if near and not is_audio(path):
            entries.landmarks.append(path)
