"""LibriSpeech: ``SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER-UTTERANCE.flac`` and SPEAKERS.TXT; people alone."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import OFFICIAL_WORDS, files_below, is_audio, ordered, read_lines, reject, row
from bonafide.corpus.rows import Row, Rows

PLACE = re.compile(r"(?:.*/)?(?P<part>train|dev|test)-[a-z0-9-]+/(?P<speaker>\d+)/\d+/(?P=speaker)-\d+-\d+\.\w+")


def read(root: Path) -> Rows:
    """Return the recordings by their names, with the sex that SPEAKERS.TXT states: ``14 | F | train-clean-360 ...``."""
    files = files_below(root)
    genders: dict[str, str] = {}
    broken: Rows = []
    for table in (path for path in files if PurePosixPath(path).name == "SPEAKERS.TXT"):
        broken += _read_speakers(root, table, genders)
    return ordered([*broken, *_rows(filter(is_audio, files), genders)])


def _read_speakers(root: Path, table: str, genders: dict[str, str]) -> Iterable[Row]:
    """Add to `genders` what the lines of `table` say, and yield those that cannot be read."""
    for line in read_lines(root, table):
        if line.text.startswith(";"):
            continue
        cells = [cell.strip() for cell in line.text.split("|")]
        if len(cells) < 5 or cells[1] not in ("F", "M"):
            yield line.broken("it is not SPEAKER | SEX | SUBSET | MINUTES | NAME")
        else:
            genders[cells[0]] = cells[1]


def _rows(audio: Iterable[str], genders: dict[str, str]) -> Iterable[Row]:
    for path in audio:
        match = PLACE.fullmatch(path)
        if not match:
            yield reject(path, "it is not SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER-UTTERANCE")
            continue
        yield row(
            path,
            "human",
            speaker=f"librivox-{match['speaker']}",
            gender=genders.get(match["speaker"], ""),
            language="en",
            license="CC-BY-4.0",
            official=OFFICIAL_WORDS[match["part"]],
        )
