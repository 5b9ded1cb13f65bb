"""Puts recordings into a corpus folder: the clip, its row in clips.csv, and a record that the speaker agreed.

What `bonafide.corpus.readers.folder` reads is what is written here. Needs no more than the light install.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import soundfile

from bonafide.audio.conditioning import check
from bonafide.audio.decoding import UnusableError, decode
from bonafide.corpus import clips_csv
from bonafide.corpus.readers.folder import GENDERS
from bonafide.errors import UserError
from bonafide.gathering.placing import nameless, open_below

SOURCE = "collected"  # where a clip comes from, unless the user knows better
COLUMNS = ("path", "label", "speaker", "generator", "family", "source", "language", "gender", "license")
CONSENT_COLUMNS = ("path", "speaker", "agreed")
TABLES = ("clips.csv", "consent.csv")
MIN_SECONDS = 1.0  # a shorter recording says nothing of a voice
MOST_SECONDS = 600.0  # decoded, to look whether it is usable and new; the pipeline takes less of a clip
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
SUFFIXES = {"WAV": ".wav", "WAVEX": ".wav", "FLAC": ".flac", "MP3": ".mp3", "OGG": ".ogg", "MOV": ".m4a"}
# What a spreadsheet takes for a formula at the start of a cell; a cell ends at what any of them takes for a delimiter.
FORMULA = re.compile(r"(^|[,;|])\s*[=+@＝＋＠－-]")

Facts = Mapping[str, str]  # columns of a row of clips.csv


class SameSoundError(UserError):
    """The folder holds this very sound already; nothing was written."""


@dataclass(frozen=True)
class Sound:
    """A recording's sound: a hash, the same for a WAV and the FLAC made of it, and the suffix of its format."""

    digest: str
    suffix: str


def save_clip(
    folder: Path,
    wav_bytes: bytes,
    *,
    speaker: str,
    language: str,
    gender: str = "",
    license: str = "",  # noqa: A002 - the column's name
    source: str = SOURCE,
) -> Path:
    """Write one recording of a person who agreed to it into the corpus `folder`, with its row in clips.csv.

    The file's content stays as it is. Several processes and threads may save into one folder at once.

    Parameters
    ----------
    folder : Path
        Of the corpus; made where it is not there.
    wav_bytes : bytes
        A WAV file, or one of another format that `bonafide.audio.decoding.decode` reads.
    speaker, language, gender, license, source : str
        See `facts_of`.

    Returns
    -------
    Path
        Of the clip, ``folder/human/SOURCE/SPEAKER-DIGEST.wav``.

    Raises
    ------
    SameSoundError
        When the folder holds the same sound already, whoever it is said to be of.
    UserError
        When the recording cannot be used, what is said of it cannot be meant, or the folder has links where clips go.
    """
    facts = facts_of(speaker=speaker, language=language, gender=gender, license=license, source=source)
    with tempfile.TemporaryFile() as file:  # without a name: gone even where this process is killed
        file.write(wav_bytes)
        file.flush()
        return keep(folder, file, sound_of(Path(f"/dev/fd/{file.fileno()}")), facts)


def facts_of(*, speaker: str, language: str, gender: str = "", license: str = "", source: str = SOURCE) -> Facts:  # noqa: A002
    """Return the columns of a recording's row, checked.

    Parameters
    ----------
    speaker : str
        The same name for the same person, always: the split rests on it.
    language : str
        As BCP 47 has it: ``"en"``, ``"pt-br"``.
    gender : str
        "female", "male" or "".
    license : str
        Under which the recording may be used.
    source : str
        Where it comes from.

    Raises
    ------
    UserError
        When one of them cannot be meant, or a spreadsheet would run it.
    """
    facts = {"label": "human", "speaker": _name(speaker, "speaker"), "source": _name(source, "source")}
    return facts | {
        "language": check_language(language),
        "gender": _gender(gender),
        "license": _line(license, "license"),
    }


def sound_of(path: Path) -> Sound:
    """Return what the corpus has to know of the recording `path`; `UserError` where it cannot be used."""
    try:
        recording = decode(path, max_seconds=MOST_SECONDS)
        check(recording.samples)
    except (UnusableError, soundfile.LibsndfileError) as error:
        raise UserError(f"the recording cannot be used: {error}") from None
    seconds = recording.samples.size / recording.rate
    if seconds < MIN_SECONDS:
        raise UserError(f"the recording cannot be used: it is {seconds:.2f} s long, {MIN_SECONDS:.0f} s are needed")
    suffix = SUFFIXES.get(recording.format.partition("/")[0], ".audio")
    samples = recording.samples.astype("<f4", copy=False).tobytes()
    return Sound(hashlib.sha256(str(recording.rate).encode() + samples).hexdigest()[:16], suffix)


def keep(folder: Path, content: IO[bytes], sound: Sound, facts: Facts) -> Path:
    """Write the recording `content`, which has this `sound`, into the corpus `folder`; see `save_clip`."""
    clip = folder / "human" / slug(facts["source"]) / f"{slug(facts['speaker'])}-{sound.digest}{sound.suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    content.seek(0)
    with (
        open_below(folder, clip.parent.relative_to(folder)) as place,
        nameless(place, clip.name, content) as publish,
        locked(folder),
    ):
        _refuse_same(folder, sound.digest)
        path = clip.relative_to(folder).as_posix()
        agreed = datetime.now(UTC).isoformat(timespec="seconds")
        # Rows first: a run that is killed here leaves a row without a file, which the catalog names. A file
        # without a row would be a clip of nobody, and the same voice could stand on two sides of the split.
        consent = {"path": path, "speaker": facts["speaker"], "agreed": agreed}
        clips_csv.append(folder / "consent.csv", [consent], CONSENT_COLUMNS)
        clips_csv.append(folder / "clips.csv", [{"path": path, "generator": "", **facts}], COLUMNS)
        publish()
    return clip


def add_rows(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Add `rows`, each with a ``path`` and other columns of `COLUMNS`, to ``folder/clips.csv``.

    A path that stands there already keeps its row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        clips_csv.append(folder / "clips.csv", rows, COLUMNS)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep all others that want to write the tables of `folder` waiting, threads of this process as well.

    Raises
    ------
    UserError
        When a table is a link: what it leads to is not of this folder.
    """
    import fcntl  # here, as there is none on Windows, where the rest of this module works

    for name in (".lock", *TABLES):
        if (folder / name).is_symlink():
            raise UserError(f"{folder / name} is a link: what is collected goes into the folder itself alone")
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # ends with the file, even where the process is killed
        for name in TABLES:
            for left in folder.glob(f".[0-9]*.{name}"):  # of a process that was killed while it wrote
                left.unlink()
        yield
    finally:
        os.close(handle)


def slug(name: str) -> str:
    """Return `name` as a part of a file's name.

    Examples
    --------
    >>> slug("Zoë / the 2nd")
    'zoë-the-2nd'
    """
    return re.sub(r"\W+", "-", name.lower()).strip("-_")[:40] or "x"


def check_language(language: str) -> str:
    """Return `language` in lower case; `UserError` where it is no tag such as ``"en"`` or ``"pt-br"``."""
    if not LANGUAGE.fullmatch(language.strip().lower()):
        raise UserError(f"'{language}' is no language: give its code, as 'en', 'de' or 'pt-br'")
    return language.strip().lower()


def _name(text: str, what: str) -> str:
    if not _line(text, what):
        raise UserError(f"the {what} is missing: name one, the same for all that belong to it")
    return text.strip()


def _line(text: str, what: str) -> str:
    if not text.isprintable():
        raise UserError(f"the {what} {text!r} must be one line of text that prints")
    if FORMULA.search(text):
        raise UserError(f"the {what} '{text}' would be run by a spreadsheet: begin it with a letter or a digit")
    return text.strip()


def _gender(text: str) -> str:
    if text.strip().lower() not in GENDERS:
        raise UserError(f"unknown gender '{text}', known are: {', '.join(filter(None, GENDERS))}")
    return GENDERS[text.strip().lower()]


def _refuse_same(folder: Path, digest: str) -> None:
    same = next((folder / "human").rglob(f"*-{digest}.*"), None)
    if same is not None:
        raise SameSoundError(f"the same sound is there already: {same.relative_to(folder)}")
