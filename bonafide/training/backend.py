"""The one place that knows Keras's backends by name."""

import keras


def make_deterministic(seed: int) -> None:
    """Seed every random number, and let the backend add up in the same order each time."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
