"""Peers on the folds of `bonafide folds`: rows beside ours in the protocol's table, and paired differences to ours.

Run it in the project's folder after `bonafide folds`:  python benchmarks/peers.py .bonafide/folds/KEY docs/protocol.csv

- MFCC-SVM: means of 20 MFCC, chroma and spectral contrast (librosa) and a support vector machine, as popular tools do.
- LFCC-GMM: 20 linear-frequency cepstra with first and second differences, one Gaussian mixture a class, the baseline
  of ASVspoof (Sahidullah et al. 2015; Todisco et al. 2019) with 64 components in place of 512, to fit a laptop.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from bonafide.audio import from_flac
from bonafide.bootstrap import paired_difference
from bonafide.calibration import calibrate, fit_calibration
from bonafide.evaluation import arrays, clusters
from bonafide.mel import MelSettings, log_mel
from bonafide.models.statistics import _dct  # the cosine transform of our own front end
from bonafide.parts import part_files
from bonafide.protocol import put_row, summary_row
from bonafide.scoring import thresholds
from bonafide.tables import read_rows

RATE = 16000  # Hz; what prepared clips have
LINEAR = MelSettings(n_fft=512, hop_length=160, n_mels=20, f_min=0, f_max=8000, crop_seconds=4, scale="linear")
COMPONENTS = 64
FRAMES = 60_000  # of each class that a mixture is fitted to
REPLICATES = 1000

Features = dict[str, np.ndarray]
Judge = Callable[[Features, list[str], np.ndarray], Callable[[list[str]], np.ndarray]]


def means(samples: np.ndarray) -> np.ndarray:
    """Return the means over time of 20 MFCC, 12 chroma and 7 contrast bands, shape (39,)."""
    spectrum = np.abs(librosa.stft(samples, n_fft=512, hop_length=256))
    parts = (
        librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=20),
        librosa.feature.chroma_stft(S=spectrum**2, sr=RATE, n_fft=512, tuning=0.0),
        librosa.feature.spectral_contrast(S=spectrum, sr=RATE, n_fft=512),
    )
    return np.concatenate([part.mean(axis=1) for part in parts])


def lfcc(samples: np.ndarray) -> np.ndarray:
    """Return linear-frequency cepstra with first and second differences, shape (frames, 60)."""
    cepstra = log_mel(samples, RATE, LINEAR).astype(np.float32) @ _dct(LINEAR.n_mels)
    first = np.gradient(cepstra, axis=0)
    return np.hstack([cepstra, first, np.gradient(first, axis=0)]).astype(np.float32)


def mfcc_svm(found: Features, clips: list[str], is_ai: np.ndarray) -> Callable[[list[str]], np.ndarray]:
    """Fit the machine and return what scores clips; higher is more ai."""
    machine = make_pipeline(StandardScaler(), SVC(class_weight="balanced"))
    machine.fit(np.stack([found[clip] for clip in clips]), is_ai)
    return lambda tested: machine.decision_function(np.stack([found[clip] for clip in tested]))


def lfcc_gmm(found: Features, clips: list[str], is_ai: np.ndarray) -> Callable[[list[str]], np.ndarray]:
    """Fit both mixtures and return what scores clips; higher is more ai."""
    rng = np.random.default_rng(1)
    mixtures = []
    for label in (True, False):
        frames = np.concatenate([found[clip] for clip, ai in zip(clips, is_ai, strict=True) if ai == label])
        frames = frames[rng.choice(len(frames), min(FRAMES, len(frames)), replace=False)]
        mixture = GaussianMixture(COMPONENTS, covariance_type="diag", max_iter=30, random_state=1, reg_covar=1e-3)
        mixtures.append(mixture.fit(frames))
    ai, human = mixtures
    return lambda tested: np.array([ai.score(found[clip]) - human.score(found[clip]) for clip in tested])


def one_fold(fold: Path, found: Features, judge: Judge) -> tuple[pd.DataFrame, float]:
    """Return the test clips of a fold with the peer's llr, calibrated on dev, and its balanced threshold."""
    rows = pd.read_parquet(fold / "split.parquet")
    side = {name: rows[rows["split"] == name] for name in ("train", "dev", "test")}
    score = judge(found, side["train"]["clip"].tolist(), (side["train"]["label"] == "ai").to_numpy())
    human = (side["dev"]["label"] == "human").to_numpy()
    logits = score(side["dev"]["clip"].tolist())
    calibration = fit_calibration(logits, human)
    threshold = thresholds(calibrate(logits, calibration), human)["balanced"]
    return side["test"].assign(llr=calibrate(score(side["test"]["clip"].tolist()), calibration)), threshold


def features(make: Callable[[np.ndarray], np.ndarray]) -> Features:
    """Return what `make` finds in each prepared clip."""
    return {
        row["clip"]: make(from_flac(row["audio"]["bytes"]))
        for batch in read_rows(part_files(Path("data/clips")).values())
        for row in batch.to_pylist()
    }


def main(folder: Path, table: Path) -> None:
    """Add a row for each peer to `table` and print how it differs from ours."""
    folds = sorted(path.parent for path in folder.glob("source-*-seed-1/metrics.json"))
    ours = pd.concat([pd.read_parquet(fold / "scores.parquet", columns=["clip", "llr"]) for fold in folds])
    for name, make, judge in (("MFCC-SVM", means, mfcc_svm), ("LFCC-GMM", lfcc, lfcc_gmm)):
        kept = list(map(partial(one_fold, found=features(make), judge=judge), folds))
        row = summary_row(kept, replicates=REPLICATES, seed=1)
        named = {"name": name, "params": folder.name, "held out": "source", "folds": len(folds), "seeds": "1"}
        known = pd.read_csv(table, dtype={"seeds": str}) if table.exists() else pd.DataFrame()
        put_row(known, {**named, **{key: round(value, 4) for key, value in row.items()}}).to_csv(table, index=False)

        both = pd.concat([scores for scores, _ in kept]).merge(ours, on="clip", suffixes=("", "_ours"))
        human = arrays(both)[1]
        worse = paired_difference(
            both["llr"], both["llr_ours"], human, clusters(both), metric="eer", replicates=REPLICATES, seed=1
        )
        print(json.dumps({**named, **row}))
        print(
            f"{name}: EER higher than ours by {worse.difference:.3f} ({worse.low:.3f} to {worse.high:.3f})", flush=True
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
