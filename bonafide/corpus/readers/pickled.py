"""Reads NumPy files that hold a dictionary of arrays, without running anything that a stranger put into them.

NumPy stores objects pickled, and a pickle may name any function of any module to be called as it is read: this is
what ``numpy.load(allow_pickle=True)`` lets a downloaded file do. Here it may name nothing but what makes an array.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MAKERS = {  # by the modules of NumPy 1 and 2
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}
HEADERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads a pickle of arrays, texts, numbers and what holds them; refuses all else before it is called."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - of pickle.Unpickler
        """Return what makes an array; raises `UnpicklingError` for anything else."""
        if (module, name) not in MAKERS:
            raise pickle.UnpicklingError(f"it would run {module}.{name}, which no array needs")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def arrays_in(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays, by name, of the dictionary that the NumPy file `path` holds; all of it is read into memory.

    Raises
    ------
    ValueError
        When it holds anything else.
    """
    try:
        with path.open("rb") as file:
            shape, _, dtype = HEADERS[np.lib.format.read_magic(file)](file)
            if shape != () or not dtype.hasobject:
                raise ValueError("it is an array and no dictionary")
            content = ArrayUnpickler(file).load()
    except Exception as error:  # whatever a broken pickle makes the parser raise
        raise ValueError(f"it is no NumPy file of segment labels: {error}") from None
    arrays = content.item() if isinstance(content, np.ndarray) and content.shape == () else None
    if not isinstance(arrays, dict) or not all(
        isinstance(name, str) and isinstance(values, np.ndarray) and values.ndim == 1 for name, values in arrays.items()
    ):
        raise ValueError("it is no NumPy file of segment labels: it holds no dictionary of arrays")
    return arrays
