"""ASVspoof 5: ``flac_T``, ``flac_D``, ``flac_E_eval`` and protocols that are parted by blanks, though named tsv."""

import re
from functools import partial
from pathlib import Path

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, Line, by_stem, files_below, in_words, is_audio, matched
from bonafide.corpus.rows import Row, Rows

PROTOCOL = re.compile(r"(?:.*/)?ASVspoof5\.(train|dev|eval)(?:\.track_1)?\.tsv")
AUDIO = re.compile(r"(.*/)?flac_(T|D|E)[^/]*/.*")
PLACES = {"train": "flac_T", "dev": "flac_D", "eval": "flac_E_eval"}


def read(root: Path) -> Rows:
    """Return the clips of the protocols of track 1: ``T_4850 T_0000000000 F - - - AC3 A05 spoof -``."""
    files = files_below(root)
    audio = [path for path in files if AUDIO.fullmatch(path) and is_audio(path)]
    stems = by_stem(audio)
    rows: Rows = []
    for file in files:
        if match := PROTOCOL.fullmatch(file):
            rows += in_words(root, file, 9, partial(_row, stems, match[1]))
    return matched(rows, audio, unnamed="no line of a protocol names the file")


def _row(stems: dict[str, str], part: str, line: Line, words: list[str]) -> Row:
    speaker, clip, gender, _, _, _, _, attack, key = words[:9]
    return line.row(
        stems.get(clip, f"{PLACES[part]}/{clip}.flac"),
        key,
        speaker=speaker,
        gender=gender,
        generator=f"ASVspoof5-{attack}",
        language="en",
        license="ODC-By-1.0",
        official=OFFICIAL_WORDS[part],
    )
