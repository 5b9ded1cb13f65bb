"""Codecfake: ``train``, ``dev``, ``test/{C1..C7,A1..A3}`` and a list of each in ``label``; neural codecs."""

import re
from functools import partial
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import Line, files_below, in_words, is_audio, matched
from bonafide.corpus.rows import Row, Rows

LIST = re.compile(r"(?:.*/)?label/(train|dev|[AC]\d)\.txt")


def read(root: Path) -> Rows:
    """Return the clips of the lists: ``SSB03930038.wav real 0``, with the number of the codec last."""
    files = files_below(root)
    audio = [path for path in files if is_audio(path)]
    places = {(PurePosixPath(path).parent.name, PurePosixPath(path).name): path for path in audio}
    rows: Rows = []
    for file in files:
        if match := LIST.fullmatch(file):
            rows += in_words(root, file, 2, partial(_row, places, match[1]))
    return matched(rows, audio, unnamed="no list in label names the file")


def _row(places: dict[tuple[str, str], str], part: str, line: Line, words: list[str]) -> Row:
    file, key = words[:2]
    official = part if part in ("train", "dev") else "test"
    codec = f"Codecfake-{words[2]}" if len(words) > 2 else ""
    folder = part if official == part else f"test/{part}"
    family = "" if part.startswith("A") else "codec"  # A1 to A3: audio that a language model made
    path = places.get((part, file), f"{folder}/{file}")
    return line.row(path, key, generator=codec, family=family, official=official)
