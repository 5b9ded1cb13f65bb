"""Asks a corpus every probe: of so many of its clips that more would tell no more, and only where these changed.

How surely a probe tells the classes apart depends on how many speakers and generators there are; clips beyond `MOST`
of a class and side add little. Which clips these are depends on each clip alone: one that comes
or goes changes at most itself and one other among them, and as a rule nothing.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from bonafide.audit.findings import AuditSettings
from bonafide.audit.probes import FAMILIES, SIX, VIEWS
from bonafide.audit.shortcuts import Outcome, Probe, Sides, ask
from bonafide.corpus.groups import group_numbers
from bonafide.corpus.rows import LABELS
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.parts import Task, part_files
from bonafide.pipeline.tables import read_table

NEIGHBOURS = "six channel statistics"
MOST = 500  # clips of each class on each side that probes learn from and are asked of
OUTCOMES = pa.schema(
    [("view", pa.string()), ("name", pa.string())]
    + [(name, pa.float64()) for name in ("auc", "low", "high", "accuracy", "train_auc")]
)


@dataclass(frozen=True)
class Draw:
    """How often the bootstrap draws, and from which seed."""

    replicates: int
    seed: int


@dataclass(frozen=True)
class Questions:
    """The probes of one view, and the clips that they are asked of.

    Attributes
    ----------
    probes : list of Probe
    sides : Sides
    clusters : np.ndarray, shape=(n,), str
        What stands and falls together: speakers of human clips, generators of ai clips.
    """

    probes: list[Probe]
    sides: Sides
    clusters: np.ndarray

    def digest(self) -> str:
        """Return a hash of all that the answers depend on, but for the draws and this package's code."""
        sides = self.sides
        arrays = [sides.train, sides.test, sides.human, sides.groups, self.clusters]
        state = hashlib.sha256(metadata.version("scikit-learn").encode())
        for each in (*arrays, *(probe.values for probe in self.probes)):
            state.update(f"{each.dtype.str} {each.shape}".encode() + np.ascontiguousarray(each).tobytes())
        state.update(repr([(probe.view, probe.name, probe.neighbours) for probe in self.probes]).encode())
        return state.hexdigest()


def ask_all(
    rows: pd.DataFrame, group: Literal["source", "speaker", "generator"], settings: AuditSettings
) -> list[Outcome]:
    """Return what each probe finds among `rows`, the split table joined with what `bonafide.audit.probes` measured.

    What was asked before is in the part store.

    Parameters
    ----------
    rows : pd.DataFrame
        Numbered from 0.
    group : str
        What the split moves as one: `split.group`.
    settings : AuditSettings
    """
    questions = questions_of(rows, group, settings)
    tasks = [Task(number, each.digest(), each) for number, each in enumerate(questions)]
    with tempfile.TemporaryDirectory() as folder:
        build(ask_view, Draw(settings.replicates, settings.seed), tasks, Path(folder), what="asking probes")
        tables = [read_table(path) for path in part_files(Path(folder)).values()]
    outcomes = (Outcome(**row) for row in pa.concat_tables(tables).to_pylist())
    return sorted(outcomes, key=lambda each: (each.view, each.name))


def ask_view(questions: Questions, draw: Draw) -> pa.Table:
    """Return the outcome of each probe of `questions`, as rows of `OUTCOMES`."""
    from bonafide.evaluation.bootstrap import Draws  # not needed where nothing changed

    sides = questions.sides
    draws = Draws(questions.clusters[sides.test], sides.human[sides.test], replicates=draw.replicates, seed=draw.seed)
    outcomes = [ask(probe, sides, draws, draw.seed) for probe in questions.probes]
    return pa.Table.from_pylist([vars(each) for each in outcomes], schema=OUTCOMES)


def questions_of(
    rows: pd.DataFrame, group: Literal["source", "speaker", "generator"], settings: AuditSettings
) -> list[Questions]:
    """Return what is asked in each view of the clips of `rows` that `asked_of` chooses; parameters as of `ask_all`."""
    groups = group_numbers(rows[["clip", "source", "speaker", "generator", "pair"]].to_dict("records"), group)
    places = asked_of(rows, settings.seed)
    chosen = rows.iloc[places]
    human = (chosen["label"] == "human").to_numpy()
    sides = Sides(
        train=(chosen["split"] == "train").to_numpy(),
        test=(chosen["split"] == "test").to_numpy(),
        human=human,
        groups=np.unique(groups[places], return_inverse=True)[1],  # the same, whatever other groups there are
    )
    clusters = np.where(human, chosen["speaker"], chosen["generator"]).astype(str)
    probes = [replace(probe, values=probe.values[places]) for probe in probes_of(rows, settings.k)]
    return [Questions([each for each in probes if each.view == view], sides, clusters) for view in VIEWS]


def asked_of(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the positions, ascending, of the clips of train and test that are asked: at most `MOST` of a class each.

    Those whose ids have the least hashes: a sample that a clip more, or less, leaves as it is.
    """
    split, label = rows["split"].to_numpy(), rows["label"].to_numpy()
    chosen = []
    for side in ("train", "test"):
        for name in LABELS:
            places = np.flatnonzero((split == side) & (label == name))
            chosen.append(places if len(places) <= MOST else places[_least(rows["clip"].to_numpy()[places], seed)])
    return np.sort(np.concatenate(chosen))


def probes_of(rows: pd.DataFrame, k: int) -> Iterator[Probe]:
    """Yield every probe over `rows`; what is known of a file beside its sound counts among the files."""
    for view in VIEWS:
        for name, facts in FAMILIES.items():
            yield Probe(view, name, rows[[f"{view}.{fact}" for fact in facts]].to_numpy(float))
        yield Probe(view, NEIGHBOURS, rows[[f"{view}.{fact}" for fact in SIX]].to_numpy(float), neighbours=k)
    yield Probe("files", "native rate", rows["native_rate"].astype(str).to_numpy(str))
    yield Probe("files", "container and coding", rows["native_format"].to_numpy(str))
    yield Probe("files", "clips per speaker", _crowds(rows["speaker"]))
    yield Probe("clips", "language", rows["language"].to_numpy(str))  # no conditioning hides it


def _least(clips: np.ndarray, seed: int) -> np.ndarray:
    """Return the places of the `MOST` among `clips`, ids, that have the least hashes."""
    hashes = [hashlib.blake2b(f"{seed} {clip}".encode(), digest_size=8).digest() for clip in clips]
    return np.argsort(np.frombuffer(b"".join(hashes), ">u8"), kind="stable")[:MOST]


def _crowds(speakers: pd.Series) -> np.ndarray:
    """How many clips a clip's speaker has, as a power of two; unknown where the speaker is."""
    counts = speakers.map(speakers.value_counts())
    powers = np.floor(np.log2(counts)).astype(int).astype(str)
    return np.where(speakers == "", "", powers).astype(str)
