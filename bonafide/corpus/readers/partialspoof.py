"""PartialSpoof: ``{train,dev,eval}/con_wav``, protocols as of ASVspoof 2019, and ``segment_labels`` in NumPy files."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from bonafide.corpus.readers.listing import (
    OFFICIAL_WORDS,
    Line,
    by_stem,
    files_below,
    in_words,
    is_audio,
    matched,
    reject,
)
from bonafide.corpus.readers.pickled import arrays_in
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.segments import Segments, ordered

PROTOCOL = re.compile(r"(.*/)?PartialSpoof_LA_cm_protocols/PartialSpoof\.LA\.cm\.(train|dev|eval)\.trl\.txt")
LABELS = re.compile(r"(?:.*/)?segment_labels/(train|dev|eval)_seglab_(0\.01|0\.02)\.npy")
AUDIO = re.compile(r"(.*/)?(train|dev|eval)/con_wav/.*")
SPOOF = "0"  # of a segment; "1" is bona fide

Labels = tuple[float, Mapping[str, np.ndarray]]  # seconds of a label, and whether each of an utterance's is spoof


def read(root: Path) -> Rows:
    """Return the clips of the protocols, ``LA_0079 CON_T_0000029 - CON spoof``, with their synthetic segments.

    These come from the labels of 20 ms, or of 10 ms, which take twice the memory; coarser ones call a segment spoof
    that only a little of is. A spoofed utterance whose labels are not there is of no use, as it would pass for one that
    is spoof throughout.
    """
    files = files_below(root)
    audio = [path for path in files if AUDIO.fullmatch(path) and is_audio(path)]
    stems = by_stem(audio)
    labels, rows = _labels(root, files)
    for file in files:
        if match := PROTOCOL.fullmatch(file):
            part = match[2]
            place = f"{(match[1] or '').removesuffix('protocols/')}{part}/con_wav"
            rows += in_words(root, file, 5, partial(_row, stems, place, part, labels.get(part)))
    return matched(rows, audio, unnamed="no line of a protocol names the file")


def _labels(root: Path, files: list[str]) -> tuple[dict[str, Labels], Rows]:
    """Return labels of each part, and what is wrong with files of them."""
    labels: dict[str, Labels] = {}
    broken: Rows = []
    for file in sorted(files, reverse=True):  # 0.02 before 0.01
        match = LABELS.fullmatch(file)
        if match and match[1] not in labels:
            try:
                texts = arrays_in(root / file)
                labels[match[1]] = float(match[2]), {clip: each.astype(str) == SPOOF for clip, each in texts.items()}
            except ValueError as error:
                broken.append(reject(file, str(error)))
    return labels, broken


def _row(stems: dict[str, str], place: str, part: str, labels: Labels | None, line: Line, words: list[str]) -> Row:
    speaker, clip, _, attack, key = words[:5]
    row = line.row(
        stems.get(clip, f"{place}/{clip}.wav"),
        key,
        speaker=speaker,
        generator=f"PartialSpoof-{attack}",
        language="en",
        official=OFFICIAL_WORDS[part],
    )
    if "reason" in row or row["label"] == "human":
        return row
    if labels is None or clip not in labels[1]:
        return line.broken(f"no labels of 10 or 20 ms in segment_labels name the spoofed utterance {clip}")
    return line.partly(row, partial(_segments, labels[1][clip], labels[0]))


def _segments(spoof: np.ndarray, step: float) -> Segments:
    """Return the runs of `spoof`, shape (n,), of `step` seconds each; none where all are, as the label says that."""
    if spoof.all():
        return []
    if not spoof.any():
        raise ValueError("its segment labels say that none of the spoofed utterance is")
    edges = np.flatnonzero(np.diff(np.concatenate(([False], spoof, [False])).astype(np.int8)))
    times = np.round(edges * step, 6).tolist()
    return ordered(zip(times[::2], times[1::2], strict=True))
