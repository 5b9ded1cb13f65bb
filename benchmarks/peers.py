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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import peer_features
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from bonafide.audio.conditioning import from_flac
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.groups import fold_groups
from bonafide.corpus.splits import SplitSettings, split
from bonafide.corpus.table import SPLIT, as_table
from bonafide.errors import UserError
from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.files import write_text, write_whole
from bonafide.pipeline.params import read_section
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import read_rows, write_table
from bonafide.protocol.folds import CATALOG, CLIPS, METRICS
from bonafide.protocol.table import POINTS, carried_over, put_row, summary_row
from bonafide.scoring.calibration import calibrate, p_ai
from bonafide.scoring.measures import auc, eer
from bonafide.scoring.operating_points import measure_name
from bonafide.scoring.thresholds import thresholds
from bonafide.training.calibration_fit import fit_calibration

WORK = Path(".bonafide/peers")
REPLICATES = 1000
COMPONENTS, PASSES, FRAMES_OF_START = 512, 10, 10  # of a Gaussian mixture; it starts from every tenth frame

Logits = Callable[[np.ndarray], np.ndarray]  # numbers of clips to logits, higher is more ai
Fit = Callable[["Heard", "Sides", int, "int | None"], Logits]


@dataclass(frozen=True)
class Heard:
    """Features of all clips, shape (n, ...), and how many frames of each are not a repetition, shape (n,)."""

    values: np.ndarray
    frames: np.ndarray


@dataclass(frozen=True)
class Sides:
    """Numbers of the clips that train, judge and are tested, and whether each clip of all is ai, shape (n,)."""

    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray
    is_ai: np.ndarray


@dataclass(frozen=True)
class Net:
    """A network of `peer_nets` and how it is trained.

    The rule for the epoch to keep is the same for all and that of ours: the highest AUC on dev. Both classes weigh
    alike, by weights where the authors repeat clips.
    """

    name: str
    batch: int
    rate: float  # of Adam
    epochs: int
    halve_every: int | None = None  # epochs

    def __call__(self, heard: Heard, sides: Sides, seed: int, epochs: int | None) -> Logits:
        """Train the network and return what scores clips with it."""
        import keras

        keras.utils.set_random_seed(seed)
        model = build(self.name, heard.values.shape[1:])
        model.compile(keras.optimizers.Adam(self.rate), keras.losses.BinaryCrossentropy(from_logits=True))
        rng = np.random.default_rng(seed)
        best, kept = -1.0, model.get_weights()
        for epoch in range(epochs or self.epochs):
            started = time.perf_counter()
            if self.halve_every:
                model.optimizer.learning_rate = self.rate * 0.5 ** (epoch // self.halve_every)
            loss = one_epoch(model, heard, sides, self.batch, rng)
            took = time.perf_counter() - started
            judged = auc(-logits_of(model, heard, sides.dev), ~sides.is_ai[sides.dev])
            print(f"  epoch {epoch + 1}: loss {loss:.4f}, dev AUC {judged:.4f}, {took:.1f} s", flush=True)
            if judged > best:
                best, kept = judged, model.get_weights()
        model.set_weights(kept)
        return lambda clips: logits_of(model, heard, clips)


@dataclass(frozen=True)
class Peer:
    """A system to compare with: which features of `peer_features.FRONTS` it hears, and how it is fitted."""

    front: str
    fit: Fit
    label: str


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
            kept = list(run_peer(name, work, folds, options))
            if not options.only:
                report(name, work, kept, options)
    except UserError as error:
        sys.exit(f"peers: {error}")


def folds_of(params: Path, n_folds: int) -> tuple[Path, list[pd.DataFrame]]:
    """Return the folder of these clips and folds, and the split table of each: the same as in `bonafide folds`."""
    if not CLIPS.is_dir():
        raise UserError(f"{CLIPS} is not there: run `dvc repro prepare` first")
    sections = yaml.safe_load(params.read_text(encoding="utf-8"))
    sections["split"]["group"] = "source"
    rows, _ = parted(pq.read_table(CATALOG).to_pylist(), read_section(params, "companions", CompanionSettings))
    work = WORK / digest([sections["audio"], sections["split"], rows, n_folds])
    settings = SplitSettings(**vars(read_section(params, "split", SplitSettings)) | {"group": "source"})
    paths = [work / f"fold-{fold + 1}.parquet" for fold in range(n_folds)]
    if not all(path.exists() for path in paths):
        for path, tested in zip(paths, fold_groups(rows, "source", n_folds), strict=True):
            write_table(as_table(split(rows, settings, tested), SPLIT), path)
    return work, [pd.read_parquet(path) for path in paths]


def run_peer(
    name: str, work: Path, folds: list[pd.DataFrame], options: argparse.Namespace
) -> Iterator[tuple[int, int, pd.DataFrame, dict[str, float]]]:
    """Yield fold, seed, scores of the test clips and dev thresholds; what was kept is not done again."""
    peer, heard = PEERS[name], None
    for number, rows in enumerate(folds, start=1):
        for seed in options.seeds:
            if options.only not in (None, number):
                continue
            folder = work / variant(name, options.epochs) / f"source-{number}-of-{len(folds)}-seed-{seed}"
            if not (folder / METRICS).exists():
                heard = heard or hear(peer.front, work, rows["clip"].tolist())
                started = time.perf_counter()
                scores, chosen = test(peer, heard, rows, seed, options.epochs)
                write_table(pa.Table.from_pandas(scores, preserve_index=False), folder / "scores.parquet")
                write_text(folder / METRICS, json.dumps(chosen))
                took = time.perf_counter() - started
                print(f"{name}, fold {number}, seed {seed}: EER {eer(*arrays(scores)):.3f}, {took:.0f} s", flush=True)
            yield number, seed, *kept_fold(folder)


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
    found = thresholds(calibrate(logits, calibration), human)
    llr = calibrate(score(sides.test), calibration)
    chosen = {measure_name(name, "threshold"): found[name] for name in POINTS}
    return rows.iloc[sides.test].assign(llr=llr, p_ai=p_ai(llr)), chosen


def hear(front: str, work: Path, clips: list[str]) -> Heard:
    """Return the features of all `clips` in their order; they are computed once and then read from `work`."""
    path = work / f"{front}.npy"
    lengths = work / f"{front}-frames.npy"
    if not lengths.exists():
        found, frames = {}, {}
        for batch in read_rows(part_files(CLIPS).values(), ["clip", "audio"]):
            for row in batch.to_pylist():
                samples = from_flac(row["audio"]["bytes"])
                values = peer_features.FRONTS[front](samples)
                found[row["clip"]] = values.astype(np.float32 if values.ndim == 1 else np.float16)
                frames[row["clip"]] = min(peer_features.FRAMES, 1 + samples.size // peer_features.HOP)
        write_whole(path, lambda temporary: np.save(temporary, [found[clip] for clip in clips]))
        write_whole(lengths, lambda temporary: np.save(temporary, [frames[clip] for clip in clips]))
    return Heard(np.load(path, mmap_mode="r"), np.load(lengths))


def fit_svm(heard: Heard, sides: Sides, seed: int, epochs: int | None) -> Logits:
    """Fit what a popular tool has: a support vector machine of scikit-learn's defaults over standardised means."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    machine = make_pipeline(StandardScaler(), SVC(kernel="rbf", random_state=seed))
    machine.fit(heard.values[sides.train], sides.is_ai[sides.train])
    return lambda clips: machine.decision_function(heard.values[clips])


def fit_gmm(heard: Heard, sides: Sides, seed: int, epochs: int | None) -> Logits:
    """Fit a mixture of 512 diagonal Gaussians to the frames of each class: the LFCC-GMM baseline of ASVspoof 2019.

    Todisco et al. 2019, "ASVspoof 2019: Future Horizons in Spoofed and Fake Audio Detection"; the start from a tenth
    of the frames and ten passes are those of the organisers' Python version.
    """

    def frames_of(clip: int) -> np.ndarray:
        return heard.values[clip, : heard.frames[clip]].astype(np.float32)

    mean, spread = moments(np.concatenate([frames_of(clip) for clip in sides.train]))
    mixtures = []
    for label in (True, False):
        own = [(frames_of(clip) - mean) / spread for clip in sides.train if sides.is_ai[clip] == label]
        mixtures.append(mixture(np.concatenate(own), seed))

    def score(clips: np.ndarray) -> np.ndarray:
        standard = [(frames_of(clip) - mean) / spread for clip in clips]
        return np.array([mixtures[0].score(frames) - mixtures[1].score(frames) for frames in standard])

    return score


def moments(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation: a likelihood ratio is the same in any unit, float32 is not."""
    return frames.mean(axis=0), frames.std(axis=0)


def mixture(frames: np.ndarray, seed: int) -> Any:  # noqa: ANN401 - of scikit-learn, which has no types
    """Return a fitted mixture of Gaussians for `frames`, shape (n, k)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    options: dict[str, Any] = {"covariance_type": "diag", "max_iter": PASSES, "random_state": seed, "reg_covar": 1e-4}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ten passes are what was published
        size = min(COMPONENTS, len(frames) // FRAMES_OF_START)
        start = GaussianMixture(size, **options).fit(frames[::FRAMES_OF_START])
        known = {"weights_init": start.weights_, "means_init": start.means_, "precisions_init": start.precisions_}
        return GaussianMixture(size, **options, **known).fit(frames)


def build(name: str, shape: tuple[int, ...]) -> Any:  # noqa: ANN401 - Keras is imported where a network is wanted
    """Return the untrained network `name` of `peer_nets` for features of `shape`."""
    import peer_nets

    return getattr(peer_nets, name)(*shape)


def one_epoch(model: Any, heard: Heard, sides: Sides, batch: int, rng: np.random.Generator) -> float:  # noqa: ANN401
    """Return the mean loss of one pass over the training clips in a new order; the rest of a batch is left out."""
    order = rng.permutation(sides.train)
    batch = min(batch, len(order))
    share = sides.is_ai[sides.train].mean()
    losses = []
    for start in range(0, len(order) - batch + 1, batch):
        clips = np.sort(order[start : start + batch])
        is_ai = sides.is_ai[clips]
        weight = np.where(is_ai, 0.5 / share, 0.5 / (1 - share)).astype(np.float32)
        x = heard.values[clips].astype(np.float32)
        losses.append(float(model.train_on_batch(x, is_ai[:, None].astype(np.float32), sample_weight=weight)))
    return float(np.mean(losses))


def logits_of(model: Any, heard: Heard, clips: np.ndarray, batch: int = 64) -> np.ndarray:  # noqa: ANN401
    """Return the logit of each of `clips`; batches are filled up, so that one compiled graph serves all."""
    found = []
    for start in range(0, len(clips), batch):
        own = clips[start : start + batch]
        filled = np.concatenate([own, np.repeat(own[-1:], batch - len(own))])
        logits = np.asarray(model.predict_on_batch(heard.values[filled].astype(np.float32)))
        found.append(logits[: len(own), 0].astype(np.float64))
    return np.concatenate(found)


def report(
    name: str, work: Path, kept: list[tuple[int, int, pd.DataFrame, dict[str, float]]], options: argparse.Namespace
) -> None:
    """Print and write the peer's row of the protocol's table, and its difference from ours."""
    figures = summary_row([fold[2:] for fold in kept], replicates=REPLICATES, seed=1)
    label = PEERS[name].label + (f", {options.epochs} epochs" if options.epochs and is_net(name) else "")
    row = {
        **{"name": label, "params": digest([work.name, variant(name, options.epochs)])},
        **{
            "calibrated by": "dev",
            "held out": "source",
            "folds": options.folds,
            "seeds": " ".join(map(str, options.seeds)),
        },
        **{key: round(value, 4) for key, value in figures.items()},
    }
    print(pd.Series(row).to_string())
    put(options.table, row)
    if options.ours:
        pair = difference({(fold, seed): scores for fold, seed, scores, _ in kept}, options.ours, options.folds)
        row = {"system": label, "params": row["params"], "less": options.ours.name, **pair}
        print(pd.Series(row).to_string())
        put(options.pairs, row, of=("system", "params", "less"))


def between(options: argparse.Namespace) -> None:
    """Print and write the difference of two systems of `bonafide folds`, such as the student project's and ours."""
    if not options.ours:
        raise UserError("--theirs is compared with --ours: name both")
    theirs = {
        (fold, seed): kept_fold(options.theirs / f"source-{fold}-of-{options.folds}-seed-{seed}")[0]
        for fold in range(1, options.folds + 1)
        for seed in options.seeds
    }
    names = pd.read_csv(options.table, dtype=str).query("params == @options.theirs.name")["name"]
    if names.empty:
        raise UserError(f"{options.table} has no row of {options.theirs}: run `bonafide folds --table` there first")
    row = {"system": names.iloc[-1], "params": options.theirs.name, "less": options.ours.name}
    row |= difference(theirs, options.ours, options.folds)
    print(pd.Series(row).to_string())
    put(options.pairs, row, of=("params", "less"))


def difference(theirs: dict[tuple[int, int], pd.DataFrame], ours: Path, n_folds: int) -> dict[str, float]:
    """Return the pooled EER of theirs less ours over the same clips, with its 95 % interval.

    Only seeds that both have are compared; a system with one seed alone meets that seed in the other.
    """
    pools = []
    for (fold, seed), scores in theirs.items():
        folder = ours / f"source-{fold}-of-{n_folds}-seed-{seed}"
        if not (folder / METRICS).exists():
            raise UserError(f"{folder} is not done: run `bonafide folds --folds {n_folds}` with seed {seed} first")
        both = scores.merge(kept_fold(folder)[0][["clip", "llr"]], on="clip", suffixes=("", " ours"))
        if len(both) != len(scores):
            raise UserError(f"{folder} tests other clips: give --params the file that `bonafide folds` ran with")
        pools.append(both)
    pool = pd.concat(pools)
    llr, human = arrays(pool)
    draws = Draws(clusters(pool), human, replicates=REPLICATES, seed=1)
    paired = draws.paired_difference(llr, pool["llr ours"].to_numpy())._asdict()
    return {**{key: round(value, 4) for key, value in paired.items()}, "clips": len(pool)}


def put(table: Path, row: dict[str, Any], of: tuple[str, ...] | None = None) -> None:
    """Write `row` into the CSV `table`, in the place of an elder one with the same values in the columns `of`."""
    known = pd.read_csv(table, dtype={"seeds": str, "params": str}) if table.exists() else pd.DataFrame()
    write_text(table, (put_row(known, row, of) if of else put_row(known, row)).to_csv(index=False))


def kept_fold(folder: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the test scores of a fold, of a peer or of ours, and its dev thresholds."""
    metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    return pd.read_parquet(folder / "scores.parquet"), carried_over(metrics)


def is_net(name: str) -> bool:
    """Tell whether peer `name` is trained by epochs."""
    return isinstance(PEERS[name].fit, Net)


def variant(name: str, epochs: int | None) -> str:
    """Return the name of the folder in which this peer's folds are kept: another training is another folder."""
    fit = PEERS[name].fit
    settings = [vars(fit), epochs or fit.epochs] if isinstance(fit, Net) else [COMPONENTS, PASSES]
    return f"{name}-{digest(settings)[:8]}"


def digest(facts: object) -> str:
    """Return a short name for `facts`."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


PEERS = {
    "mfcc-svm": Peer("librosa_means", fit_svm, "MFCC, chroma, contrast means and SVM"),
    "lfcc-gmm": Peer("asvspoof_lfcc", fit_gmm, "LFCC-GMM (ASVspoof baseline)"),
    # Wang & Yamagishi 2021: Adam at 3e-4, halved every 10 epochs, 64 clips a step.
    "lcnn": Peer("asvspoof_lfcc", Net("lcnn", 64, 3e-4, 30, halve_every=10), "LFCC-LCNN (ASVspoof baseline)"),
    # Kawa et al. 2022 and 2023: Adam at 1e-4 for 10 epochs, 8 clips a step.
    "specrnet": Peer("kawa_lfcc", Net("specrnet", 8, 1e-4, 10), "SpecRNet"),
    "mesonet": Peer("kawa_lfcc", Net("mesonet", 8, 1e-4, 10), "MesoInception-4"),
}


if __name__ == "__main__":
    main()
