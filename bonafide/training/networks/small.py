"""A small CNN over log-mel crops, pooled over time and frequency at the end."""

from bonafide.training.backend import keras, layers

MOMENTUM = 0.9  # of the running statistics: a small corpus has too few steps for the usual 0.99
BLOCKS = ((16,), (32,), (48, 48), (64, 64))  # channels of the convolutions between poolings
SMALLEST_CROP = 2 ** len(BLOCKS)  # frames and bands: each pooling halves them


def small(frames: int, n_bands: int, dropout: float) -> keras.Model:
    """Return a CNN of four blocks with some 100,000 parameters: crops of shape (frames, n_bands) in, logits out."""
    crop = keras.Input((frames, n_bands), name="log_mel")
    x = layers.Reshape((frames, n_bands, 1))(crop)
    x = layers.BatchNormalization(momentum=MOMENTUM)(x)
    for block in BLOCKS:
        for width in block:
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    # The mean says how much of a trace there is, the maximum whether there is any.
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(dropout)(x)
    return keras.Model(crop, layers.Dense(1)(x), name="small")
