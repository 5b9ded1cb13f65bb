"""What the bytes of a clip's file say: their hash, and of the sound in them what the clip table holds."""

from dataclasses import dataclass
from pathlib import Path

from bonafide.audio.conditioning import SILENT, AudioSettings, check, conditioned, level_dbfs
from bonafide.audio.decoding import Recording, UnusableError, decode
from bonafide.corpus.sounds import holder, sound_file
from bonafide.corpus.tree import ODD_FILE, fault_of, printable
from bonafide.errors import UserError
from bonafide.files import sha256

CHANGED = "the file changed while it was read"

Stamp = tuple[int, int, int]  # size in bytes, time of the last change in nanoseconds, inode


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured of a file, or the `reason` for which it is of no use, with all else empty.

    Attributes
    ----------
    reason : str
    sha256 : str
        Of the very bytes that were decoded.
    seconds : float
        Of the file, up to `AudioSettings.read_seconds`.
    level_dbfs : float
        RMS, in dB of full scale.
    rate : int
        In hertz.
    format : str
        As libsndfile names it, ``"WAV/PCM_16"``.
    start, used : float
        Where in the file begins what conditioning leaves of it, and how long that is, in seconds.
    note : str
        As `bonafide.audio.recording.Recording` has it.
    """

    reason: str = ""
    sha256: str = ""
    seconds: float = 0.0
    level_dbfs: float = 0.0
    rate: int = 0
    format: str = ""
    start: float = 0.0
    used: float = 0.0
    note: str = ""


# Facts, and the stamp of the file that they hold for; None where the reason is none that lies in its bytes.
Outcome = tuple[Stamp | None, Facts]


def stamp(root: Path, path: str) -> Stamp:
    """Return what tells, without a look inside, whether the file that holds a clip's sound is still the same."""
    about = holder(root, path).stat()
    return about.st_size, about.st_mtime_ns, about.st_ino


def measured(root: Path, path: str, settings: AudioSettings) -> Outcome:
    """Return what can be measured of the clip at `path` of the corpus `root`, or why it is of no use."""
    if printable(path) != path:
        return None, Facts(ODD_FILE)
    try:
        if fault := fault_of(holder(root, path)):
            return None, Facts(fault)
        before = stamp(root, path)
        try:
            recording, digest = read_sound(root, path, settings.read_seconds)
            _check(recording, settings)
            samples, start = conditioned(recording, settings)
        except UnusableError as error:
            return (None if str(error) == CHANGED else before), Facts(str(error))
    except FileNotFoundError:
        return None, Facts("clips.csv names the file, but it is not there")
    except PermissionError:
        return None, Facts("the file may not be read: check its permissions")
    except OSError as error:
        return None, Facts(f"the file cannot be read: {error.strerror}")
    seconds, used = recording.samples.size / recording.rate, samples.size / settings.rate
    level = round(float(level_dbfs(recording.samples)), 2)
    return before, Facts("", digest, seconds, level, recording.rate, recording.format, start, used, recording.note)


def _check(recording: Recording, settings: AudioSettings) -> None:
    """Raise what `check` does; a file that may go on is called silent as far as it was read."""
    try:
        check(recording.samples)
    except UnusableError as error:
        whole = recording.samples.size < settings.read_seconds * recording.rate
        if whole or str(error) != SILENT:
            raise
        raise UnusableError(f"{SILENT} in its first {settings.read_seconds:g} s") from None


def read_sound(root: Path, path: str, max_seconds: float) -> tuple[Recording, str]:
    """Return the first `max_seconds` of the clip at `path` and the SHA-256 of the bytes that they were decoded from.

    Raises
    ------
    UnusableError
        When the file cannot be used, or changed meanwhile.
    OSError
        When it is not there, or cannot be read.
    """
    before = stamp(root, path)
    try:
        with sound_file(root, path) as file:
            digest = sha256(file)  # first, so that decoding finds the bytes in memory
            recording = decode(file, max_seconds=max_seconds)
    except UnusableError:
        if stamp(root, path) == before:
            raise
    else:
        if stamp(root, path) == before:
            return recording, digest
    raise UnusableError(CHANGED)


class ChangedError(UserError):
    """A file is not what the catalog has; the message says so in one sentence."""


def read_listed(root: Path, path: str, digest: str, max_seconds: float) -> Recording:
    """Return the first `max_seconds` of a clip of the catalog, which has the SHA-256 `digest`.

    Raises
    ------
    ChangedError
        When the file is gone, cannot be used any more, or holds other bytes: what the catalog says is not true of it.
    """
    again = "run `dvc repro` again, while nothing writes to the corpus"
    try:
        recording, actual = read_sound(root, path, max_seconds)
    except (OSError, UnusableError) as error:
        raise ChangedError(f"{root / path} is in the catalog and cannot be read any more ({error}): {again}") from None
    if actual != digest:
        raise ChangedError(f"{root / path} has changed since the catalog was made: {again}")
    return recording
