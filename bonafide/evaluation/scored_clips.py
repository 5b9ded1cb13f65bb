"""What the exported detector makes of the test clips: scores, metrics, the same by slice, points of the curves."""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from bonafide.audio.conditioning import from_flac
from bonafide.evaluation.voices import describe_voice
from bonafide.pipeline.executors import run_all
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import rows_of
from bonafide.progress import track
from bonafide.scoring.calibration import calibrate, p_ai
from bonafide.scoring.exported import Scorer


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
    figures: dict[str, dict[str, float]] = {}
    for part in track(run_all(score, paths), total=len(paths), what="scoring parts"):
        figures |= part
    scored = rows.join(pd.DataFrame.from_dict(figures, orient="index"), on="clip")
    llr = calibrate(scored["logit"].to_numpy(), Scorer(model).facts.calibration)
    return scored.assign(llr=llr, p_ai=p_ai(llr))


def arrays(scores: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the llr, shape (n,), and whether each clip is human, shape (n,)."""
    return scores["llr"].to_numpy(), (scores["label"] == "human").to_numpy()


def clusters(scores: pd.DataFrame) -> np.ndarray:
    """Return what stands and falls together, shape (n,): speakers of human clips, generators of ai clips."""
    return np.asarray(np.where(scores["label"] == "human", scores["speaker"], scores["generator"]))


def tested(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the clips of the test side, which all figures are of, without those that are counted apart."""
    return scores[scores["split"] == "test"].reset_index(drop=True)


def family_names(scores: pd.DataFrame) -> pd.Series:
    """Return what each clip's family is called: ``"tts"``, and ``"codec (apart)"`` where it is counted apart."""
    return scores["family"] + np.where(scores["split"] == "apart", " (apart)", "")


@lru_cache(maxsize=1)
def cached_scorer(model: str) -> Scorer:
    """Return the detector in the file `model`, the same one each time that a worker asks."""
    return Scorer(Path(model))


def _score_part(model: str, chosen: frozenset[str], path: Path) -> dict[str, dict[str, float]]:
    scorer = cached_scorer(model)
    rate = scorer.facts.audio.rate
    figures = {}
    for row in rows_of([path], chosen, ["audio"]):
        samples = from_flac(row["audio"]["bytes"])
        figures[row["clip"]] = {"logit": scorer.logit(samples), **describe_voice(samples, rate)}
    return figures
