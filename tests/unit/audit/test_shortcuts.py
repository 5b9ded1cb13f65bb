"""Probes answer as scikit-learn's trees do on the very values, and sooner."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from bonafide.audit.shortcuts import LEAVES, TREES, Probe, one_thread, predict


@pytest.mark.parametrize("n", [100, 700])
@pytest.mark.parametrize("decimals", [1, 9])
def test_trees_on_bins_answer_as_trees_on_values(n, decimals):
    rng = np.random.default_rng(n)
    human = rng.random(2 * n) < 0.3
    values = np.round(rng.normal(size=(2 * n, 3)) + human[:, None] * [0.5, 0, -1], decimals)
    learn = np.arange(2 * n) < n
    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=10,
        class_weight="balanced",
        early_stopping=False,
        random_state=1,
    )
    with one_thread():
        plain = trees.fit(values[learn], human[learn]).decision_function(values[~learn])
        assert np.array_equal(predict(Probe("files", "a", values), human, learn, ~learn, 1), plain)
