"""What the pipeline wrote of a clip is what the exported detector says of its file."""

import pyarrow.parquet as pq
import pytest

from bonafide.audio import decode
from bonafide.detector import Detector


def test_each_file_scores_as_in_scores_parquet(reproduced):
    detector = Detector(reproduced.root / "models" / "bonafide.onnx")
    rows = pq.read_table(reproduced.root / "metrics" / "scores.parquet").to_pylist()
    assert {row["label"] for row in rows} == {"human", "ai"}
    for row in rows:
        file = reproduced.root / "data" / "raw" / row["path"]
        score = detector.score(decode(file, max_seconds=detector.facts.audio.read_seconds))
        assert score == pytest.approx((row["llr"], row["p_ai"]), abs=1e-5), row["path"]
