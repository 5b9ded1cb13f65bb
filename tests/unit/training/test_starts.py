"""A training that starts from a network goes on from its weights and ends between old and new ones."""

import numpy as np
import pytest

from bonafide.training.backend import keras, layers
from bonafide.training.networks.starts import Start, copy_of


@pytest.fixture
def network():
    crop = keras.Input((4,))
    model = keras.Model(crop, layers.Dense(1)(layers.Dense(3, "relu")(crop)))
    model.compile("adam", "mse")
    return model


def test_a_blend_lies_between_the_weights_before_and_after(network):
    after = copy_of(network)
    after.set_weights([weights + 1 for weights in network.get_weights()])
    Start(network, 0.1, 0.25).blend(after)
    for blended, before in zip(after.get_weights(), network.get_weights(), strict=True):
        assert np.allclose(blended, before + 0.25)


def test_a_copy_says_the_same_and_has_no_optimizer(network):
    copy = copy_of(network)
    crops = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    assert np.array_equal(copy.predict(crops, verbose=0), network.predict(crops, verbose=0))
    assert not copy.compiled and network.compiled
