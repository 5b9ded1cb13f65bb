"""What the readers share: the files that are there, the lines that name them, and what is wrong with either.

A row with a ``reason`` is none of a clip: it says why a file or a line of a protocol is of no use, and the catalog
lists it in metrics/rejects.csv.
"""

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bonafide.corpus import tree
from bonafide.corpus.readers.folder import GENDERS, LABEL_WORDS, TEXT_COLUMNS
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.segments import Segments
from bonafide.errors import UserError
from bonafide.progress import track

SUFFIXES = frozenset((".wav", ".wave", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a"))
OFFICIAL_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("dev", "development", "validation", "valid", "val"), "dev"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
MANY_LINES = 20_000  # of a protocol: from here on its reading takes long enough to be shown
UNKNOWN = frozenset(("", "-"))  # how protocols write that there is nothing to say


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a protocol: `file` is relative to the corpus `root`, `number` counts from 1.

    What is parted otherwise, as into rows, says so by `unit`.
    """

    root: Path
    file: str
    number: int
    text: str
    unit: str = "line"

    @property
    def where(self) -> str:
        """The line's place within the corpus."""
        return f"{self.file}, {self.unit} {self.number}"

    def row(self, path: str, label: str, **facts: str) -> Row:
        """Return the row of the clip at `path`; `label` is a word such as bonafide.

        Raises
        ------
        UserError
            When the word is none that is known: the whole corpus may be labelled otherwise than was thought.
        """
        if not label:
            return self.broken("the clip has no label")
        if label.lower() not in LABEL_WORDS:
            known = ", ".join(LABEL_WORDS)
            raise UserError(f"{self.root / self.where}: unknown label '{label}', known are: {known}")
        return {**row(path, LABEL_WORDS[label.lower()], **facts), "line": self}

    def partly(self, row: Row, segments: Callable[[], Segments]) -> Row:
        """Return `row` of this line with the synthetic `segments`, whose `ValueError` makes it a broken line."""
        try:
            stretches = segments()
        except ValueError as error:
            return self.broken(str(error))
        if stretches and row["label"] == "human":
            return self.broken("a human clip has no synthetic segments")
        return {**row, "segments": stretches}

    def broken(self, fault: str) -> Row:
        """Return what rejects.csv lists of this line."""
        return reject(self.file, f"{self.unit} {self.number}: {fault}")


def row(path: str, label: str, **facts: str) -> Row:
    """Return the row of the clip at `path`; what `facts` do not say is empty, as are a human's generator and family.

    >>> row("a.wav", "human", speaker="p225", generator="-", gender="F")["gender"]
    'female'
    """
    # One speaker or generator is one text in memory, however many of 600,000 rows name it.
    texts = {column: "" if (text := facts.get(column, "")) in UNKNOWN else sys.intern(text) for column in TEXT_COLUMNS}
    family = "" if label == "human" else facts.get("family", "")
    texts["generator"] = "" if label == "human" else texts["generator"]
    gender = GENDERS.get(facts.get("gender", "").lower(), "")
    official = facts.get("official", "")
    own = {"family": family, "gender": gender, "native_rate": 0, "official": official}
    return {"path": path, "label": label, **texts, **own}


def reject(path: str, reason: str) -> Row:
    """Return what rejects.csv lists of the file `path`."""
    return {"path": path, "reason": reason}


def files_below(root: Path) -> list[str]:
    """Return the files below `root` as sorted paths relative to it; hidden ones are left out, links followed once."""
    return sorted(tree.files_below(root))


def is_audio(path: str) -> bool:
    """Return whether the name of `path` is that of a recording."""
    return path[path.rfind(".") :].lower() in SUFFIXES  # text alone: a Path for each of 600,000 takes a minute


def by_stem(paths: Iterable[str]) -> dict[str, str]:
    """Return the first of `paths` for each name without its suffix."""
    stems: dict[str, str] = {}
    for path in paths:
        stems.setdefault(path.rpartition("/")[2].rpartition(".")[0], path)
    return stems


def read_lines(root: Path, file: str) -> Iterator[Line]:
    """Yield the lines of the text `file` below `root` that are not blank; U+FFFD stands for bytes that are no text."""
    with (root / file).open("rb") as content:
        total = sum(block.count(b"\n") for block in iter(partial(content.read, 2**20), b""))
    with (root / file).open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        numbered: Iterable[tuple[int, str]] = enumerate(lines, start=1)
        if total >= MANY_LINES:
            numbered = track(numbered, total=total, what=f"reading {file}")
        for number, text in numbered:
            if text.strip():
                yield Line(root, file, number, text.rstrip("\r\n"))


def in_words(root: Path, file: str, n_words: int, of: Callable[[Line, list[str]], Row]) -> Iterator[Row]:
    """Yield what `of` makes of each line of `file` and its words; one with fewer than `n_words` is a broken line."""
    for line in read_lines(root, file):
        words = line.text.split()
        if fault := _fault(line, len(words) >= n_words, f"{len(words)} fields, where {n_words} are needed"):
            yield fault
        else:
            yield of(line, words)


def in_columns(
    root: Path, file: str, columns: Iterable[str], of: Callable[[Line, dict[str, str]], Row], separator: str = ","
) -> Iterator[Row]:
    """Yield what `of` makes of each line of the table `file` and its cells by column; the first line names them.

    Each line is read for itself: a quotation mark that is never closed spoils no other. Only cells between commas are
    ever quoted; between tabs and bars, quotation marks are what people said.

    Raises
    ------
    UserError
        When a column of `columns` is missing.
    """
    names: list[str] = []
    for line in read_lines(root, file):
        try:
            cells = next(csv.reader([line.text])) if separator == "," else line.text.split(separator)
        except csv.Error as error:
            yield line.broken(str(error))
            continue
        cells = [cell.strip() for cell in cells]
        if not names:
            names = [cell.lower() for cell in cells]
            if missing := [name for name in columns if name not in names]:
                raise UserError(f"{root / file} lacks the columns {', '.join(missing)}: its first line must name them")
        elif fault := _fault(line, len(cells) == len(names), f"{len(cells)} fields, where {len(names)} are needed"):
            yield fault
        else:
            yield of(line, dict(zip(names, cells, strict=True)))


def of_protocols(
    root: Path,
    protocol: re.Pattern[str],
    audio: re.Pattern[str],
    n_words: int,
    of: Callable[[Mapping[str, str], re.Match[str], Line, list[str]], Row],
) -> Rows:
    """Return the clips that the lines of all files name whose paths match `protocol`; their own paths match `audio`.

    `of` makes a row of the recordings by their stems, the match of the protocol's path, a line and its words.
    """
    files = files_below(root)
    recordings = [path for path in files if audio.fullmatch(path) and is_audio(path)]
    stems = by_stem(recordings)
    matches = [match for match in map(protocol.fullmatch, files) if match]
    rows = [row for match in matches for row in in_words(root, match[0], n_words, partial(of, stems, match))]
    return matched(rows, recordings, unnamed="no line of a protocol names the file")


def matched(rows: Iterable[Row], audio: Iterable[str], unnamed: str) -> Rows:
    """Return `rows` without those that name a file twice or one that is not among `audio`; each gets its reason.

    Parameters
    ----------
    rows : iterable of dict
        With ``line``, the one that names the clip and is taken out, or with a ``reason``.
    audio : iterable of str
        Paths of the recordings that are there.
    unnamed : str
        The reason that a recording gets which no row names.

    Returns
    -------
    list of dict
        Sorted by path and reason, without ``line``.
    """
    there = set(audio)
    first: dict[str, str] = {}
    result: Rows = []
    for clip in rows:
        if "reason" in clip:
            result.append(clip)
            continue
        path, line = clip["path"], clip.pop("line")
        if path in first:
            result.append(line.broken(f"{path} stands in {first[path]} already"))
        elif path not in there:
            result.append(reject(path, f"{line.where} names the file, but it is not there"))
        else:
            result.append(clip)
        first.setdefault(path, line.where)
    result += [reject(path, unnamed) for path in there - first.keys()]
    return ordered(result)


def side_of(path: str) -> str:
    """Return the official side that the name of the file `path` or else of a folder around it says, empty for none.

    >>> side_of("data/train.clean.100-00000-of-00014.parquet"), side_of("eval/shard-000.tar"), side_of("trains.tar")
    ('train', 'test', '')
    """
    words = (word for name in reversed(path.split("/")) for word in re.findall("[a-z]+", name.lower()))
    return next((OFFICIAL_WORDS[word] for word in words if word in OFFICIAL_WORDS), "")


def ordered(rows: Iterable[Row]) -> Rows:
    """Return `rows` sorted by path and reason."""
    return sorted(rows, key=lambda row: (row["path"], row.get("reason", "")))


def _fault(line: Line, complete: bool, reason: str) -> Row | None:
    if not complete:
        return line.broken(reason)
    return line.broken("it is not in UTF-8") if "\ufffd" in line.text else None
