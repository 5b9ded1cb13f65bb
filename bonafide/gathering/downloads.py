"""Files over HTTP: whole or to go on with, tried again after a pause, and what lies in archives."""

import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from bonafide.corpus.manifest import Entry
from bonafide.gathering.git_clips import AwayError

TRIES, FIRST_PAUSE = 4, 1.0  # seconds before the second try; each further one takes twice as long
TIMEOUT = 30.0  # seconds without a byte
BLOCK = 1 << 20
GONE = (401, 403, 404, 410)  # answers that another try does not change
ZIP, TAR = (".zip",), (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def is_archive(url: str) -> bool:
    """Tell whether the address names an archive, whose members are the clips."""
    return url.partition("?")[0].lower().endswith((*ZIP, *TAR))


def download(url: str, path: Path, *, pause: float = FIRST_PAUSE) -> None:
    """Write what lies at `url` to `path`, whole or not at all; what an interrupted download left is gone on with.

    Raises
    ------
    AwayError
        When it is not there, or the connection broke in every try.
    """
    partial = path.with_name(f".{path.name}.part")
    partial.parent.mkdir(parents=True, exist_ok=True)
    why = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _go_on(url, partial)
        except urllib.error.HTTPError as error:
            why = f"the server answers {error.code} {error.reason}"
            if error.code == 416:  # there is more of the part than of the file: it has changed
                partial.unlink(missing_ok=True)
            if error.code in GONE:
                break
        except (OSError, HTTPException) as error:  # URLError is an OSError
            why = str(getattr(error, "reason", error)) or type(error).__name__
        else:
            partial.replace(path)
            return
    raise AwayError(why)


def members(archive: Path, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | None]]:
    """Yield each of `entries` with its bytes in `archive`, None where it lacks the path; nothing else is unpacked.

    Raises
    ------
    AwayError
        When it is no archive, or a damaged one.
    """
    wanted: dict[str, list[Entry]] = {}
    for entry in entries:
        wanted.setdefault(entry.path, []).append(entry)
    try:
        for name, content in _zipped(archive, wanted) if zipfile.is_zipfile(archive) else _tarred(archive, wanted):
            yield from ((entry, content) for entry in wanted.pop(name, ()))
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise AwayError(f"the archive cannot be read: {error}") from None
    yield from ((entry, None) for waiting in wanted.values() for entry in waiting)


def _go_on(url: str, partial: Path) -> None:
    """Append to `partial` what it lacks of the file at `url`."""
    got = partial.stat().st_size if partial.exists() else 0
    headers = {"User-Agent": "bonafide", **({"Range": f"bytes={got}-"} if got else {})}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        anew = answer.status != 206  # the server sends all of it
        with partial.open("wb" if anew else "ab") as file:
            shutil.copyfileobj(answer, file, BLOCK)
        there, length = partial.stat().st_size - (0 if anew else got), answer.headers.get("Content-Length")
    if length is not None and there < int(length):
        raise ConnectionError(f"the connection broke after {there} of {length} bytes")


def _zipped(archive: Path, wanted: dict[str, list[Entry]]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as file:
        for name in [name for name in wanted if name in file.NameToInfo]:
            yield name, file.read(name)


def _tarred(archive: Path, wanted: dict[str, list[Entry]]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as file:
        for member in file:
            name = member.name.removeprefix("./")
            if name in wanted and member.isfile():
                with suppress(KeyError):
                    content = file.extractfile(member)
                    if content is not None:
                        yield name, content.read()
