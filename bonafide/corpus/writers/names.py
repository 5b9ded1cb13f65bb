"""Names of clips in a corpus that is written: plain, none twice on any file system."""

import re
import unicodedata
from collections import Counter
from pathlib import Path, PurePosixPath

import soundfile

from bonafide.corpus.catalog import SUFFIXES as OF_FORMAT
from bonafide.corpus.readers.listing import is_audio
from bonafide.corpus.rows import Row, Rows

LONGEST = 80  # characters of a name: Windows takes some 250 for a whole path


def paths_of(rows: Rows) -> list[str]:
    """Return a path ``LABEL/SOURCE/NAME`` without suffix for each of `rows`, all different but for nothing but case."""
    taken: Counter[str] = Counter()
    paths = []
    for row in rows:
        place = "/".join(part for part in (row["label"], plain(row["source"])) if part)
        path = f"{place}/{plain(_stem(row['path'])) or 'clip'}"
        while taken[path.lower()]:
            taken[path.lower()] += 1
            path = f"{path}-{taken[path.lower()]}"
        taken[path.lower()] += 1
        paths.append(path)
    return paths


def plain(text: str) -> str:
    """Return `text` as a name that every system can have: letters of ASCII, digits, ``_+.-``.

    Examples
    --------
    >>> plain("Zoë: take 1"), plain("..")
    ('Zoe-take-1', '')
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w+.-]+", "-", ascii_text, flags=re.ASCII).strip(".-")[:LONGEST]


def suffix_of(row: Row, file: Path) -> str:
    """Return the suffix of the clip's name or else of its `file`, or else one that its content tells."""
    for name in (row["path"], file.name):
        if is_audio(name):
            return PurePosixPath(name).suffix.lower()
    try:
        return OF_FORMAT.get(soundfile.info(str(file)).format, (".bin",))[0]
    except soundfile.LibsndfileError:
        return PurePosixPath(row["path"]).suffix.lower() or ".bin"


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return PurePosixPath(name).stem if is_audio(name) else name
