"""A manifest of clips: where each lies in public, what its bytes are and what is known of it. Facts alone, no sound."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from bonafide.corpus.rows import FAMILIES, LABELS
from bonafide.errors import UserError

GITHUB = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
GIT_URL = re.compile(r"(https?|ssh|file)://\S+\.git/?")
FILE_URL = re.compile(r"https?://\S+")
REF = re.compile(r"[\w@][\w@./+-]*")  # never a dash first: git would take it for an option
SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
NEEDED = ("repo", "path", "sha256", "label")
UNKNOWN = re.compile(r"^$|^unknown\b", re.IGNORECASE)
NONCOMMERCIAL = re.compile(r"\bNC\b|non-?commercial|research only", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """A clip of a manifest.

    Attributes
    ----------
    repo : str
        ``owner/name`` on GitHub, the URL of another git repository (it ends in ``.git``), or that of a file or archive.
    ref : str
        Branch, tag or commit of a git repository.
    path : str
        In the repository or the archive.
    sha256 : str
        Of the file's bytes.
    label, family, generator, speaker, language, gender, license : str
        As in the clip table; what is not known is empty.
    seconds, rate : str
        As stated; what the file says counts.
    """

    repo: str
    ref: str
    path: str
    sha256: str
    label: str
    family: str
    generator: str
    speaker: str
    language: str
    gender: str
    license: str
    seconds: str
    rate: str

    @property
    def is_git(self) -> bool:
        """Whether the clip lies in a git repository."""
        return bool(GITHUB.fullmatch(self.repo) or GIT_URL.fullmatch(self.repo))

    @property
    def source(self) -> str:
        """Name of the repository or archive as one folder: ``owner+name``."""
        if GITHUB.fullmatch(self.repo):
            return self.repo.replace("/", "+")
        parts = urlsplit(self.repo)
        name = re.sub(r"(\.git/?|/)$", "", parts.path)
        return re.sub(r"[^\w.-]+", "+", f"{parts.hostname or ''}{name}").strip("+.")

    @property
    def target(self) -> str:
        """Where the clip lies in a corpus folder: its name says its content."""
        suffix = PurePosixPath(self.path).suffix.lower()
        known = suffix if SUFFIX.fullmatch(suffix) else ""
        return f"{self.label}/{self.source}/{self.sha256[:16]}{known}"


def read_manifest(path: Path) -> list[Entry]:
    """Return the clips of the manifest `path`, a CSV file with the columns of `Entry`.

    Raises
    ------
    UserError
        When a column or a value is missing or cannot be meant; it names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            if lacking := [name for name in NEEDED if name not in (reader.fieldnames or [])]:
                raise UserError(f"{path} lacks the columns {', '.join(lacking)}: its first line must name them")
            entries = [_entry(row, f"{path}, line {reader.line_num}") for row in reader]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is not a CSV file in UTF-8: {error}") from None
    if not entries:
        raise UserError(f"{path} lists no clip")
    return entries


def _entry(row: dict[str, str | None], where: str) -> Entry:
    values = {field.name: (row.get(field.name) or "").strip() for field in fields(Entry)}
    entry = Entry(
        **{
            **values,
            "ref": values["ref"] or "HEAD",
            "sha256": values["sha256"].lower(),
            "family": values["family"].lower(),
        }
    )
    if not (entry.is_git or FILE_URL.fullmatch(entry.repo)):
        raise UserError(f"{where}: repo '{entry.repo}' is neither owner/name nor a URL")
    if not REF.fullmatch(entry.ref) or ".." in entry.ref:
        raise UserError(f"{where}: ref '{entry.ref}' is no branch, tag or commit")
    parts = PurePosixPath(entry.path).parts
    if entry.path.startswith("/") or ".." in parts or "\n" in entry.path or (entry.is_git and not parts):
        raise UserError(f"{where}: path '{entry.path}' must name a file in its repository or archive")
    if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
        raise UserError(f"{where}: sha256 must be 64 hexadecimal digits, not '{entry.sha256}'")
    if entry.label not in LABELS:
        raise UserError(f"{where}: label must be {' or '.join(LABELS)}, not '{entry.label}'")
    if entry.label == "human" and entry.generator:
        raise UserError(f"{where}: a human clip has no generator, and this one names '{entry.generator}'")
    if entry.family and (entry.label == "human" or entry.family not in FAMILIES):
        known = "a human clip has none" if entry.label == "human" else f"known are: {', '.join(FAMILIES)}"
        raise UserError(f"{where}: unknown family '{entry.family}', {known}")
    return entry


@dataclass(frozen=True)
class License:
    """A licence as a manifest states it, with its clips; `asks` says why it wants a person's consent, if it does."""

    name: str
    clips: int
    sources: int
    asks: str


def licenses(entries: Iterable[Entry]) -> list[License]:
    """Return the licences of `entries`, those of most clips first."""
    clips: Counter[str] = Counter()
    sources: dict[str, set[str]] = {}
    for entry in entries:
        clips[entry.license] += 1
        sources.setdefault(entry.license, set()).add(entry.source)
    return [
        License(name or "not stated", count, len(sources[name]), _asks(name)) for name, count in clips.most_common()
    ]


def _asks(name: str) -> str:
    if UNKNOWN.search(name):
        return "unknown"
    return "non-commercial" if NONCOMMERCIAL.search(name) else ""
