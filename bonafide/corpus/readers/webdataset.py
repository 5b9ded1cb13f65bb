"""WebDataset: tar shards in which the files of a clip share a name: ``utt1.flac`` and ``utt1.json`` or ``utt1.cls``."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bonafide.audio.recording import UnusableError
from bonafide.corpus.archives import Member, members
from bonafide.corpus.readers.folder import LABEL_WORDS
from bonafide.corpus.readers.listing import Line, files_below, is_audio, matched, reject, side_of
from bonafide.corpus.readers.table import NO_WORDS, names_of, needed_of, row_of, text_of
from bonafide.corpus.rows import Row, Rows
from bonafide.errors import UserError

PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar.lz4")
MARKS = tuple(f"{folder}*.tar" for folder in ("", "train/", "test/"))
COMPRESSED = "it is compressed: unpack it to a plain .tar, in which a clip is found at once"
MOST_BYTES = 1 << 20  # of a text beside a recording
LABEL_FILES = ("cls", "txt")  # where no JSON says it; a txt that is no label is what is spoken


@dataclass(frozen=True)
class _Words:
    """How the shards call the columns of the clip table, which of them must be there, and what their labels mean."""

    names: Mapping[str, str]
    needed: list[str]
    labels: Mapping[str, str]


@dataclass
class _Text:
    """What the files beside a recording say: `cells` by their suffixes and the keys of the JSON; `path` is of one."""

    path: str
    cells: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    is_used: bool = False


def read(root: Path, columns: Mapping[str, str] = NO_WORDS, labels: Mapping[str, str] = NO_WORDS) -> Rows:
    """Return the clips of all shards below `root`; their official side is that which a shard or its folder is named by.

    A file belongs to a recording if it has its name, up to the last dot or up to the first one. The label stands in
    the JSON, else in ``.cls``, else in ``.txt``.

    Parameters
    ----------
    root : Path
    columns, labels : mapping of str to str
        As of `bonafide.corpus.readers.table.read`; columns are keys of the JSON, and suffixes of other files.

    Raises
    ------
    UserError
        When all shards are compressed, or a label is none that is known.
    """
    files = files_below(root)
    shards = [path for path in files if path.lower().endswith(".tar")]
    packed = [reject(path, COMPRESSED) for path in files if path.lower().endswith(PACKED)]
    if packed and not shards:
        raise UserError(f"{root / packed[0]['path']}: {COMPRESSED}")
    if "path" in columns:
        raise UserError(f"corpus.readers: columns of {root} names path, and a recording is told by its own name")
    names = names_of(root, columns)
    needed = [name for name in needed_of(names, columns, labels) if name not in (names["path"], names["label"])]
    words = _Words(names, needed, labels)
    rows = [row for path in shards for row in _rows(root, path, words)]
    inside = [row["path"] for row in rows if "reason" not in row]
    return matched(
        [*packed, *rows], [*inside, *filter(is_audio, files)], unnamed="it lies beside the shards, in none of them"
    )


def _rows(root: Path, shard: str, words: _Words) -> Iterator[Row]:
    recordings: list[Member] = []
    texts: dict[str, _Text] = {}
    try:
        for member in members(root / shard):
            if not _base(member.name) or ".." in member.name.split("/"):
                continue  # hidden, or a name that leads out of the shard
            if is_audio(member.name):
                recordings.append(member)
            elif member.size <= MOST_BYTES:
                _read_text(root, shard, member, texts, words)
    except UnusableError as error:
        yield reject(shard, str(error))
    yield from _recorded(root, shard, recordings, texts, words)
    for text in texts.values():
        if not text.is_used and not text.path.endswith(".txt"):  # which may be about the shard
            yield reject(text.path, "the shard holds no recording of its name")


def _recorded(
    root: Path, shard: str, recordings: list[Member], texts: Mapping[str, _Text], words: _Words
) -> Iterator[Row]:
    size = (root / shard).stat().st_size
    of_one_key = Counter(_base(member.name) for member in recordings)
    for member in recordings:
        path, key = f"{shard}/{member.name}", _base(member.name)
        beside = [texts[name] for name in dict.fromkeys((key, _stem(member.name))) if name in texts]
        for text in beside:
            text.is_used = True
        if member.offset + member.size > size:
            yield reject(path, "the archive is cut short within the file")
        else:
            pair = f"{shard}/{key}" if of_one_key[key] > 1 else ""
            yield _row(root, path, beside, words, official=side_of(shard), pair=pair)


def _row(root: Path, path: str, beside: list[_Text], words: _Words, **facts: str) -> Row:
    """Return the row of the recording at `path`, with `facts` where what lies `beside` it does not say them."""
    if fault := next((text.fault for text in beside if text.fault), ""):
        return reject(path, fault)
    line = Line(root, beside[-1].path if beside else path, 1, "")
    cells = {words.names[name]: fact for name, fact in facts.items()}
    for text in beside:
        cells |= text.cells
    if missing := [column for column in words.needed if column not in cells]:
        return line.broken(f"it lacks {', '.join(missing)}")
    spoken = cells.get("txt", "")
    is_label = spoken.lower() in LABEL_WORDS or spoken in words.labels
    cells.setdefault(words.names["label"], cells.get("cls") or (spoken if is_label else ""))
    return row_of(words.names, words.labels, line, {**cells, words.names["path"]: path})


def _read_text(root: Path, shard: str, member: Member, texts: dict[str, _Text], words: _Words) -> None:
    """Add what `member` says to the one of `texts` that has its stem; what is no text says nothing."""
    suffix = member.name.rpartition(".")[2].lower()
    wanted = {*words.names.values(), *LABEL_FILES}
    if suffix != "json" and suffix not in wanted:
        return
    with (root / shard).open("rb") as file:
        file.seek(member.offset)
        content = file.read(member.size)
    text = texts.setdefault(_stem(member.name), _Text(f"{shard}/{member.name}"))
    try:
        if suffix == "json":
            facts = {key.lower(): value for key, value in json.loads(content).items()}
            text.path = f"{shard}/{member.name}"
            text.cells |= {key: text_of(facts[key]) for key in wanted & facts.keys()}
        else:
            text.cells.setdefault(suffix, text_of(content.decode()))
    except (ValueError, AttributeError, RecursionError):
        text.fault = f"{member.name} beside it is no {'JSON object' if suffix == 'json' else 'text in UTF-8'}"


def _stem(name: str) -> str:
    """Return `name` up to the last dot.

    >>> _stem("a.b/utt1.mic2.flac"), _base("a.b/utt1.mic2.flac")
    ('a.b/utt1.mic2', 'a.b/utt1')
    """
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.rpartition(".")[0]


def _base(name: str) -> str:
    """Return `name` up to the first dot, which is what WebDataset calls the key; empty for a hidden file."""
    folder, slash, file = name.rpartition("/")
    key = file.partition(".")[0]
    return folder + slash + key if key else ""
