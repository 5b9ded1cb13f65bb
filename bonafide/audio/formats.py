"""The formats that are accepted: one table for the command, the README and the page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A container with the codings that are read in it.

    Attributes
    ----------
    name : str
    codings : str
    suffixes : tuple of str
        By which a folder's files are taken for it; a file that is named itself is read whatever it is called.
    by_pyav : bool
        Needs PyAV, which the extra ``media`` installs.
    """

    name: str
    codings: str
    suffixes: tuple[str, ...]
    by_pyav: bool = False


FORMATS = (
    Format("WAV, RF64", "PCM, float, A-law, µ-law, ADPCM, GSM, MP3", (".wav", ".wave", ".rf64")),
    Format("FLAC", "FLAC", (".flac",)),
    Format("MP3", "MPEG layer III and II", (".mp3", ".mp2", ".mpga")),
    Format("Ogg", "Vorbis, Opus", (".ogg", ".oga", ".opus")),
    Format("AIFF", "PCM, float, A-law, µ-law", (".aif", ".aiff", ".aifc")),
    Format("AU", "PCM, float, A-law, µ-law", (".au", ".snd")),
    Format("CAF", "PCM, float, ALAC", (".caf",)),
    Format("Wave64", "PCM, float", (".w64",)),
    Format("NIST SPHERE", "PCM", (".sph",)),
    Format("VOC", "PCM, A-law, µ-law", (".voc",)),
    Format("M4A, MP4, MOV, 3GP", "AAC, ALAC, PCM", (".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".3gp"), by_pyav=True),
    Format("WebM, Matroska", "Opus, AAC", (".webm", ".mka", ".mkv"), by_pyav=True),
    Format("AAC", "ADTS, LATM", (".aac",), by_pyav=True),
    Format("AMR", "narrow band", (".amr",), by_pyav=True),
    Format("WMA", "Windows Media Audio 2", (".wma",), by_pyav=True),
    Format("AC-3", "AC-3, E-AC-3", (".ac3", ".eac3"), by_pyav=True),
    Format("AVI", "MP3, PCM", (".avi",), by_pyav=True),
    Format("MPEG", "AAC, MP2", (".ts", ".mpg"), by_pyav=True),
    Format("FLV", "AAC, MP3", (".flv",), by_pyav=True),
    Format("WavPack, TTA", "lossless", (".wv", ".tta"), by_pyav=True),
)
SUFFIXES = frozenset(suffix for each in FORMATS for suffix in each.suffixes)
HEAD = ("Format", "Codings", "Names of files", "Needs")


def rows() -> list[tuple[str, str, str, str]]:
    """Return the table's rows, each a cell for every column of `HEAD`."""
    return [(each.name, each.codings, " ".join(each.suffixes), "PyAV" if each.by_pyav else "") for each in FORMATS]
