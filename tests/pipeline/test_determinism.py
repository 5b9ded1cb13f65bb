"""The same recordings and settings give the same bytes, whatever the number of workers and the folder."""

import pytest


@pytest.mark.slow
def test_two_clean_runs_make_the_same_outs(reproduced, fresh):
    other = fresh("with-one-worker", BONAFIDE_WORKERS="1")
    other.repro()
    assert {"models/bonafide.keras", "models/bonafide.onnx", "data/clips"} <= other.outs().keys()
    assert other.outs() == reproduced.outs()
