"""ASVspoof 2021 LA and DF: ``ASVspoof2021_{LA,DF}_eval*/flac`` and ``keys/{LA,DF}/CM/trial_metadata.txt``."""

import re
from functools import partial
from pathlib import Path

from bonafide.corpus.readers.asvspoof2019 import family_of
from bonafide.corpus.readers.listing import Line, by_stem, files_below, in_words, is_audio, matched
from bonafide.corpus.rows import Row, Rows


def read(root: Path, track: str) -> Rows:
    """Return the clips of `track`, LA or DF: ``LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval``.

    The fourth field is the transmission (LA) or the corpus (DF). Of the subsets, eval is the official test side;
    progress and hidden, which share its speakers, belong to none.
    """
    files = files_below(root)
    inside = re.compile(rf"(.*/)?ASVspoof2021_{track}_eval[^/]*/.*")
    audio = [path for path in files if inside.fullmatch(path) and is_audio(path)]
    keys = [path for path in files if re.fullmatch(rf"(.*/)?{track}/CM/trial_metadata\.txt", path)]
    of = partial(_row, by_stem(audio), track)
    return matched(
        [row for file in keys for row in in_words(root, file, 8, of)],
        audio,
        unnamed="no line of the keys names the file",
    )


def _row(stems: dict[str, str], track: str, line: Line, words: list[str]) -> Row:
    speaker, clip, _, origin, attack, key, _, subset = words[:8]
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
