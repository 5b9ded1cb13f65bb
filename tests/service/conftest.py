"""What the tests of the service share: recordings of the small corpus, one long one, and services."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

sys.path.insert(0, str(Path(__file__).parent))  # browser.py and serving.py are no tests, and used by tools as well

from serving import Service

RATE = 16000


@pytest.fixture(scope="session")
def clips(small_corpus):
    """Three recordings of people and three of machines."""
    found = {label: sorted((small_corpus / label).rglob("*.*"))[:3] for label in ("human", "ai")}
    return found["human"] + found["ai"]


@pytest.fixture(scope="session")
def long_wav(small_corpus):
    """Bytes of a WAV of 60 s of speech."""
    sound = [soundfile.read(path)[0] for path in sorted(small_corpus.rglob("*.*")) if path.suffix in (".wav", ".flac")]
    mono = [each if each.ndim == 1 else each.mean(axis=1) for each in sound]
    joined = np.concatenate(mono)
    return wav_of(np.resize(joined, 60 * RATE), RATE)


@pytest.fixture(scope="module")
def service():
    with Service("--workers", 2, "--max-mb", 4, "--max-seconds", 120) as running:
        yield running


def wav_of(samples, rate):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
