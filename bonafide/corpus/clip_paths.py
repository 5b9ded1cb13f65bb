"""Paths of clips: which file a path means that was written by hand or on another system."""

import math
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from pathlib import Path, PurePosixPath

CLOSE = 0.75  # difflib's ratio of two names from which on one may be the other misspelt
MOST_LETTERS = 2  # that a misspelt name has too many, too few or others

Place = tuple[str, ...]  # the parts of a path as `loose` has them


def loose(name: str) -> str:
    """Return `name` without what people and systems change in it: case, Unicode form, blanks around it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name.strip()).casefold())


class Spellings:
    """Finds, below the folder `root`, what a path in a table means; it looks into each folder once.

    Parameters
    ----------
    root : Path
    files : collection of str
        Paths that have the say where a link makes two of one file.
    """

    def __init__(self, root: Path, files: Collection[str] = ()) -> None:
        self._root, self._files = root, files
        self._bases = tuple(dict.fromkeys((root.absolute(), root.resolve())))
        self._names: dict[str, dict[str, list[str]]] = {}

    def plain(self, text: str) -> str | None:
        """Return the path `text` relative to the folder, with single slashes; None where it leads out of it."""
        if os.path.isabs(text):  # noqa: PTH117 - quick, as there may be many
            places = (Path(text), Path(os.path.realpath(Path(text).parent), Path(text).name))
            inside = [place.relative_to(base) for base in self._bases for place in places if place.is_relative_to(base)]
            if not inside:
                return None
            text = inside[0].as_posix()
        parts = [part for part in text.split("/") if part not in ("", ".")]
        return None if ".." in parts or not parts else "/".join(parts)

    def on_disk(self, path: str) -> list[str]:
        """Return `path` where it is there, or else all that are there and differ from it as `loose` lets them."""
        if path in self._files:
            return [path]
        paths = [""]
        for part in path.split("/"):
            paths = [
                f"{parent}/{name}" if parent else name
                for parent in paths
                for name in self._inside(parent).get(loose(part), [])
            ]
        return [self._behind_links(each) for each in ([path] if path in paths else sorted(paths))]

    def _behind_links(self, path: str) -> str:
        if path in self._files:
            return path
        real = os.path.realpath(self._root / path)  # Path.resolve raises an error where links make a loop
        return path if real == str(self._bases[-1] / path) else self._real.get(real, path)

    @cached_property
    def _real(self) -> dict[str, str]:
        return {os.path.realpath(self._root / file): file for file in self._files}

    def _inside(self, folder: str) -> dict[str, list[str]]:
        if folder not in self._names:
            names: dict[str, list[str]] = defaultdict(list)
            with suppress(OSError):  # no folder, or one that may not be read: nothing is found in it
                for path in (self._root / folder).iterdir():
                    names[loose(path.name)].append(path.name)
            self._names[folder] = names
        return self._names[folder]


class Likely:
    """Finds among `files` the one that a path may have been meant for which leads to none.

    It may if one path is the end of the other, if the name is the same and a folder of the path is missing, too many
    or misspelt, or if the name is misspelt. Names that differ in a number or in a word are those of other clips.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._ends: dict[Place, str] = {}
        self._whole: dict[Place, str] = {}
        self._same_name: dict[tuple[str, str], dict[Place, str]] = defaultdict(dict)
        self._same_folder: dict[tuple[Place, str], dict[str, str]] = defaultdict(dict)
        for file in files:
            parts = _parts(file)
            folder, stem = parts[:-1], _stem(parts[-1])
            self._whole[parts] = file
            for start in range(len(parts)):
                self._ends.setdefault(parts[start:], file)
            self._same_name[stem, _numbers("/".join(folder))][folder] = file
            self._same_folder[folder, _numbers(stem)][stem] = file

    def file(self, path: str) -> str | None:
        """Return the file that `path` may mean, None where there is no such."""
        parts = _parts(path)
        if parts in self._ends:
            return self._ends[parts]
        for start in range(1, len(parts)):
            if parts[start:] in self._whole:
                return self._whole[parts[start:]]
        own, stem = parts[:-1], _stem(parts[-1])
        for name in (stem, parts[-1]):  # the suffix may be missing, and what looks like one a part of the name
            folders = self._same_name.get((name, _numbers("/".join(own))), {})
            if own in folders:
                return folders[own]
            for folder, file in folders.items():
                if _within(own, folder) or _within(folder, own) or _misspelt(own, folder):
                    return file
        stems = self._same_folder.get((own, _numbers(stem)), {})
        near = get_close_matches(stem, stems, cutoff=CLOSE)
        return next((stems[each] for each in near if _misspelt((stem,), (each,))), None)


def _within(few: Place, many: Place) -> bool:
    """Return whether `many` has the parts of `few` in their order."""
    rest = iter(many)
    return all(part in rest for part in few)


def _misspelt(first: Place, second: Place) -> bool:
    """Return whether each part is the other's, but for a few letters."""
    return len(first) == len(second) and all(
        one == other or _letters_changed(one, other) <= MOST_LETTERS for one, other in zip(first, second, strict=True)
    )


def _letters_changed(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < CLOSE:
        return math.inf  # few letters, but most of a short name
    return sum(max(a2 - a1, b2 - b1) for kind, a1, a2, b1, b2 in matcher.get_opcodes() if kind != "equal")


def _parts(path: str) -> Place:
    return tuple(loose(part) for part in path.split("/"))


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _numbers(text: str) -> str:
    return " ".join(number.lstrip("0") or "0" for number in re.findall(r"\d+", text))
