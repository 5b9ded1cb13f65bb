"""LlamaPartialSpoof: ``R01TTS.0.a``, ``R01TTS.0.b`` and a list of the pieces of each utterance in ``label_*.txt``."""

import re
from functools import partial
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import Line, files_below, in_words, is_audio, matched
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.segments import Segments, ordered

LIST = re.compile(r"(.*/)?label_(R01TTS[^/]*)\.txt")
PIECE = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)-(spoof|bonafide)")
LIBRITTS = re.compile(r"(?:dev|test)-clean_(\d+)_.*")  # utterances as LibriTTS has them; 1462 is the reader


def read(root: Path) -> Rows:
    """Return the clips of the lists: ``NAME 4.73 spoof 0.000-1.230-bonafide 1.230-2.500-spoof 2.500-4.730-bonafide``.

    Its makers publish it for testing alone, so all of it is of the test side.
    """
    files = files_below(root)
    audio = [path for path in files if is_audio(path)]
    places = {(PurePosixPath(path).parent.name, PurePosixPath(path).stem): path for path in audio}
    rows: Rows = []
    for file in files:
        if match := LIST.fullmatch(file):
            rows += in_words(root, file, 4, partial(_row, places, match[1] or "", match[2]))
    return matched(rows, audio, unnamed="no label_*.txt names the file")


def _row(places: dict[tuple[str, str], str], before: str, part: str, line: Line, words: list[str]) -> Row:
    clip, _, key, *pieces = words
    reader = LIBRITTS.fullmatch(clip)
    row = line.row(
        places.get((part, clip), f"{before}{part}/{clip}.wav"),
        key,
        speaker=f"librivox-{reader[1]}" if reader else "",
        language="en",
        official="test",
    )
    return row if "reason" in row else line.partly(row, partial(_segments, pieces))


def _segments(pieces: list[str]) -> Segments:
    """Return the synthetic ones of `pieces`; none where all are, as the label says that already."""
    matches = [PIECE.fullmatch(piece) for piece in pieces]
    if not all(matches):
        raise ValueError("its pieces must be like 1.230-2.500-spoof")
    kinds = {match[3] for match in matches if match}
    stretches = [(float(match[1]), float(match[2])) for match in matches if match and match[3] == "spoof"]
    return ordered(stretches) if len(kinds) > 1 else []
