"""The one place that imports Keras, and that knows its backends by name.

What its libraries print of themselves (which instructions of the processor they use, that there is no graphics card)
is kept off the terminal before they are loaded: they read their settings then. Their errors are shown.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors alone, of TensorFlow's own log

import keras
from keras import layers, ops

__all__ = ["keras", "layers", "make_deterministic", "ops", "quiet", "write_onnx"]

# tf2onnx copies its whole graph before each of its many steps, in case one fails: then an export fails, and says so.
os.environ.setdefault("TF2ONNX_CATCH_ERRORS", "FALSE")

# That a function is traced anew for every epoch's network is a warning of TensorFlow's Python side.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
# A gate over one expert, where nothing was augmented, is meant.
warnings.filterwarnings("ignore", message="You are using a softmax over axis", category=UserWarning)


def make_deterministic(seed: int) -> None:
    """Seed every random number, and let the backend add up in the same order each time."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def write_onnx(model: keras.Model, path: Path) -> None:
    """Write what `model` does outside training to the ONNX file `path`; its one input has the shape of a batch."""
    with quiet():
        if keras.backend.backend() != "tensorflow":
            model.export(path, format="onnx", verbose=False)
            return
        # As Keras does it, without the search for all that a SavedModel would hold beside the function.
        import tensorflow as tf
        import tf2onnx

        signature = [tf.TensorSpec(model.input_shape, tf.float32, name=model.input.name)]
        function = tf.function(lambda batch: model(batch, training=False), signature, autograph=False)
        tf2onnx.convert.from_function(function, signature, output_path=str(path))


@contextmanager
def quiet() -> Iterator[None]:
    """Let libraries that tell of what they pass over say errors alone meanwhile, as tf2onnx on its way to ONNX."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
