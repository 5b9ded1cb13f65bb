"""An adapted detector beside the packaged one that it started from, on the same clips."""

from pathlib import Path

import pandas as pd

from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.metrics import EvaluateSettings
from bonafide.evaluation.scored_clips import arrays, clusters, score_clips
from bonafide.files import DETECTOR


def beside_packaged(scores: pd.DataFrame, clips: Path, settings: EvaluateSettings) -> dict[str, float]:
    """Return how the packaged detector does on the clips of `scores`, and what the adapted one is better or worse.

    Returns
    -------
    dict
        ``eer`` and ``auc`` of the packaged detector; ``difference``, ``low`` and ``high`` of the adapted one's EER less
        the packaged one's, from draws of speakers and generators that both share.
    """
    own = scores.drop(columns=["logit", "llr", "p_ai", "pitch_hz", "snr_db"])
    packaged = score_clips(DETECTOR, clips, own)
    llr, human = arrays(scores)
    draws = Draws(clusters(scores), human, replicates=settings.replicates, seed=settings.seed)
    beside, _ = arrays(packaged)
    alone = {name: float(values[0]) for name, values in draws.measure(beside, metrics=["eer", "auc"]).items()}
    return alone | draws.paired_difference(llr, beside)._asdict()
