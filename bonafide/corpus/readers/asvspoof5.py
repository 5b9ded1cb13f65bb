"""ASVspoof 5: ``flac_T``, ``flac_D``, ``flac_E_eval`` and protocols that are parted by blanks, though named tsv."""

import re
from collections.abc import Mapping
from pathlib import Path

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, Line, of_protocols
from bonafide.corpus.rows import Row, Rows

PROTOCOL = re.compile(r"(?:.*/)?ASVspoof5\.(train|dev|eval)(?:\.track_1)?\.tsv")
AUDIO = re.compile(r"(.*/)?flac_(T|D|E)[^/]*/.*")
PLACES = {"train": "flac_T", "dev": "flac_D", "eval": "flac_E_eval"}


def read(root: Path) -> Rows:
    """Return the clips of the protocols of track 1: ``T_4850 T_0000000000 F - - - AC3 A05 spoof -``."""
    return of_protocols(root, PROTOCOL, AUDIO, 9, _row)


def _row(stems: Mapping[str, str], protocol: re.Match[str], line: Line, words: list[str]) -> Row:
    speaker, clip, gender, _, _, _, _, attack, key = words[:9]
    return line.row(
        stems.get(clip, f"{PLACES[protocol[1]]}/{clip}.flac"),
        key,
        speaker=speaker,
        gender=gender,
        generator=f"ASVspoof5-{attack}",
        language="en",
        license="ODC-By-1.0",
        official=OFFICIAL_WORDS[protocol[1]],
    )
