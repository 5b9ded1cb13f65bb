"""ASVspoof 2021 LA and DF: ``ASVspoof2021_{LA,DF}_eval*/flac`` and ``keys/{LA,DF}/CM/trial_metadata.txt``."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bonafide.corpus.readers.asvspoof2019 import family_of
from bonafide.corpus.readers.listing import Line, of_protocols
from bonafide.corpus.rows import Row, Rows


def read(root: Path, track: str) -> Rows:
    """Return the clips of `track`, LA or DF: ``LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval``.

    The fourth field is the transmission (LA) or the corpus (DF). Of the subsets, eval is the official test side;
    progress and hidden, which share its speakers, belong to none.
    """
    keys = re.compile(rf"(.*/)?{track}/CM/trial_metadata\.txt")
    audio = re.compile(rf"(.*/)?ASVspoof2021_{track}_eval[^/]*/.*")
    return of_protocols(root, keys, audio, 8, partial(_row, track))


def _row(track: str, stems: Mapping[str, str], _: re.Match[str], line: Line, words: list[str]) -> Row:
    speaker, clip, _transmission, origin, attack, key, _trim, subset = words[:8]
    corpus = origin if origin.startswith("vcc") else ""
    return line.row(
        stems.get(clip, f"ASVspoof2021_{track}_eval/flac/{clip}.flac"),
        key,
        speaker=speaker,
        family="vc" if corpus else family_of(attack),  # the other corpora are of the Voice Conversion Challenge
        generator=f"{corpus or 'ASVspoof2019'}-{attack}",  # the attacks A07 to A19 are those of 2019
        source=corpus,
        language="" if corpus else "en",
        license="ODC-By-1.0",
        official="test" if subset == "eval" else "dropped",
    )
