"""LibriSeVoc: recordings of LibriTTS in ``gt`` and what six neural vocoders made of each in folders beside it."""

import re
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import files_below, is_audio, ordered, reject, row
from bonafide.corpus.rows import Row, Rows

VOCODERS = ("diffwave", "melgan", "parallel_wave_gan", "wavegrad", "wavenet", "wavernn")
NAME = re.compile(r"((\d+)_\d+_\d+_\d+)(_gen)?")  # speaker, chapter, paragraph and sentence


def read(root: Path) -> Rows:
    """Return the recordings and their copies, which share a pair by the file's stem."""
    return ordered(_row(path) for path in files_below(root) if is_audio(path))


def _row(path: str) -> Row:
    place = PurePosixPath(path)
    match, folder = NAME.fullmatch(place.stem), place.parent.name
    if folder not in ("gt", *VOCODERS):
        return reject(path, "its folder is none that LibriSeVoc has")
    if not match:
        return reject(path, "its name is not SPEAKER_CHAPTER_PARAGRAPH_SENTENCE")
    label = "human" if folder == "gt" else "ai"
    # Speakers are those of LibriVox, by the same numbers as in LibriSpeech.
    return row(
        path,
        label,
        speaker=f"librivox-{match[2]}",
        generator=folder,
        language="en",
        pair=f"LibriSeVoc/{match[1]}",
    )
