"""LibriSeVoc: recordings of LibriTTS in ``gt`` and what six neural vocoders made of each in folders beside it."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import files_below, is_audio, ordered, read_lines, reject, row
from bonafide.corpus.rows import Row, Rows

VOCODERS = ("diffwave", "melgan", "parallel_wave_gan", "wavegrad", "wavenet", "wavernn")
LIST = re.compile(r"(.*/)?(train|dev|test)\.txt")
NAME = re.compile(r"((\d+)_\d+_\d+_\d+)(_gen)?")  # speaker, chapter, paragraph and sentence


def read(root: Path) -> Rows:
    """Return the recordings and their copies, which share a pair by the file's stem.

    The lists train.txt, dev.txt and test.txt, where they are there, name the recordings of each official side.
    """
    files = files_below(root)
    sides: dict[str, str] = {}
    broken: Rows = []
    for table in (path for path in files if LIST.fullmatch(path)):
        broken += _read_sides(root, table, sides)
    return ordered([*broken, *(_row(path, sides) for path in files if is_audio(path))])


def _read_sides(root: Path, table: str, sides: dict[str, str]) -> Iterable[Row]:
    """Add to `sides` the stems that `table` lists, and yield the lines that name no recording."""
    for line in read_lines(root, table):
        name = PurePosixPath(line.text.strip())
        if NAME.fullmatch(name.stem):
            sides[name.stem] = PurePosixPath(table).stem
        else:
            yield line.broken("it is not SPEAKER_CHAPTER_PARAGRAPH_SENTENCE.wav")


def _row(path: str, sides: dict[str, str]) -> Row:
    place = PurePosixPath(path)
    match, folder = NAME.fullmatch(place.stem), place.parent.name
    if folder not in ("gt", *VOCODERS):
        return reject(path, "its folder is none that LibriSeVoc has")
    if not match:
        return reject(path, "its name is not SPEAKER_CHAPTER_PARAGRAPH_SENTENCE")
    return row(
        path,
        "human" if folder == "gt" else "ai",
        speaker=f"librivox-{match[2]}",  # the same numbers as in LibriSpeech
        generator=folder,
        family="vocoder",
        language="en",
        pair=f"LibriSeVoc/{match[1]}",
        official=sides.get(match[1], ""),
    )
