"""The transform of real samples by scipy's pocketfft, which takes a third of the time that numpy's does."""

from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np

MODULE = ("fft", "_pocketfft", "pypocketfft")  # of scipy


def rfft(frames: np.ndarray) -> np.ndarray:
    """Return the spectra of `frames`, shape (..., n), float32, as ``scipy.fft.rfft`` does: shape (..., 1 + n // 2)."""
    spectra: np.ndarray = _transform()(frames)
    return spectra


@cache
def _transform() -> Callable[[np.ndarray], np.ndarray]:
    # `import scipy.fft` brings in scipy.special and numpy.f2py, and takes as long as all else before a first verdict.
    alone = pocketfft()
    if alone is None:
        from scipy.fft import rfft as whole

        return lambda frames: np.asarray(whole(frames))
    return lambda frames: np.asarray(alone.r2c(frames, (-1,), True, 0, None, 1))


def pocketfft() -> Any | None:  # noqa: ANN401 - an extension module has no types
    """Return the extension module that ``scipy.fft`` calls, without the rest of scipy; None where it is elsewhere."""
    spec = find_spec("scipy")
    for home in (spec and spec.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            file = Path(home, *MODULE).with_suffix(suffix)
            own = spec_from_file_location(MODULE[-1], file) if file.exists() else None
            if own is not None and own.loader is not None:
                module = module_from_spec(own)
                own.loader.exec_module(module)
                return module
    return None
