"""Rebuilds a corpus folder from a manifest: each clip from where it lies in public, if its bytes are what they were."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bonafide.corpus import clips_csv
from bonafide.corpus.manifest import Entry
from bonafide.files import sha256, write_bytes
from bonafide.gathering import downloads, git_clips
from bonafide.gathering.git_clips import AwayError

WORK = ".fetch"  # in the corpus folder: what is under way
COLUMNS = ("path", "label", "speaker", "generator", "source", "language", "gender", "license", "family")
TRIES = 3  # of a repository, with the pause between them twice as long each time


@dataclass(frozen=True)
class Fetched:
    """What became of the clips of one repository, file or archive.

    Attributes
    ----------
    repo : str
    there : tuple of Entry
        Now in the corpus folder, `new` of them since this run.
    new : int
    lost : dict of Entry to str
        Why others are not there.
    """

    repo: str
    there: tuple[Entry, ...]
    new: int
    lost: dict[Entry, str] = field(default_factory=dict)


class Pace:
    """Lets a pause pass between two requests to one host."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Return when the next request to `host` may go out."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next.get(host, now))
            self._next[host] = at + self._seconds
        time.sleep(at - now)


def fetch(
    entries: Sequence[Entry], out: Path, *, mirror: Path | None = None, jobs: int = 4, pause: float = 1.0
) -> Iterator[Fetched]:
    """Bring the clips of `entries` into the corpus folder `out`; yield what became of each repository when it is done.

    A clip that is there with the right bytes is not fetched again, so a run that was interrupted goes on.

    Parameters
    ----------
    entries : sequence of Entry
    out : Path
    mirror : Path, optional
        Of local git repositories, ``owner+name/repo``: nothing is fetched from elsewhere, what it lacks is lost.
    jobs : int
        Repositories at a time.
    pause : float
        Seconds between two requests to one host.
    """
    of_repo: dict[str, list[Entry]] = {}
    for entry in entries:
        of_repo.setdefault(entry.repo, []).append(entry)
    pace = Pace(pause)
    pool = ThreadPoolExecutor(jobs)
    try:
        for done in as_completed([pool.submit(_fetch_one, own, out, mirror, pace) for own in of_repo.values()]):
            yield done.result()
        shutil.rmtree(out / WORK, ignore_errors=True)
    finally:
        pool.shutdown(cancel_futures=True)


def write_table(fetched: Sequence[Fetched], out: Path) -> None:
    """Write clips.csv for the clips that are there, and lost.csv for those that are not."""
    there = sorted((entry for one in fetched for entry in one.there), key=lambda entry: entry.target)
    rows = [{**vars(entry), "path": entry.target, "source": entry.source} for entry in there]
    clips_csv.append(out / "clips.csv", rows, COLUMNS)
    lost = [{**vars(entry), "reason": why} for one in fetched for entry, why in one.lost.items()]
    (out / "lost.csv").unlink(missing_ok=True)
    if lost:
        clips_csv.append(out / "lost.csv", lost, ("repo", "ref", "path", "sha256", "reason"))


def _fetch_one(entries: list[Entry], out: Path, mirror: Path | None, pace: Pace) -> Fetched:
    """Bring the clips of one repository."""
    missing = [entry for entry in entries if not _is_right(out / entry.target, entry)]
    lost: dict[Entry, str] = {}
    if missing:
        try:
            for entry, content in _contents(missing, out, mirror, pace):
                if content is None:
                    lost[entry] = "the path is gone"
                elif hashlib.sha256(content).hexdigest() != entry.sha256:
                    lost[entry] = "the file has changed"
                else:
                    write_bytes(out / entry.target, content)
        except AwayError as error:
            lost |= {entry: str(error) for entry in missing if not (out / entry.target).exists()}
    there = tuple(entry for entry in entries if entry not in lost)
    return Fetched(entries[0].repo, there, len(missing) - len(lost), lost)


def _is_right(path: Path, entry: Entry) -> bool:
    return path.is_file() and sha256(path) == entry.sha256


def _contents(entries: list[Entry], out: Path, mirror: Path | None, pace: Pace) -> Iterator[tuple[Entry, bytes | None]]:
    first, work = entries[0], out / WORK / entries[0].source
    host = urlsplit(git_clips.url_of(first.repo)).hostname or ""
    if mirror is not None:
        yield from git_clips.contents(git_clips.mirrored(mirror, first.source), entries, mirror=True)
    elif first.is_git:
        _with_patience(entries, work, host, pace)
        yield from git_clips.contents(work, entries, mirror=False)
        shutil.rmtree(work, ignore_errors=True)
    elif downloads.is_archive(first.repo):
        pace.wait(host)
        downloads.download(first.repo, work)
        yield from downloads.members(work, entries)
        work.unlink(missing_ok=True)
    else:
        pace.wait(host)
        downloads.download(first.repo, work)
        content = work.read_bytes()
        yield from ((entry, content) for entry in entries)
        work.unlink(missing_ok=True)


def _with_patience(entries: list[Entry], home: Path, host: str, pace: Pace) -> None:
    """Fetch from a git repository, again after a pause where the connection breaks."""
    for attempt in range(TRIES):
        pace.wait(host)
        try:
            git_clips.fetch(home, entries)
        except AwayError:
            if attempt + 1 == TRIES:
                raise
            time.sleep(2.0**attempt)
        else:
            return
