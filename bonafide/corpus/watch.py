"""What DVC cannot see of a corpus folder, or cannot take: told to it before it looks.

DVC hangs on a FIFO and dies on a broken link or on a name that is not in UTF-8, so a block of lines in .dvcignore has
it pass them over. It looks behind no link to a folder, so a table that a stage depends on says what lies there.
"""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bonafide.corpus.tree import Entry, entries, printable
from bonafide.errors import UserError
from bonafide.files import write_bytes

COLUMNS = ("path", "what", "files", "bytes", "digest")
FIRST = "# What DVC cannot read, kept up to date by stage watch:"
LAST = "# (end of what stage watch keeps)"
BLOCK = re.compile(rf"^{re.escape(FIRST)}\n.*?^{re.escape(LAST)}\n?", re.MULTILINE | re.DOTALL)
LINKED, ALIKE = "linked folder", "named like a file that DVC passes over"


def unwatched(root: Path) -> list[Entry]:
    """Return what DVC does not see below `root`: faults, what lies behind linked folders, what a wildcard hides."""
    there: list[Entry] = []
    plain: list[Entry] = []
    for entry in entries(root, hidden=True):
        (there if entry.fault or entry.link else plain).append(entry)
    alike = _alike(entry.path for entry in there if entry.fault and not entry.link)
    return there + [entry for entry in plain if alike and alike.match(entry.path)]


def patterns(root: Path, there: Iterable[Entry]) -> list[str]:
    """Return the lines of .dvcignore for the faults among `there`, which `unwatched` found below `root`.

    Raises
    ------
    UserError
        When the corpus lies outside the project, where .dvcignore has no say.
    """
    faults = [entry for entry in there if entry.fault and not entry.link]  # DVC never looks behind a link
    place = os.path.relpath(root)
    if faults and place.startswith(os.pardir):
        first = f"{root / printable(faults[0].path)} ({faults[0].fault})"
        raise UserError(
            f"DVC cannot read {first}, and outside the project no .dvcignore can tell it so: move it out of the corpus"
        )
    before = "" if place == os.curdir else f"{place}/"
    return sorted({f"/{pattern_of(before + entry.path)}" for entry in faults})


def table(root: Path, there: Iterable[Entry]) -> str:
    """Return `there` as CSV: each fault, and for each linked folder its files, their bytes and a hash of their state.

    The state of a file is its path, its size and when it was last written: none is opened.
    """
    rows: list[tuple[object, ...]] = [COLUMNS]
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(there):
        if entry.fault and not entry.link:
            rows.append((printable(entry.path), entry.fault, "", "", ""))
        else:
            groups.setdefault((entry.link, LINKED) if entry.link else (entry.path, ALIKE), []).append(entry)
    rows += [(printable(path), what, *_state(root, inside)) for (path, what), inside in groups.items()]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def keep_block(ignore: Path, lines: Sequence[str]) -> None:
    """Let the file `ignore` hold `lines` between two comments, and neither where there are none.

    The rest of it stays as it is; where nothing changes, nothing is written.
    """
    old = ignore.read_bytes().decode(errors="surrogateescape") if ignore.exists() else ""
    block = "".join(f"{line}\n" for line in (FIRST, *lines, LAST)) if lines else ""
    if BLOCK.search(old):
        new = BLOCK.sub(lambda _: block, old, count=1)
    else:
        new = old + ("\n" if block and old and not old.endswith("\n") else "") + block
    if new != old:
        write_bytes(ignore, new.encode(errors="surrogateescape"))


def pattern_of(path: str) -> str:
    r"""Return the pattern of .dvcignore for `path`; a question mark stands for what a line of text cannot hold.

    >>> print(pattern_of("a/[b] c*.wav"))
    a/\[b] c\*.wav
    """
    text = "".join(f"\\{letter}" if letter in "\\*?[" else letter if letter.isprintable() else "?" for letter in path)
    return f"{text[:-1]}\\ " if text.endswith(" ") else text


def _alike(faults: Iterable[str]) -> re.Pattern[str] | None:
    """Return what matches the paths of `faults` and others that differ where a pattern has a question mark."""
    odd = [path for path in faults if not path.isprintable()]
    texts = ("".join(re.escape(letter) if letter.isprintable() else "[^/]" for letter in path) for path in odd)
    return re.compile(f"(?:{'|'.join(texts)})(?:/|$)") if odd else None


def _state(root: Path, inside: Iterable[Entry]) -> tuple[int, int, str]:
    digest, count, size = hashlib.sha256(), 0, 0
    for entry in inside:
        facts = entry.fault
        if not facts:
            about = (root / entry.path).stat()
            count, size = count + 1, size + about.st_size
            facts = f"{about.st_size} {about.st_mtime_ns}"
        digest.update(f"{printable(entry.path)}\0{facts}\n".encode())
    return count, size, digest.hexdigest()[:32]
