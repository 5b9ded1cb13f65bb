"""What own recordings give to a network that has not heard their sources: ``python benchmarks/adapting.py HOME``.

HOME is the folder of a release, `.bonafide/folds/...`, and is only read. The clips that a fold of it holds out are
halved within each source, by speakers of people and generators of machines. Each half is once the corpus of one's own:
some of its clips, classes alike, train from the fold's network, as section `start` of params.yaml says, and from
scratch. The other half is tested, without what shares a speaker, a generator or a pair with the first. There is no dev
side: the last epoch counts.

The table has the mean of the EERs of all halves, and what each detector adds to that of the fold's network, with paired
intervals from draws of speakers and generators. The scores of each detector are kept: a run that was interrupted, or
is asked for more clips, goes on after them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from bonafide.corpus.heard import StartSettings
from bonafide.corpus.rows import LABELS, Row, Rows
from bonafide.evaluation.bootstrap import Draws, percentiles
from bonafide.evaluation.scored_clips import clusters
from bonafide.files import sha256, write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.parts import part_files, part_name
from bonafide.pipeline.paths import KEPT
from bonafide.pipeline.tables import read_rows, write_table
from bonafide.progress import track
from bonafide.protocol.fold import NAME, Fold
from bonafide.training.backend import keras
from bonafide.training.fit import fit, read_training
from bonafide.training.networks.cnn import feature_logits
from bonafide.training.networks.starts import Start
from bonafide.training.saving import load_model

SCORES = KEPT / "adapting"
REPLICATES = 1000
COLUMNS = ["clip", "path", "label", "speaker", "generator", "source", "pair"]


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2], help="whose held-out sources are the own ones")
    parser.add_argument("--clips", type=int, nargs="+", default=[50, 120, 500], help="of one's own, of both classes")
    parser.add_argument("--seed", type=int, default=1, help="of the halves")
    parser.add_argument("--table", type=Path, default=Path("docs/adapting.csv"))
    options = parser.parse_args()
    tested = [scores for number in options.folds for scores in of_fold(fold_of(options.home, number), options)]
    table = table_of(pd.concat(tested, ignore_index=True), options)
    print(table.to_string(index=False))
    write_text(options.table, table.round(4).to_csv(index=False))


def fold_of(home: Path, number: int) -> Fold:
    """Return fold `number` of the release in `home`."""
    for path in sorted(home.glob(f"cross-fitted/source-{number}-of-*/bonafide.keras")):
        if match := NAME.fullmatch(path.parent.name):
            return Fold(home / "cross-fitted", "source", (number,), int(match["of"]), int(match["seed"]))
    raise SystemExit(f"adapting: {home} has no network of fold {number}: run `bonafide release` first")


def of_fold(fold: Fold, options: argparse.Namespace) -> Iterator[pd.DataFrame]:
    """Yield the tested clips of each half of what `fold` holds out, with the scores of all detectors."""
    rows = pq.read_table(fold.sides, columns=COLUMNS, filters=[("split", "=", "test")]).to_pylist()
    both = halves(rows, options.seed)
    home = SCORES / fingerprint(fold, options)
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        folder, tried = Path(scratch), []
        for number, (own, other) in enumerate(zip(both, both[::-1], strict=True), 1):
            chosen, tested = drawn(own, options), unheard(other, own)
            tried.append(
                Half(f"fold {fold.number} half {number}", tested, chosen, home / f"{number}", folder / f"{number}")
            )
        if wanted := {out: clips for half in tried if half.missing for out, clips in half.wanted.items()}:
            cut(fold.home.parent / "features", wanted)
        for half in tried:
            yield scored(half, fold, options)


@dataclass(frozen=True)
class Half:
    """What is tested of a fold, the own clips by their number, and where scores are kept and features lie meanwhile."""

    name: str
    tested: Rows
    chosen: Mapping[int, Rows]
    kept: Path
    features: Path

    @property
    def missing(self) -> bool:
        """Whether a detector has no scores yet."""
        return not all((self.kept / f"{detector}.parquet").exists() for detector in detectors(self.chosen))

    @property
    def wanted(self) -> dict[tuple[Path, bool], set[str]]:
        """The clips whose features are needed, by the folder to write them to and whether their copies are needed."""
        own = {(self.features / f"{count}", True): {row["clip"] for row in rows} for count, rows in self.chosen.items()}
        return {(self.features / "tested", False): {row["clip"] for row in self.tested}, **own}


def detectors(counts: Iterable[int]) -> list[str]:
    """Return the names of all detectors: the kind, and how many own clips it has heard."""
    return ["packaged 0", *(f"{kind} {count}" for kind in ("adapted", "from scratch") for count in counts)]


def drawn(own: Rows, options: argparse.Namespace) -> dict[int, Rows]:
    """Return so many clips of `own` as each corpus has, half of each class; the smaller are parts of the larger."""
    order = [own[place] for place in np.random.default_rng(options.seed).permutation(len(own))]
    of_label = [[row for row in order if row["label"] == label] for label in LABELS]
    return {count: [row for each in of_label for row in each[: count // 2]] for count in options.clips}


def halves(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Return `rows` in two halves that share no speaker of people and no generator; each source is divided."""
    rng, side = np.random.default_rng(seed), dict[tuple[str, str], int]()
    for source in sorted({row["source"] for row in rows}):
        for label in LABELS:
            inside = {who(row) for row in rows if row["source"] == source and row["label"] == label}
            units, first = sorted(inside - side.keys()), int(rng.integers(2))
            for place, unit in enumerate(rng.permutation(len(units))):
                side[units[unit]] = (first + place) % 2
    return [row for row in rows if side[who(row)] == 0], [row for row in rows if side[who(row)] == 1]


def who(row: Row) -> tuple[str, str]:
    """Return who speaks: the speaker of a person, the generator of a machine, or the source where nobody says."""
    return row["label"], row["speaker" if row["label"] == "human" else "generator"] or row["source"]


def unheard(rows: Rows, own: Rows) -> Rows:
    """Return those of `rows` that share no speaker, generator or pair with `own`."""
    heard = {name: {row[name] for row in own} - {""} for name in ("speaker", "generator", "pair")}
    return [row for row in rows if not any(row[name] in heard[name] for name in heard)]


def fingerprint(fold: Fold, options: argparse.Namespace) -> str:
    """Return a name for all that the scores depend on but the code and the number of clips."""
    sections = yaml.safe_load(options.params.read_text(encoding="utf-8"))
    facts = [[sections[name] for name in ("start", "features", "train")], options.seed, sha256(fold.keras)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def scored(half: Half, fold: Fold, options: argparse.Namespace) -> pd.DataFrame:
    """Return the tested clips with the scores of all detectors, higher is more human; those that are kept are read."""
    settings = read_section(options.params, "start", StartSettings)
    start = Start(load_model(fold.keras), settings.rate, settings.share)
    scores = pd.DataFrame(half.tested).assign(half=half.name)
    for name in detectors(half.chosen):
        kept = half.kept / f"{name}.parquet"
        if not kept.exists():
            print(f"{half.name}: {name}, {len(scores)} clips to test", file=sys.stderr, flush=True)
            network = start.network if name == "packaged 0" else trained(half, name, start, options.params)
            frames = start.network.input_shape[1]
            logits = feature_logits(network, half.features / "tested", set(scores["clip"]), frames)
            write_table(pa.table({"clip": list(logits), "score": [-logit for logit in logits.values()]}), kept)
        of_clip = pd.read_parquet(kept).set_index("clip")["score"]
        scores[name] = scores["clip"].map(of_clip)
    return scores


def trained(half: Half, name: str, start: Start, params: Path) -> keras.Model:
    """Return the network of a detector."""
    kind, count = name.rsplit(maxsplit=1)
    rows = [{**row, "split": "train"} for row in half.chosen[int(count)]]
    settings, clips = read_training(params, rows, half.features / count)
    network, _ = fit(clips, settings, half.features / name, start=start if kind == "adapted" else None)
    return network


def cut(features: Path, wanted: Mapping[tuple[Path, bool], Collection[str]]) -> None:
    """Write to each folder, as one part, the features of the clips that are wanted there, with their copies or not."""
    some: dict[Path, list[pa.RecordBatch]] = {out: [] for out, _ in wanted}
    for batch in read_rows(track(paths := part_files(features).values(), total=len(paths), what="reading features")):
        for (out, copies), clips in wanted.items():
            chosen = pc.is_in(batch.column("clip"), pa.array(sorted(clips)))
            some[out].append(batch.filter(chosen if copies else pc.and_(chosen, pc.equal(batch.column("copy"), 0))))
    for out, batches in some.items():
        write_table(pa.Table.from_batches(batches), out / part_name(0))


def table_of(scored: pd.DataFrame, options: argparse.Namespace) -> pd.DataFrame:
    """Return a row for each detector: its EER, and by how much it is above that of the fold's network."""
    human = (scored["label"] == "human").to_numpy()
    draws = Draws(clusters(scored), human, replicates=REPLICATES, seed=options.seed)
    packaged = mean_eer(draws, scored, "packaged 0")
    rows = []
    for name in detectors(options.clips):
        apart = mean_eer(draws, scored, name) - packaged
        low, high = percentiles({"eer": apart[1:]})["eer"]
        detector, count = name.rsplit(maxsplit=1)
        figures = {"EER": packaged[0] + apart[0], "difference": apart[0], "low": low, "high": high}
        rows.append({"detector": detector, "own clips": int(count), "tested": len(scored), **figures})
    return pd.DataFrame(rows)


def mean_eer(draws: Draws, scored: pd.DataFrame, name: str) -> np.ndarray:
    """Return the mean EER of the halves, as they are and in each replicate, shape (1 + replicates,)."""
    inside = [(scored["half"] == half).to_numpy() for half in scored["half"].unique()]
    values = [draws.measure(scored[name], metrics=["eer"], subset=half)["eer"] for half in inside]
    mean: np.ndarray = np.mean(values, axis=0)
    return mean


if __name__ == "__main__":
    main()
