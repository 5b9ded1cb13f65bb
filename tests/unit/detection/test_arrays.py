"""Arrays of any usual type and order are the same sound; what nobody could tell is a user's mistake."""

import numpy as np
import pytest

from bonafide.detection.arrays import MOST_CHANNELS, rate_of, samples_of
from bonafide.errors import UserError

RATE = 16000


@pytest.mark.parametrize(
    ("dtype", "scale", "offset", "step"),
    [
        (np.int16, 2**15, 0, 2**-15),
        (np.int32, 2**31, 0, 1e-7),
        (np.uint8, 2**7, 128, 2**-7),
        (np.int8, 2**7, 0, 2**-7),
        (np.float16, 1, 0, 1e-3),
        (np.float64, 1, 0, 1e-7),
    ],
)
def test_types_of_samples_are_the_same_sound(voice, dtype, scale, offset, step):
    array = (voice.astype(np.float64) * scale + offset).astype(dtype)
    samples = samples_of(array)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples[:, 0], voice, atol=1.01 * step)


@pytest.mark.parametrize("channels", [1, 2, 6, MOST_CHANNELS])
def test_channels_first_and_last_are_the_same_sound(voice, channels):
    many = np.repeat(voice[:, None], channels, axis=1)
    assert np.array_equal(samples_of(many), samples_of(many.T))
    assert samples_of(many.T).shape == (voice.size, channels)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(RATE, np.int64),
        np.zeros(RATE, np.uint16),
        np.zeros(RATE, bool),
        np.zeros(RATE, complex),
        np.array(["a", "b"]),
        np.array([None, 1.0]),
        np.zeros((100, 100)),
        np.zeros((2, 2, 2)),
        np.zeros(0),
        np.float32(1),
    ],
)
def test_what_has_no_full_scale_or_order_is_refused(array):
    with pytest.raises(UserError):
        samples_of(np.asarray(array))


@pytest.mark.parametrize("rate", [16000, 16000.0, np.int64(16000), np.float32(16000), np.uint16(16000)])
def test_whole_numbers_of_any_type_are_rates(rate):
    assert rate_of(rate) == RATE


@pytest.mark.parametrize(
    "rate", ["16000", "16 kHz", 0, -1, 16000.5, float("nan"), float("inf"), True, [16000], b"16000"]
)
def test_what_is_no_whole_number_is_no_rate(rate):
    with pytest.raises(UserError, match="whole number of hertz"):
        rate_of(rate)
