"""The network of the student project that Bonafide grew from, as a baseline that runs."""

from bonafide.training.backend import keras, layers

IMAGE = 224  # pixels: the spectrogram is scaled to a square, as its mel images were
WIDTHS = (16, 32, 64, 64)


def seed(frames: int, n_bands: int, dropout: float) -> keras.Model:
    """Return the seed's CNN for crops of shape (frames, n_bands): convolutions, Flatten and Dense layers."""
    crop = keras.Input((frames, n_bands), name="log_mel")
    x = layers.Reshape((frames, n_bands, 1))(crop)
    x = layers.Resizing(IMAGE, IMAGE)(x)
    x = layers.Rescaling(1 / 40, offset=1.0)(x)  # decibels between -80 and 0 to about [-1, 1]
    for width in WIDTHS:
        x = layers.Conv2D(width, 3)(x)
        x = layers.ReLU()(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(64)(x)
    x = layers.ReLU()(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(crop, layers.Dense(1)(x), name="seed")
