"""VCTK: ``wav48_silence_trimmed/p225/p225_001_mic1.flac`` (0.92) or ``wav48/p225/p225_001.wav``; people alone."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import files_below, is_audio, ordered, read_lines, reject, row
from bonafide.corpus.rows import Row, Rows

PLACE = re.compile(r"(?:.*/)?wav\d+[^/]*/(?P<speaker>[ps]\d+)/(?P<clip>(?P=speaker)_\d+)(_mic\d)?\.\w+")


def read(root: Path) -> Rows:
    """Return the recordings by their names, with the gender that speaker-info.txt states.

    What two microphones heard at once is a pair.
    """
    files = files_below(root)
    genders: dict[str, str] = {}
    broken: Rows = []
    for table in (path for path in files if PurePosixPath(path).name == "speaker-info.txt"):
        broken += _read_speakers(root, table, genders)
    return ordered([*broken, *(_row(path, genders) for path in files if is_audio(path))])


def _read_speakers(root: Path, table: str, genders: dict[str, str]) -> Iterable[Row]:
    """Add to `genders` what the lines of `table` say, ``p225  23  F  English``, and yield those that cannot be read."""
    for line in read_lines(root, table):
        words = line.text.split()
        if line.number == 1 and words[0] == "ID":
            continue
        if len(words) < 3 or words[2] not in ("F", "M"):
            yield line.broken("it is not ID, AGE and GENDER")
        else:
            genders[words[0] if words[0][0] in "ps" else f"p{words[0]}"] = words[2]  # release 0.80 has numbers alone


def _row(path: str, genders: dict[str, str]) -> Row:
    match = PLACE.fullmatch(path)
    if not match:
        return reject(path, "it is not SPEAKER/SPEAKER_UTTERANCE below wav48 or wav48_silence_trimmed")
    return row(
        path,
        "human",
        speaker=f"vctk-{match['speaker']}",
        gender=genders.get(match["speaker"], ""),
        language="en",
        pair=f"VCTK/{match['clip']}",
        license="CC-BY-4.0",
    )
