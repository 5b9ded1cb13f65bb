"""ASVspoof 2019 LA: ``LA/ASVspoof2019_LA_{train,dev,eval}/flac`` and a protocol for each."""

import re
from functools import partial
from pathlib import Path

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, Line, by_stem, files_below, in_words, is_audio, matched
from bonafide.corpus.rows import Row, Rows

PROTOCOL = re.compile(r"(.*/)?ASVspoof2019_LA_cm_protocols/ASVspoof2019\.LA\.cm\.(train|dev|eval)\.tr[nl]\.txt")
CONCATENATIVE = ("A04", "A16")  # both are MaryTTS, which joins units of speech
CONVERTED = ("A05", "A06", "A17", "A18", "A19")  # a person's words in another voice; A13 to A15 convert what a TTS says
AUDIO = re.compile(r"(.*/)?ASVspoof2019_LA_(train|dev|eval)/.*")


def read(root: Path) -> Rows:
    """Return the clips of the countermeasure protocols: ``LA_0079 LA_T_1138215 - A01 spoof``."""
    files = files_below(root)
    audio = [path for path in files if AUDIO.fullmatch(path) and is_audio(path)]
    stems = by_stem(audio)
    rows: Rows = []
    for file in files:
        if match := PROTOCOL.fullmatch(file):
            place = f"{match[1] or ''}ASVspoof2019_LA_{match[2]}/flac"
            rows += in_words(root, file, 5, partial(_row, stems, place, OFFICIAL_WORDS[match[2]]))
    return matched(rows, audio, unnamed="no line of a protocol names the file")


def family_of(attack: str) -> str:
    """Return the family of an attack; see Wang et al., ASVspoof 2019, Computer Speech & Language 64 (2020), table 1."""
    return "classic" if attack in CONCATENATIVE else "vc" if attack in CONVERTED else "tts"


def _row(stems: dict[str, str], place: str, official: str, line: Line, words: list[str]) -> Row:
    speaker, clip, _, attack, key = words[:5]
    return line.row(
        stems.get(clip, f"{place}/{clip}.flac"),
        key,
        speaker=speaker,
        generator=f"ASVspoof2019-{attack}",
        family=family_of(attack),
        language="en",
        license="ODC-By-1.0",
        official=official,
    )
