"""The pitch of voices, and that processes take turns to compile what finds it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import librosa
import numpy as np
import pytest

from bonafide.evaluation.voices import describe_voice

RATE = 16000
CODE = """
from bonafide.evaluation.voices import describe_voice
import numpy as np
print("begun", flush=True)
print(describe_voice(np.sin(np.arange(32000) / 25.0), 16000)["pitch_hz"], flush=True)
"""


def test_a_voice_is_as_high_as_its_periods_are_short():
    for hertz in (100, 220):
        harmonics = sum(np.sin(2 * np.pi * hertz * number * np.arange(RATE) / RATE) / number for number in (1, 2, 3))
        assert describe_voice(harmonics, RATE)["pitch_hz"] == pytest.approx(hertz, rel=0.01)


def test_processes_take_turns_to_compile():
    """Two at once have left code in librosa's folder that killed every later process."""
    fcntl = pytest.importorskip("fcntl")
    place = os.open(Path(librosa.__file__).parent, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        with subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "begun\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(4)
            os.close(place)
            place = -1
            started = time.monotonic()
            assert float(process.stdout.readline()) == pytest.approx(RATE / (2 * np.pi * 25), rel=0.01)
            assert time.monotonic() - started < 60
    finally:
        if place >= 0:
            os.close(place)
