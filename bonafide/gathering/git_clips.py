"""Files of git repositories without the rest of them: a bare clone that holds no blobs but those that are asked for."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bonafide.corpus.manifest import GITHUB, Entry

ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "GIT_ALLOW_PROTOCOL": "https:http:ssh:file"}
ALONE = ("-c", "remote.origin.promisor=false")  # what is not there is missing: git would ask for it, one by one
STALL_BYTES, STALL_SECONDS = 1000, 60  # a connection slower than so many bytes a second, for so long, is given up


class AwayError(Exception):
    """A repository or server that does not give what is asked for; the message says why."""


def url_of(repo: str) -> str:
    """Return the URL of the repository `repo`, which a manifest names as ``owner/name`` or by its URL."""
    return f"https://github.com/{repo}.git" if GITHUB.fullmatch(repo) else repo


def mirrored(mirror: Path, source: str) -> Path:
    """Return the git directory of `source` below `mirror`: ``owner+name/repo``, bare or with ``.git`` inside.

    Raises
    ------
    AwayError
        When it is not there.
    """
    folder = mirror / source / "repo"
    home = folder / ".git" if (folder / ".git").exists() else folder
    if not (home / "objects").is_dir():
        raise AwayError(f"{folder} is no git repository")
    return home


def fetch(home: Path, entries: Sequence[Entry]) -> None:
    """Bring the files of `entries`, all of one repository, into the bare clone `home`, made where it is not there.

    Commits and trees of the refs come first, one revision deep and without a blob, then the blobs of the paths in one
    request. What is there already is not fetched again.

    Raises
    ------
    AwayError
        When the repository is not there, a ref is gone, or the connection breaks.
    """
    url = url_of(entries[0].repo)
    if not (home / "HEAD").exists():
        home.mkdir(parents=True, exist_ok=True)
        _git(home, "init", "--quiet", "--bare", str(home))
        settings = {"url": url, "promisor": "true", "partialclonefilter": "blob:none"}
        for key, value in settings.items():
            _git(home, "config", f"remote.origin.{key}", value)
    refs = sorted({entry.ref for entry in entries})
    _fetch_refs(home, refs)
    blobs = sorted({blob for ref in refs for blob in _blobs(home, _name(ref), _paths(entries, ref)).values()})
    if missing := _missing(home, blobs):
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--filter=blob:none", "--stdin")
        _git(home, "fetch", *options, "origin", given="\n".join(missing) + "\n")


def contents(home: Path, entries: Sequence[Entry], *, mirror: bool) -> Iterator[tuple[Entry, bytes | None]]:
    """Yield each of `entries` with its bytes in the git directory `home`, None where the repository lacks the path.

    Parameters
    ----------
    home : Path
    entries : sequence of Entry
        Of one repository.
    mirror : bool
        Whether `home` has the repository's own refs, or those that `fetch` gave.
    """
    command = ["git", "--git-dir", str(home), *ALONE, "cat-file", "--batch"]
    refs = {entry.ref: entry.ref if mirror else _name(entry.ref) for entry in entries}
    blobs = {ref: _blobs(home, name, _paths(entries, ref)) for ref, name in refs.items()}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        for entry in entries:
            blob = blobs[entry.ref].get(entry.path)
            if blob is None:
                yield entry, None
                continue
            reader.stdin.write(f"{blob}\n".encode())
            reader.stdin.flush()
            head = reader.stdout.readline().split()
            if len(head) < 3:  # "<name> missing"
                yield entry, None
                continue
            yield entry, reader.stdout.read(int(head[2]) + 1)[:-1]
        reader.stdin.close()


def _fetch_refs(home: Path, refs: Sequence[str]) -> None:
    """Fetch commits and trees of `refs`; one that the repository lacks stays away alone."""
    wanted = [f"+{ref}:{_name(ref)}" for ref in refs]
    try:
        _git(home, "fetch", "--quiet", "--no-tags", "--depth=1", "--filter=blob:none", "origin", *wanted)
    except AwayError as error:
        gone = [ref for ref in refs if str(error).endswith(f"couldn't find remote ref {ref}")]
        if not gone:
            raise
        if rest := [ref for ref in refs if ref not in gone]:
            _fetch_refs(home, rest)


def _name(ref: str) -> str:
    """Return where `fetch` keeps a ref of the repository."""
    return f"refs/manifest/{ref}"


def _paths(entries: Sequence[Entry], ref: str) -> set[str]:
    return {entry.path for entry in entries if entry.ref == ref}


def _blobs(home: Path, ref: str, paths: set[str]) -> dict[str, str]:
    """Return the names of the blobs at `paths`, by path; empty where the ref is not there."""
    try:
        listing = _git(home, "ls-tree", "-r", "-z", "--full-tree", ref)
    except AwayError:
        return {}
    blobs = {}
    for line in filter(None, listing.split(b"\0")):
        facts, _, path = line.partition(b"\t")
        if (text := os.fsdecode(path)) in paths:
            blobs[text] = facts.split()[2].decode()
    return blobs


def _missing(home: Path, blobs: list[str]) -> list[str]:
    """Return those of `blobs` that are not among the objects of `home`."""
    asked = "".join(f"{blob}\n" for blob in blobs)
    answers = _git(home, *ALONE, "cat-file", "--batch-check", given=asked).decode().splitlines()
    return [blob for blob, answer in zip(blobs, answers, strict=True) if answer.endswith(" missing")]


def _git(home: Path, *arguments: str, given: str | None = None) -> bytes:
    stall = ("-c", f"http.lowSpeedLimit={STALL_BYTES}", "-c", f"http.lowSpeedTime={STALL_SECONDS}")
    command = ["git", "--git-dir", str(home), *stall, *arguments]
    done = subprocess.run(
        command, input=None if given is None else given.encode(), capture_output=True, env=_environment(), check=False
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"git ended with {done.returncode}"]
        raise AwayError(lines[-1].removeprefix("fatal: "))
    return done.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT, "LC_ALL": "C"}
