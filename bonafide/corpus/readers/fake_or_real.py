"""FakeOrReal: ``for-{original,norm,2sec,rerec}/{training,validation,testing}/{real,fake}``."""

import re
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.folder import LABEL_WORDS
from bonafide.corpus.readers.listing import OFFICIAL_WORDS, files_below, is_audio, ordered, reject, row
from bonafide.corpus.rows import Row, Rows

PLACE = re.compile(r"(?:.*/)?(?P<part>training|validation|testing)/(?P<label>real|fake)/[^/]+")


def read(root: Path) -> Rows:
    """Return the clips by their folders.

    A version of a clip (``file1.wav_16k.wav_norm.wav`` of for-norm) and another of the same name, part and label are
    one pair. Some files of this corpus are empty or broken: the catalog lists them.
    """
    return ordered(_row(path) for path in files_below(root) if is_audio(path))


def _row(path: str) -> Row:
    match = PLACE.fullmatch(path)
    if not match:
        return reject(path, "it does not lie in training, validation or testing, real or fake")
    stem = PurePosixPath(path).name.partition(".")[0]
    pair = f"FakeOrReal/{match['part']}/{match['label']}/{stem}"
    label, official = LABEL_WORDS[match["label"]], OFFICIAL_WORDS[match["part"]]
    return row(path, label, family="tts", language="en", pair=pair, official=official)
