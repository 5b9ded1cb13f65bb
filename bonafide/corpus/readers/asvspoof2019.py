"""ASVspoof 2019 LA: ``LA/ASVspoof2019_LA_{train,dev,eval}/flac`` and a protocol for each."""

import re
from collections.abc import Mapping
from pathlib import Path

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, Line, of_protocols
from bonafide.corpus.rows import Row, Rows

PROTOCOL = re.compile(r"(.*/)?ASVspoof2019_LA_cm_protocols/ASVspoof2019\.LA\.cm\.(train|dev|eval)\.tr[nl]\.txt")
CONCATENATIVE = ("A04", "A16")  # both are MaryTTS, which joins units of speech
CONVERTED = ("A05", "A06", "A17", "A18", "A19")  # a person's words in another voice; A13 to A15 convert what a TTS says
AUDIO = re.compile(r"(.*/)?ASVspoof2019_LA_(train|dev|eval)/.*")


def read(root: Path) -> Rows:
    """Return the clips of the countermeasure protocols: ``LA_0079 LA_T_1138215 - A01 spoof``."""
    return of_protocols(root, PROTOCOL, AUDIO, 5, _row)


def family_of(attack: str) -> str:
    """Return the family of an attack; see Wang et al., ASVspoof 2019, Computer Speech & Language 64 (2020), table 1."""
    return "classic" if attack in CONCATENATIVE else "vc" if attack in CONVERTED else "tts"


def _row(stems: Mapping[str, str], protocol: re.Match[str], line: Line, words: list[str]) -> Row:
    place = f"{protocol[1] or ''}ASVspoof2019_LA_{protocol[2]}/flac"
    speaker, clip, _, attack, key = words[:5]
    return line.row(
        stems.get(clip, f"{place}/{clip}.flac"),
        key,
        speaker=speaker,
        generator=f"ASVspoof2019-{attack}",
        family=family_of(attack),
        language="en",
        license="ODC-By-1.0",
        official=OFFICIAL_WORDS[protocol[2]],
    )
