"""Lays the waveforms of pairs of clips over each other, where that was not done before."""

import hashlib
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from bonafide.audio.conditioning import from_flac
from bonafide.audit import fingerprints
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.parts import Task, part_files
from bonafide.pipeline.tables import read_table

PAIRS = 500  # that are compared by one worker at a time, or somewhat more: some 50 MB of waveforms
LIKENESS = pa.schema([("first", pa.string()), ("second", pa.string()), ("likeness", pa.float64())])

Pair = tuple[str, str, int]  # two clips, and the hops by which the sound comes later in the first
Place = tuple[str, int]  # a part, and the row group in it


@dataclass(frozen=True)
class Sound:
    """What the clips to compare have in common: their rate, in hertz."""

    rate: int


class Comparison(NamedTuple):
    """Pairs to compare, and where each of their clips lies."""

    pairs: list[Pair]
    places: dict[str, Place]


def compared(
    clips: list[str], digests: list[str], alike: fingerprints.Candidates, folder: Path, rate: int
) -> dict[tuple[str, str], float]:
    """Return the likeness of the waveforms of each pair of `alike`, by the two clips.

    Pairs that hang together are compared together, so that a clip is decoded once; the part store knows them by what
    their clips sound like. So the time grows as the clips and the pairs do, and what is known is not compared again.

    Parameters
    ----------
    clips, digests : list of str
        Ids, and the SHA-256 of each clip's audio as it lies in the parts.
    alike : Candidates
        Positions in these lists.
    folder : Path
        Of the parts that hold the audio.
    rate : int
        Of that audio, in hertz.
    """
    if not len(alike.first):
        return {}
    digest_of, places = dict(zip(clips, digests, strict=True)), dict(_places(folder))
    tasks = []
    for pairs in _together(clips, alike):
        names = sorted({name for first, second, _ in pairs for name in (first, second)})
        said = repr((pairs, [digest_of[name] for name in names])).encode()
        digest = hashlib.sha256(said).hexdigest()
        # Numbered by content, as the order of the tasks changes with every pair.
        tasks.append(Task(int(digest[:12], 16), digest, Comparison(pairs, {name: places[name] for name in names})))
    with tempfile.TemporaryDirectory() as made:
        build(compare, Sound(rate), tasks, Path(made), what="comparing waveforms")
        rows = [row for path in part_files(Path(made)).values() for row in read_table(path).to_pylist()]
    return {(row["first"], row["second"]): row["likeness"] for row in rows}


def compare(comparison: Comparison, sound: Sound) -> pa.Table:
    """Return the likeness of each pair, as rows of `LIKENESS`."""
    waves = dict(_waves(comparison.places, sound.rate))
    rows = [
        (first, second, fingerprints.likeness(waves[first], waves[second], hops * fingerprints.HOP))
        for first, second, hops in comparison.pairs
    ]
    return pa.table(dict(zip(LIKENESS.names, zip(*rows, strict=True), strict=True)), schema=LIKENESS)


def _together(clips: list[str], alike: fingerprints.Candidates) -> Iterator[list[Pair]]:
    """Yield the pairs in lists of some `PAIRS`: which of them a pair is in depends on few others."""
    from scipy.sparse import coo_array  # takes long to import, and corpora without candidates do without
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(alike.first)), (alike.first, alike.second)), shape=(len(clips), len(clips)))
    _, component = connected_components(links, directed=False)
    least = {number: clip for clip, number in reversed(list(zip(clips, component.tolist(), strict=True)))}
    size = Counter(component[alike.first].tolist())
    n_lists = 1 << (len(alike.first) // PAIRS).bit_length()  # a power of two: rarely another one
    lists = defaultdict[int, list[Pair]](list)
    for first, second, hops in zip(*(each.tolist() for each in (alike.first, alike.second, alike.offset)), strict=True):
        number = component[first]
        head = least[number] if size[number] <= PAIRS else clips[first]
        lists[zlib.crc32(head.encode()) % n_lists].append((clips[first], clips[second], hops))
    for _, pairs in sorted(lists.items()):
        yield pairs


def _places(folder: Path) -> Iterator[tuple[str, Place]]:
    for path in part_files(folder).values():
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                for name in file.read_row_group(group, ["clip"])["clip"].to_pylist():
                    yield name, (str(path), group)


def _waves(places: dict[str, Place], rate: int) -> Iterable[tuple[str, np.ndarray]]:
    """Yield the waveform of each clip, from no more row groups than they lie in."""
    wanted = defaultdict[Place, list[str]](list)
    for name, place in places.items():
        wanted[place].append(name)
    for (path, group), names in sorted(wanted.items()):
        with pq.ParquetFile(path) as file:
            rows = file.read_row_group(group, ["clip", "audio"])
        for row in rows.filter(pa.compute.is_in(rows["clip"], pa.array(names))).to_pylist():
            yield row["clip"], fingerprints.narrow(from_flac(row["audio"]["bytes"]), rate)
