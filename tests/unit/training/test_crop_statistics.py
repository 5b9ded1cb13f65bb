"""Statistics of crops are as large as a corpus, and are copied where they must be alone."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[pipeline]'")

from bonafide.training.crop_labels import AI, HUMAN, NEITHER
from bonafide.training.networks.crop_statistics import CropStatistics


def of_two_clips(labels):
    return CropStatistics(np.array(["a", "a", "b"]), np.zeros(3, int), np.eye(3, 4, dtype=np.float32), np.array(labels))


def test_all_of_them_are_no_copy_and_some_are():
    three = of_two_clips([HUMAN, AI, AI])
    assert np.shares_memory(three.of(["a", "b", "c"]).values, three.values)
    assert np.shares_memory(three.labelled().values, three.values)
    np.testing.assert_array_equal(three.of(["b"]).values, three.values[2:])
    assert three.of(["c"]).values.shape == (0, 4)


def test_crops_that_are_neither_are_left_out():
    two = of_two_clips([HUMAN, NEITHER, AI]).labelled()
    assert two.clips.tolist() == ["a", "b"] and two.labels.tolist() == [HUMAN, AI]
