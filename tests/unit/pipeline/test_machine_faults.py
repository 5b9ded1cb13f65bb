"""Which errors are a machine's faults, and what they are called."""

import errno
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from bonafide.pipeline.faults import FAULTS, sentence_of


def error_of(action):
    with pytest.raises(Exception) as caught:
        action()
    return caught.value


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE])
def test_an_error_of_a_path_names_it_after_a_worker_sent_it_as_well(number):
    error = pickle.loads(pickle.dumps(OSError(number, os.strerror(number), "data/.17.part-0001.parquet")))
    assert sentence_of(error, []) == f"data/part-0001.parquet: {FAULTS[number]}"


def test_a_full_disk_that_no_error_names_is_that_with_the_least_space_left(tmp_path):
    assert sentence_of(OSError(errno.ENOSPC, "No space left on device"), [tmp_path / "out"]).endswith("is kept")
    device = Path("/proc/self")  # a file system without any space
    assert sentence_of(OSError(errno.ENOSPC, ""), [tmp_path, device / "out"]).startswith("/proc/")
    hdf5 = OSError("Can't write data (file write failed, errno = 28, error message = 'No space left on device')")
    assert "the disk is full" in sentence_of(hdf5, [tmp_path])


def test_the_target_of_a_copy_is_named_and_not_its_source(tmp_path):
    error = OSError(errno.ENOSPC, "No space left", str(tmp_path / "source"), None, str(tmp_path / "there" / "target"))
    (tmp_path / "there").mkdir()
    assert sentence_of(error, []).startswith(f"{tmp_path / 'there'}: the disk is full")


def test_no_memory_is_said_whoever_asked_for_it():
    assert "no memory" in sentence_of(error_of(lambda: np.zeros(2**50)), [])
    assert "no memory" in sentence_of(type("ResourceExhaustedError", (Exception,), {})(), [])


@pytest.mark.parametrize("error", [ValueError("x"), OSError("odd"), OSError(errno.EBADF, "x"), FileNotFoundError()])
def test_what_is_no_fault_of_the_machine_keeps_its_traceback(error):
    assert sentence_of(error, []) == ""
