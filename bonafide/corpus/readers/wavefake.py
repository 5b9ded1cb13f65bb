"""WaveFake: ``generated_audio/CORPUS_VOCODER/*.wav``, beside the recordings of LJ Speech and JSUT that were vocoded."""

import re
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import files_below, is_audio, ordered, reject, row
from bonafide.corpus.rows import Row, Rows

VOICES = {
    "ljspeech": {"speaker": "LJSpeech", "language": "en", "gender": "female"},
    "jsut": {"speaker": "JSUT", "language": "ja", "gender": "female"},
}
LICENSES = {"ljspeech": "public domain", "jsut": ""}  # JSUT's are many, by part
VOCODED = re.compile(r"(ljspeech|jsut)_(.+)")  # the folder's name
SPOKEN = re.compile(r"common_voices_prompts_from_(.+)")  # new sentences in the voice of LJ Speech: no recording of them
RECORDED = re.compile(r"(.*/)?(LJSpeech-1\.1/wavs|jsut_ver1\.1/basic5000/wav)/[^/]+")
ENDING = re.compile(r"_gen(erated)?$")


def read(root: Path) -> Rows:
    """Return the vocoded clips and what is there of their recordings, which share a pair by the file's stem."""
    return ordered(_row(path) for path in files_below(root) if is_audio(path))


def _row(path: str) -> Row:
    place = PurePosixPath(path)
    if RECORDED.fullmatch(path):
        corpus = "ljspeech" if "LJSpeech-1.1" in place.parts else "jsut"
        return row(path, "human", **VOICES[corpus], pair=_pair(corpus, place.stem), license=LICENSES[corpus])
    if match := VOCODED.fullmatch(place.parent.name):
        pair = _pair(match[1], ENDING.sub("", place.stem))
        facts = {"generator": match[2], "family": "vocoder", "license": "CC-BY-SA-4.0"}
        return row(path, "ai", **VOICES[match[1]], pair=pair, **facts)
    if match := SPOKEN.fullmatch(place.parent.name):
        return row(path, "ai", **VOICES["ljspeech"], generator=match[1], family="tts", license="CC-BY-SA-4.0")
    return reject(path, "its folder is none that WaveFake, LJ Speech or JSUT has")


def _pair(corpus: str, stem: str) -> str:
    return f"{VOICES[corpus]['speaker']}/{stem}"
