"""SpoofCeleb: ``flac/{train,development,evaluation}/ATTACK/...`` and ``metadata/*.csv``; attack a00 is a person."""

import re
from functools import partial
from pathlib import Path

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, Line, files_below, in_columns, is_audio, matched
from bonafide.corpus.rows import Row, Rows

TABLE = re.compile(r"(.*/)?metadata/(train|development|evaluation)\.csv")
AUDIO = re.compile(r"(.*/)?flac/(train|development|evaluation)/.*")


def read(root: Path) -> Rows:
    """Return the clips of the tables, whose columns are the file, its speaker (of VoxCeleb1) and its attack."""
    files = files_below(root)
    audio = [path for path in files if AUDIO.fullmatch(path) and is_audio(path)]
    rows: Rows = []
    for file in files:
        if match := TABLE.fullmatch(file):
            place = f"{match[1] or ''}flac/{match[2]}"
            rows += in_columns(root, file, (), partial(_row, place, OFFICIAL_WORDS[match[2]]))
    return matched(rows, audio, unnamed="no table in metadata names the file")


def _row(place: str, official: str, line: Line, cells: dict[str, str]) -> Row:
    values = list(cells.values())
    if len(values) < 3:
        return line.broken(f"{len(values)} fields, where 3 are needed")
    file, speaker, attack = values[:3]
    return line.row(
        f"{place}/{file}",
        "bonafide" if attack == "a00" else "spoof",
        speaker=f"voxceleb-{speaker}",
        generator=f"SpoofCeleb-{attack}",
        family="tts",  # all 23
        official=official,
    )
