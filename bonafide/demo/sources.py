"""Human recordings in Debian packages: who speaks, in what language, through what channel."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bonafide.audio.conditioning import INT16
from bonafide.clips.codecs import TELEPHONE_RATE, WIDE_RATE, decode_g722, decode_gsm

PROMPTS = "usr/share/asterisk/sounds"
FISH = re.compile(r"-(?P<who>[mv])-[a-z0-9]+$")  # Czech: malá, the small fish, and velká, the big one
# Recordings of codec2 that hold one person and were not made by a codec or a modem, with the person's id.
CODEC2 = {
    "raw/big_dog.raw": "big-dog",
    "raw/cq_ref.raw": "cq-ref",
    "raw/cross.raw": "cross",
    "raw/forig.raw": "forig",
    "raw/g3plx.raw": "g3plx",
    "raw/hts1.raw": "hts1",
    "raw/hts2.raw": "hts2",
    "raw/kristoff.raw": "kristoff",
    "raw/mmt1.raw": "mmt1",
    "raw/morig.raw": "morig",
    "raw/ve9qrp.raw": "ve9qrp",
    "raw/vk5qi.raw": "vk5qi",
}
POCKETSPHINX = {  # folder or file: who
    "librivox/*.wav": "librivox",
    "cards/*.wav": "cards",
    "goforward.raw": "goforward",
    "something.raw": "something",
}


@dataclass(frozen=True)
class Source:
    """One collection of recordings, which no split may divide.

    Attributes
    ----------
    package : str
        The Debian package that carries it.
    language : str
    channel : str
        What the recordings have been through, see `channels.transmit`.
    copy : str
        The vocoder that copies some of them. Sources that share one end on the same side of a split.
    speaker, gender : str
        Of all recordings; gender is "" where the package does not say it. Where several people speak,
        `recordings` tells them apart.
    license, credit : str
        What the package says of the recordings.
    """

    package: str
    language: str
    channel: str
    copy: str
    speaker: str
    gender: str
    license: str
    credit: str


SOURCES = {
    "asterisk-en": Source(
        "asterisk-core-sounds-en-g722",
        "en", "g722", "world", "allison-smith", "female", "CC-BY-SA-3.0",
        "prompts spoken by Allison Smith, copyright 2003-2010",
    ),
    "asterisk-es": Source(
        "asterisk-core-sounds-es-g722",
        "es", "g722", "world", "allison-smith", "female", "CC-BY-SA-3.0",
        "prompts spoken by Allison Smith, copyright 2003-2010",
    ),
    "prompts-es-co": Source(
        "asterisk-prompt-es-co",
        "es", "gsm", "world", "july-jimenez", "", "GPL-2.0-only",
        "prompts spoken by July E. Jiménez, copyright 2006 Avatar Ltda.",
    ),
    "asterisk-ru": Source(
        "asterisk-core-sounds-ru-g722",
        "ru", "g722", "world", "ivrvoice-ru", "female", "CC-BY-3.0",
        "prompts provided by Maxim Topal (IvrvoiceRU), copyright 2010",
    ),
    "asterisk-fr": Source(
        "asterisk-core-sounds-fr-g722",
        "fr", "g722", "world", "june-wallack", "female", "CC-BY-SA-3.0",
        "prompts spoken by June Wallack, copyright 2006-2008",
    ),
    "fillets-cs": Source(
        "fillets-ng-data-cs",
        "cs", "vorbis", "world", "fillets-cs", "", "GPL-2.0-only",
        "dialogues of the game Fish Fillets by ALTAR interactive and contributors",
    ),
    "asterisk-it": Source(
        "asterisk-core-sounds-it-g722",
        "it", "g722", "griffinlim", "carlo-flora", "male", "CC-BY-3.0",
        "prompts spoken by Carlo Flora, copyright 2012",
    ),
    "prompts-it-menardi": Source(
        "asterisk-prompt-it-menardi-gsm",
        "it", "gsm", "griffinlim", "paola-dal-zot", "female", "CC-BY-SA-3.0",
        "prompts made by Marco Menardi and Paola Dal Zot, copyright 2006-2011, voip.ammdomus.it",
    ),
    "prompts-fr-armelle": Source(
        "asterisk-prompt-fr-armelle",
        "fr", "gsm", "griffinlim", "armelle-desjardins", "", "BSD-2-Clause-like",
        "prompts spoken by Armelle Desjardins, copyright 2006 Michel Gutierrez",
    ),
    "fillets-nl": Source(
        "fillets-ng-data-nl",
        "nl", "vorbis", "lpc", "fillets-nl", "", "GPL-2.0-only",
        "dialogues of the game Fish Fillets by ALTAR interactive and contributors",
    ),
    "codec2": Source(
        "codec2-examples",
        "en", "narrow", "lpc", "codec2", "", "LGPL-2.1-only",
        "test recordings of the codec Codec 2, copyright 2007-2019 David Rowe",
    ),
    "pocketsphinx": Source(
        "pocketsphinx-testdata",
        "en", "plain", "lpc", "pocketsphinx", "", "BSD-2-Clause",
        "test recordings of PocketSphinx, copyright 1995-2015 Carnegie Mellon University and Alpha Cephei",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """A file of a source: its name within the source and who speaks."""

    file: Path
    name: str
    speaker: str


def recordings(name: str, root: Path, transcripts: dict[str, str]) -> list[Recording]:
    """Return the recordings of speech of source `name` in its package unpacked in `root`, sorted by name."""
    source = SOURCES[name]
    if name == "codec2":
        voices = _listed(root / "usr/share/codec2", CODEC2, source)
    elif name == "pocketsphinx":
        voices = _listed(root / "usr/share/pocketsphinx/test/data", POCKETSPHINX, source)
    elif name.startswith("fillets-"):
        voices = _fish(root / "usr/share/games/fillets-ng/sound", source)
    else:
        voices = _prompts(root / PROMPTS, source, transcripts)
    return sorted(voices, key=lambda recording: recording.name)


def read(file: Path) -> tuple[np.ndarray, int]:
    """Return the samples, shape (n,), float32, and the rate of the recording `file`."""
    if file.suffix == ".g722":
        return decode_g722(file.read_bytes()), WIDE_RATE
    if file.suffix == ".gsm":
        return decode_gsm(file.read_bytes()), TELEPHONE_RATE
    if file.suffix == ".raw":
        rate = WIDE_RATE if "usr/share/pocketsphinx" in file.as_posix() else TELEPHONE_RATE
        return np.fromfile(file, "<i2").astype(np.float32) / np.float32(INT16), rate
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return samples.mean(axis=1, dtype=np.float32), rate


def _prompts(folder: Path, source: Source, transcripts: dict[str, str]) -> Iterator[Recording]:
    """Yield prompts; they go by the names of Asterisk's own set, so its transcripts say which are speech."""
    voices = [path for path in folder.iterdir() if path.is_dir() and path.name.startswith(source.language)]
    for voice in voices:
        for file in voice.rglob("*.g722" if source.channel == "g722" else "*.gsm"):
            name = file.relative_to(voice).with_suffix("").as_posix()
            if name in transcripts:
                yield Recording(file, name.replace("/", "-"), source.speaker)


def _fish(folder: Path, source: Source) -> Iterator[Recording]:
    for file in folder.glob(f"*/{source.language}/*.ogg"):
        if match := FISH.search(file.stem):
            yield Recording(file, f"{file.parts[-3]}-{file.stem}", f"{source.speaker}-{match['who']}")


def _listed(folder: Path, who: dict[str, str], source: Source) -> Iterator[Recording]:
    for pattern, speaker in who.items():
        for file in folder.glob(pattern):
            yield Recording(file, file.stem.replace("_", "-"), f"{source.speaker}-{speaker}")
