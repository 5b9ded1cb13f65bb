"""What the exported detector makes of the test clips: scores, metrics, the same by slice, points of the curves."""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from bonafide.audio.conditioning import from_flac
from bonafide.evaluation.voices import describe_voice
from bonafide.pipeline.executors import run_all
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import read_rows
from bonafide.progress import track
from bonafide.scoring.calibration import calibrate, p_ai
from bonafide.scoring.exported import Detector


def score_clips(model: Path, clips: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with the ``logit``, ``llr`` and ``p_ai`` that the detector gives to each clip.

    What the slices need beside it comes from the same pass: ``pitch_hz`` and ``snr_db``.

    Parameters
    ----------
    model : Path
        The exported detector.
    clips : Path
        Folder of the parts that hold the conditioned audio.
    rows : pd.DataFrame
        Of the split table, with a column ``clip``.
    """
    chosen = frozenset(rows["clip"])
    paths = list(part_files(clips).values())
    score = partial(_score_part, str(model), chosen)
    found: dict[str, dict[str, float]] = {}
    for part in track(run_all(score, paths), total=len(paths), what="scoring parts"):
        found |= part
    scored = rows.join(pd.DataFrame.from_dict(found, orient="index"), on="clip")
    llr = calibrate(scored["logit"].to_numpy(), Detector(model).facts.calibration)
    return scored.assign(llr=llr, p_ai=p_ai(llr))


def arrays(scores: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the llr, shape (n,), and whether each clip is human, shape (n,)."""
    return scores["llr"].to_numpy(), (scores["label"] == "human").to_numpy()


def clusters(scores: pd.DataFrame) -> np.ndarray:
    """Return what stands and falls together, shape (n,): speakers of human clips, generators of ai clips."""
    return np.asarray(np.where(scores["label"] == "human", scores["speaker"], scores["generator"]))


@lru_cache(maxsize=1)
def _detector(model: str) -> Detector:
    return Detector(Path(model))


def _score_part(model: str, chosen: frozenset[str], path: Path) -> dict[str, dict[str, float]]:
    detector = _detector(model)
    rate = detector.facts.audio.rate
    found = {}
    for batch in read_rows([path], ["clip", "audio"]):
        inside = batch.filter(pa.compute.is_in(batch.column("clip"), pa.array(sorted(chosen), pa.string())))
        for row in inside.to_pylist():
            samples = from_flac(row["audio"]["bytes"])
            found[row["clip"]] = {"logit": detector.logit(samples), **describe_voice(samples, rate)}
    return found
