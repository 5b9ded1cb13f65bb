"""The transform is scipy's to the bit, and comes without the rest of scipy."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.fft

from bonafide.audio import transforms


@pytest.mark.parametrize("shape", [(37, 1024), (128, 512), (5, 4, 256), (1, 600)])
@pytest.mark.parametrize("module", [transforms.pocketfft, lambda: None], ids=["alone", "whole"])
def test_spectra_are_scipys(shape, module, monkeypatch):
    monkeypatch.setattr(transforms, "pocketfft", module)
    transforms._transform.cache_clear()
    frames = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    before = frames.copy()
    spectra = transforms.rfft(frames)
    transforms._transform.cache_clear()
    assert spectra.dtype == np.complex64
    assert np.array_equal(spectra, scipy.fft.rfft(before))


def test_it_comes_without_the_rest_of_scipy():
    code = (
        "import sys, numpy; from bonafide.audio.transforms import pocketfft, rfft;"
        "rfft(numpy.zeros((2, 64), numpy.float32)); print('scipy' in sys.modules, pocketfft() is None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
