"""Memory that is freed is kept for what comes next."""

import platform
import resource

import numpy as np
import pytest

from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrogram
from bonafide.processes import spawned_pool

SETTINGS = SpectrogramSettings(1024, 160, 256, 0.0, 8000.0, linear_n_ffts=(512,))


def faults_of_a_spectrogram() -> float:
    """Return how many pages the system has to find for one, after a few."""
    samples = np.random.default_rng(1).standard_normal(64_000).astype(np.float32)
    for _ in range(3):
        log_spectrogram(samples, 16_000, SETTINGS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        log_spectrogram(samples, 16_000, SETTINGS)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_a_worker_does_not_ask_the_system_for_pages_that_it_had():
    with spawned_pool(1) as pool:
        assert pool.submit(faults_of_a_spectrogram).result() < 20
