"""Half precision by whole numbers is numpy's, for every number that it holds and for those between."""

import numpy as np

from bonafide.audio.halves import to_half, to_single

ALL = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
FINITE = ALL[np.isfinite(ALL)]


def bits(array):
    return array.view(np.uint16 if array.dtype == np.float16 else np.uint32)


def test_every_half_is_the_same_single_number():
    assert np.array_equal(bits(to_single(FINITE)), bits(FINITE.astype(np.float32)))


def test_every_number_is_rounded_as_numpy_rounds_it():
    exact = np.sort(FINITE.astype(np.float32))
    between = (exact[1:] + exact[:-1]) / 2  # as near to one half as to the other
    huge = np.array([65519, 65520, 1e30, -1e30], np.float32)
    beside = [np.nextafter(between, np.float32(end)) for end in (0, 1e30)]
    values = np.concatenate([exact, between, *beside, huge])
    with np.errstate(over="ignore"):
        assert np.array_equal(bits(to_half(values)), bits(values.astype(np.float16)))


def test_a_spectrogram_keeps_its_shape():
    decibels = np.random.default_rng(1).uniform(-80, 40, (401, 256)).astype(np.float32)
    assert np.array_equal(to_half(decibels), decibels.astype(np.float16))
    assert np.array_equal(to_single(to_half(decibels)), decibels.astype(np.float16).astype(np.float32))
    assert to_half(decibels[:0]).shape == (0, 256)
