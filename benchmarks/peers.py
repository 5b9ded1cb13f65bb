"""Published detectors on the folds of `bonafide folds`: ``python benchmarks/peers.py --peers mfcc-svm lfcc-gmm``.

Every peer trains on the same conditioned clips of the same sides as ours, without augmentation, which none of them has;
its logits are calibrated on dev, its threshold chosen there, by the code that serves ours. Each peer becomes a row of
the protocol's table, and with ``--ours``, the folder of a system that `bonafide folds` kept, a row of paired intervals.
What is done is kept in .bonafide/peers: a run that was interrupted goes on at its next fold.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import peer_features
import pyarrow as pa
from peer_fits import PEERS, Heard, Peer, Sides
from peer_pairs import between, put_pair

from bonafide.audio.conditioning import from_flac
from bonafide.corpus.groups import fold_groups
from bonafide.corpus.splits import split
from bonafide.corpus.table import SPLIT, as_table
from bonafide.errors import UserError
from bonafide.evaluation.metrics import BAND
from bonafide.evaluation.scored_clips import arrays
from bonafide.files import write_text, write_whole
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.paths import CLIPS
from bonafide.pipeline.paths import PEERS as WORK
from bonafide.pipeline.tables import read_rows, write_table
from bonafide.protocol.fold import Fold
from bonafide.protocol.protocols import read_protocol
from bonafide.protocol.table import POINTS, put_into, table_row
from bonafide.scoring.calibration import calibrate, p_ai
from bonafide.scoring.measures import eer
from bonafide.scoring.operating_points import measure_name
from bonafide.scoring.thresholds import cannot_tell_band, thresholds
from bonafide.training.calibration_fit import fit_calibration


def main() -> None:
    """Train and test the chosen peers, print their rows and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, help="this fold alone, for a trial: no row is written")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of the training")
    parser.add_argument("--epochs", type=int, help="of the networks, instead of each one's own")
    parser.add_argument("--ours", type=Path, help="folder of a system in .bonafide/folds, for paired intervals")
    parser.add_argument("--theirs", type=Path, help="another folder there: its difference from --ours, and no peer")
    parser.add_argument("--table", type=Path, default=Path("docs/protocol.csv"))
    parser.add_argument("--pairs", type=Path, default=Path("docs/pairs.csv"))
    options = parser.parse_args()
    try:
        if options.theirs:
            between(options)
            return
        work, folds = folds_of(options.params, options.folds)
        for name in options.peers:
            done = list(run_peer(name, work, folds, options))
            if not options.only:
                report(name, work, done, options)
    except UserError as error:
        sys.exit(f"peers: {error}")


def folds_of(params: Path, n_folds: int) -> tuple[Path, list[pd.DataFrame]]:
    """Return the folder of these clips and folds, and the split table of each: the same as in `bonafide folds`."""
    protocol = read_protocol(params, "source")
    sections = protocol.sections
    work = WORK / digest([sections["audio"], sections["split"], protocol.own, n_folds])
    paths = [work / f"fold-{number}.parquet" for number in range(1, n_folds + 1)]
    if not all(path.exists() for path in paths):
        for path, tested in zip(paths, fold_groups(protocol.own, "source", n_folds), strict=True):
            write_table(as_table(split(protocol.own, protocol.settings, tested), SPLIT), path)
    return work, [pd.read_parquet(path) for path in paths]


def run_peer(name: str, work: Path, folds: list[pd.DataFrame], options: argparse.Namespace) -> Iterator[Fold]:
    """Yield each fold when it is done; what was kept is not done again."""
    peer, heard = PEERS[name], None
    for number, rows in enumerate(folds, start=1):
        for seed in options.seeds:
            if options.only not in (None, number):
                continue
            fold = Fold(work / variant(name, options.epochs), "source", (number,), len(folds), seed)
            if not fold.metrics.exists():
                heard = heard or hear(peer.front, work, rows["clip"].tolist())
                started = time.perf_counter()
                scores, chosen = test(peer, heard, rows, seed, options.epochs)
                write_table(pa.Table.from_pandas(scores, preserve_index=False), fold.scores)
                write_text(fold.metrics, json.dumps(chosen))
                took = time.perf_counter() - started
                print(f"{name}, fold {number}, seed {seed}: EER {eer(*arrays(scores)):.3f}, {took:.0f} s", flush=True)
            yield fold


def test(
    peer: Peer, heard: Heard, rows: pd.DataFrame, seed: int, epochs: int | None
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Train on the train side of `rows`; return the test clips with llr and p_ai, and thresholds of dev."""
    numbers = {side: np.flatnonzero(rows["split"] == side) for side in ("train", "dev", "test")}
    sides = Sides(**numbers, is_ai=(rows["label"] == "ai").to_numpy())
    score = peer.fit(heard, sides, seed, epochs)
    human = ~sides.is_ai[sides.dev]
    logits = score(sides.dev)
    calibration = fit_calibration(logits, human)
    dev = calibrate(logits, calibration)
    cuts = thresholds(dev, human)
    llr = calibrate(score(sides.test), calibration)
    chosen = {measure_name(name, "threshold"): cuts[name] for name in POINTS}
    chosen |= dict(zip(BAND, cannot_tell_band(dev, human), strict=True))
    return rows.iloc[sides.test].assign(llr=llr, p_ai=p_ai(llr)), chosen


def hear(front: str, work: Path, clips: list[str]) -> Heard:
    """Return the features of all `clips` in their order; they are computed once and then read from `work`."""
    path = work / f"{front}.npy"
    lengths = work / f"{front}-frames.npy"
    if not lengths.exists():
        values, frames = {}, {}
        for batch in read_rows(part_files(CLIPS).values(), ["clip", "audio"]):
            for row in batch.to_pylist():
                samples = from_flac(row["audio"]["bytes"])
                own = peer_features.FRONTS[front](samples)
                values[row["clip"]] = own.astype(np.float32 if own.ndim == 1 else np.float16)
                frames[row["clip"]] = min(peer_features.FRAMES, 1 + samples.size // peer_features.HOP)
        write_whole(path, lambda temporary: np.save(temporary, [values[clip] for clip in clips]))
        write_whole(lengths, lambda temporary: np.save(temporary, [frames[clip] for clip in clips]))
    return Heard(np.load(path, mmap_mode="r"), np.load(lengths))


def report(name: str, work: Path, folds: list[Fold], options: argparse.Namespace) -> None:
    """Print and write the peer's row of the protocol's table, and its difference from ours."""
    label = PEERS[name].label_of(options.epochs)
    row = table_row(label, digest([work.name, variant(name, options.epochs)]), "dev", folds)
    print(pd.Series(row).to_string())
    put_into(options.table, row)
    if options.ours:
        put_pair(label, row["params"], folds, options, key=("system", "params", "less"))


def variant(name: str, epochs: int | None) -> str:
    """Return the name of the folder in which this peer's folds are kept: another training is another folder."""
    return f"{name}-{digest(PEERS[name].settings(epochs))[:8]}"


def digest(facts: object) -> str:
    """Return a short name for `facts`."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
