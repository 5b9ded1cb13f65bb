"""Numbers of half precision (float16) from single and back, as numpy casts them, by arithmetic of whole numbers.

numpy casts one at a time, in some three times as long, and a spectrogram has some hundred thousand.
"""

import numpy as np

LEAST = np.float32(2.0**-14)  # what is nearer to zero has fewer digits in float16
MOST = np.float32(65504.0)
DIGITS = 13  # binary ones that float32 has more
BIASES = 112  # of the exponents, from each other


def to_half(values: np.ndarray) -> np.ndarray:
    """Return finite float32 numbers as float16, rounded to the nearest, of two as near to the even one."""
    bits = values.view(np.int32)
    # Half of what is cut off, less one where the last digit that stays is even: a carry rounds up.
    rounded = bits >> DIGITS
    rounded &= 1
    rounded += bits
    rounded += (1 << (DIGITS - 1)) - 1 - (BIASES << 23)
    halves = (rounded >> DIGITS).astype(np.uint16)
    halves &= 0x7FFF
    halves |= (bits >> 16).astype(np.uint16) & 0x8000
    result: np.ndarray = halves.view(np.float16)
    size = np.abs(values)
    if size.size and (size.min() < LEAST or size.max() > MOST):
        rare = (size < LEAST) | (size > MOST)
        result[rare] = values[rare].astype(np.float16)
    return result


def to_single(halves: np.ndarray) -> np.ndarray:
    """Return finite float16 numbers as float32, which holds each of them."""
    bits = halves.view(np.int16).astype(np.int32)
    bits <<= DIGITS
    bits &= ~(0b111 << 28)  # the sign, which stands there three times more
    result: np.ndarray = bits.view(np.float32)
    result *= np.float32(2.0**BIASES)
    return result
