import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import get_window

from bonafide.audio.framing import frames_of, hann


@given(length=st.integers(0, 200), size=st.integers(1, 60), hop=st.integers(1, 60))
def test_every_frame_that_fits_begins_a_hop_after_the_last(length, size, hop):
    samples = 1.0 + np.arange(length)
    frames = frames_of(samples, size, hop)
    assert frames.shape == (1 + max(0, length - size) // hop, size)
    for number, frame in enumerate(frames):
        own = samples[number * hop : number * hop + size]
        assert np.array_equal(frame, np.pad(own, (0, size - own.size)))


def test_the_window_is_scipys_periodic_hann():
    for size in (2, 257, 512):
        np.testing.assert_allclose(hann(size), get_window("hann", size), atol=1e-7)
