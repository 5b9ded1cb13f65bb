"""What own recordings give to a network that has not heard their sources: ``python benchmarks/adapting.py HOME``.

HOME is the folder of a release, `.bonafide/folds/...`, and is only read. The clips that a fold of it holds out are
halved within each source, by speakers of people and generators of machines. Each half is once the corpus of one's own:
some of its clips, classes alike, train from the fold's network, as section `start` of params.yaml says, and from
scratch. The other half is tested, without what shares a speaker, a generator or a pair with the first. There is no dev
side: the last epoch counts.

The table has the mean of the EERs of all halves, and what each detector adds to that of the fold's network, with paired
intervals from draws of speakers and generators. The scores of each half are kept: a run that was interrupted goes
on after them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
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
from bonafide.protocol.fold import NAME, Fold
from bonafide.training.fit import fit, read_training
from bonafide.training.logits import clip_logits
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
    scored = [scores for number in options.folds for scores in of_fold(fold_of(options.home, number), options)]
    table = table_of(pd.concat(scored, ignore_index=True), options)
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
    for number, (own, other) in enumerate(zip(both, both[::-1], strict=True), 1):
        name = f"fold {fold.number} half {number}"
        kept = SCORES / f"{fingerprint(fold, options)}-{number}.parquet"
        if not kept.exists():
            print(f"{name}: {len(own)} clips to adapt to", file=sys.stderr, flush=True)
            write_table(pa.Table.from_pandas(scores_of(fold, own, unheard(other, own), options)), kept)
        yield pd.read_parquet(kept).assign(half=name)


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
    """Return a name for all that the scores depend on but the code."""
    sections = yaml.safe_load(options.params.read_text(encoding="utf-8"))
    facts = [[sections[name] for name in ("start", "features", "train")], options.clips, options.seed]
    return hashlib.sha256(json.dumps([facts, sha256(fold.keras)]).encode()).hexdigest()[:16]


def scores_of(fold: Fold, own: Rows, tested: Rows, options: argparse.Namespace) -> pd.DataFrame:
    """Return `tested` with the scores of the fold's network, and of those trained on some of `own`; higher is human."""
    rng = np.random.default_rng(options.seed)
    order = [own[place] for place in rng.permutation(len(own))]
    of_label = {label: [row for row in order if row["label"] == label] for label in LABELS}
    chosen = {count: [row for each in of_label.values() for row in each[: count // 2]] for count in options.clips}
    settings = read_section(options.params, "start", StartSettings)
    scores = pd.DataFrame(tested)
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        testing, training = Path(scratch) / "tested", {count: Path(scratch) / f"{count}" for count in chosen}
        wanted = {training[count]: {row["clip"] for row in rows} for count, rows in chosen.items()}
        cut(fold.home.parent / "features", {testing: set(scores["clip"]), **wanted}, without_copies=testing)
        start = Start(load_model(fold.keras), settings.rate, settings.share)
        frames = start.network.input_shape[1]
        of_clip = {"packaged 0": clip_logits(start.network, testing, set(scores["clip"]), frames)}
        for count, rows in chosen.items():
            for name, before in (("adapted", start), ("from scratch", None)):
                print(f"{len(rows)} clips, {name}", file=sys.stderr, flush=True)
                sides = [{**row, "split": "train"} for row in rows]
                train, clips = read_training(options.params, sides, training[count])
                network, _ = fit(clips, train, Path(scratch) / f"{name} {count}", start=before)
                of_clip[f"{name} {count}"] = clip_logits(network, testing, set(scores["clip"]), frames)
    return scores.assign(**{name: -scores["clip"].map(logits) for name, logits in of_clip.items()})


def cut(features: Path, wanted: Mapping[Path, Collection[str]], without_copies: Path) -> None:
    """Write to each folder, as one part, the features of the clips that are wanted there, with their copies or not."""
    some: dict[Path, list[pa.RecordBatch]] = {out: [] for out in wanted}
    for batch in read_rows(part_files(features).values()):
        for out, clips in wanted.items():
            chosen = pc.is_in(batch.column("clip"), pa.array(sorted(clips)))
            if out == without_copies:
                chosen = pc.and_(chosen, pc.equal(batch.column("copy"), 0))
            some[out].append(batch.filter(chosen))
    for out, batches in some.items():
        write_table(pa.Table.from_batches(batches), out / part_name(0))


def table_of(scored: pd.DataFrame, options: argparse.Namespace) -> pd.DataFrame:
    """Return a row for each detector: its EER, and by how much it is above that of the fold's network."""
    human = (scored["label"] == "human").to_numpy()
    draws = Draws(clusters(scored), human, replicates=REPLICATES, seed=options.seed)
    packaged = mean_eer(draws, scored, "packaged 0")
    rows = []
    for name in ["packaged 0", *(f"{name} {count}" for name in ("adapted", "from scratch") for count in options.clips)]:
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
