"""Real speech to work on: the recordings beside the project where it has them, else the small corpus."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from bonafide.audio.conditioning import AudioSettings
from bonafide.pipeline import parts
from bonafide.pipeline.params import read_section

RATE = 16000


@pytest.fixture(scope="session")
def voice(request):
    """Ten seconds of speech at 16 kHz, shape (160000,), float32."""
    try:
        paths = [request.getfixturevalue("formats_dir") / "human_flac-pcm_16_16000hz_1ch_01.flac"]
    except pytest.skip.Exception:
        paths = sorted((request.getfixturevalue("small_corpus") / "human").rglob("*.*"))[:8]
    pieces = [soundfile.read(path, dtype="float32", always_2d=True) for path in paths]
    speech = np.concatenate([soxr.resample(samples.mean(axis=1), rate, RATE) for samples, rate in pieces])
    assert len(speech) >= 10 * RATE
    return speech[: 10 * RATE] * np.float32(0.5 / np.abs(speech).max())


@pytest.fixture(scope="session")
def audio_settings():
    return read_section(Path(__file__).parents[2] / "params.yaml", "audio", AudioSettings)


@pytest.fixture
def tiny_corpus(tmp_path, voice):
    """A folder of eight different clips of real speech, four a class."""
    root = tmp_path / "corpus"
    for number in range(8):
        path = root / ("human", "ai")[number % 2] / f"clip{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, voice[number * RATE : (number + 2) * RATE], RATE)
    return root


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A part store of this test's own."""
    monkeypatch.setenv("BONAFIDE_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def made(monkeypatch):
    """The number of parts that each build made, in this process, where it costs no start of workers."""
    numbers = []

    def run_here(function, tasks):
        numbers.append(len(tasks))
        return map(function, tasks)

    monkeypatch.setattr(parts, "run_all", run_here)
    return numbers
