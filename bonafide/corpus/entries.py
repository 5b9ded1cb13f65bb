"""What lies in a corpus folder, and which of it no reader can use: found without opening a file."""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bonafide.corpus import tree
from bonafide.corpus.readers.listing import is_audio, reject
from bonafide.corpus.rows import Rows

DEEPEST = 5  # folders and tables below the root that tell a layout lie no deeper
NO_BYTES = "the file is empty"


@dataclass
class Entries:
    """What lies below a folder; hidden entries are left out, as the readers leave them out.

    Attributes
    ----------
    sizes : dict of str to int
        Bytes of each file, by its path relative to the folder.
    landmarks : list of str
        Paths of the folders that are not empty, and of the files that are no recordings, not far below the folder.
    faults : list of dict
        With ``path`` and ``reason``: what can be of no use, whatever the layout.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    landmarks: list[str] = field(default_factory=list)
    faults: Rows = field(default_factory=list)


def entries_of(root: Path) -> Entries:
    """Return what lies below `root`; links to folders are followed, each folder is looked into once."""
    sizes: dict[str, int] = {}
    landmarks: set[str] = set()
    faults: Rows = []
    for entry in tree.entries(root):
        if entry.fault:
            faults.append(reject(tree.printable(entry.path), entry.fault))
            continue
        sizes[entry.path] = os.stat(f"{root}/{entry.path}").st_size  # noqa: PTH116 - quick, as there may be many
        if not sizes[entry.path] and is_audio(entry.path):
            faults.append(reject(entry.path, NO_BYTES))
        folder = entry.path.rpartition("/")[0]
        if folder and folder not in landmarks:
            place = PurePosixPath(folder)
            landmarks.update(map(str, (place, *place.parents[:-1])))
        if not is_audio(entry.path):
            landmarks.add(entry.path)
    near = sorted(path for path in landmarks if path.count("/") < DEEPEST)
    return Entries(sizes, near, sorted(faults, key=lambda fault: str(fault["path"])))
