"""Which sentence a recording holds, as the packages that carry recordings say it."""

import gzip
import re
from pathlib import Path

from bonafide.demo.sentences import SENTENCES

PACKAGES = {language: f"asterisk-core-sounds-{language}" for language in ("en", "es", "fr", "it", "ru")}
LINE = re.compile(r"^([\w./-]+): *(\S.*)$")
NO_SENTENCE = re.compile(r"[\[\](){}<>@]")  # tones, noises and asides are written in brackets
WORDS = re.compile(r"[^\W\d_]{2,}")
NO_SPEECH = ("silence/", "letters/", "digits/", "phonetic/")
MIN_CHARACTERS, MAX_CHARACTERS = 30, 160  # some 2 to 10 seconds


def parse(text: str) -> dict[str, str]:
    """Return the sentence of each recording of plain speech in `text`, lines of ``name: sentence``."""
    lines = (LINE.match(line) for line in text.removeprefix("\ufeff").splitlines())
    sentences = {line[1]: " ".join(line[2].split()) for line in lines if line}
    return {name: sentence for name, sentence in sentences.items() if _is_speech(name, sentence)}


def read(root: Path) -> dict[str, str]:
    """Return the sentence of each recording, by name, from the package unpacked in `root`."""
    (file,) = root.glob("usr/share/doc/*/core-sounds-*.txt.gz")
    return parse(gzip.decompress(file.read_bytes()).decode("utf-8"))


def to_speak(language: str, transcripts: dict[str, str]) -> list[str]:
    """Return the sentences for engines: what the humans say, or our own where that is not written down."""
    sentences = transcripts.values() if transcripts else SENTENCES[language]
    return sorted({sentence for sentence in sentences if MIN_CHARACTERS <= len(sentence) <= MAX_CHARACTERS})


def _is_speech(name: str, sentence: str) -> bool:
    return not (name.startswith(NO_SPEECH) or NO_SENTENCE.search(sentence)) and bool(WORDS.search(sentence))
