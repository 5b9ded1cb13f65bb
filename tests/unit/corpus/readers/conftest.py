"""Writes real speech wherever a layout wants a recording."""

import itertools

import pytest
import soundfile

RATE = 16000


@pytest.fixture
def record(tmp_path, voice):
    """Return a function that writes a different piece of real speech to each path below `tmp_path`."""
    starts = itertools.count(step=1601)

    def write(*paths):
        for path in paths:
            start = next(starts)
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(tmp_path / path, voice[start : start + RATE], RATE)

    return write
