"""What the tests of the service share: recordings of the small corpus, one long one, and services."""

import io
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
import uvicorn

from bonafide.audio.conditioning import resample
from bonafide.detection.detector import Detector
from bonafide.web.patience import PatientProtocol

sys.path.insert(0, str(Path(__file__).parent))  # browser.py and serving.py are no tests, and used by tools as well

from browser import Browser
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


@pytest.fixture(scope="session")
def call_wav(clips):
    """Bytes of a WAV with a person on the left and a machine on the right, who speak by turns."""
    both = [np.resize(soundfile.read(clip)[0], 4 * RATE) for clip in (clips[0], clips[3])]
    silent = np.zeros(4 * RATE)
    left, right = np.concatenate([both[0], silent]), np.concatenate([silent, both[1]])
    return wav_of(np.stack([left, right], axis=1), RATE)


@pytest.fixture(scope="module")
def service():
    with Service("--workers", 2, "--max-mb", 4, "--max-seconds", 120) as running:
        yield running


def wav_of(samples, rate):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def detector():
    return Detector()


@pytest.fixture(scope="session")
def speech(request):
    """At least 30 s of real speech at 16 kHz."""
    try:
        folder = request.getfixturevalue("formats_dir")
    except pytest.skip.Exception:
        folder = request.getfixturevalue("small_corpus") / "human"
    pieces = []
    for path in sorted(folder.rglob("*"))[:40]:
        if path.suffix in (".flac", ".wav") and path.parent.name != "broken":
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            pieces.append(resample(samples.mean(axis=1), rate, RATE))
    joined = np.concatenate(pieces)
    assert joined.size > 30 * RATE
    return joined * np.float32(0.7 / np.abs(joined).max())


@pytest.fixture
def bare():
    """Serves an ASGI application by the service's protocol alone; gives uvicorn's server, and where it is."""
    return _bare


@contextmanager
def _bare(app):
    config = uvicorn.Config(app, port=0, http=PatientProtocol, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    running = threading.Thread(target=server.run, args=([listener],))
    running.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server, listener.getsockname()
    finally:
        server.should_exit = True
        running.join()


@pytest.fixture(scope="module")
def collecting(tmp_path_factory):
    with Service("--workers", 2, "--collect", tmp_path_factory.mktemp("corpus") / "given") as running:
        yield running


@pytest.fixture(scope="module")
def window(tmp_path_factory, long_wav):
    folder = tmp_path_factory.mktemp("profile")
    (folder / "said.wav").write_bytes(long_wav)  # what the microphone hears
    with Browser(folder / "profile", f"--use-file-for-fake-audio-capture={folder / 'said.wav'}") as browser:
        yield browser


@pytest.fixture
def page(window, collecting, tmp_path):  # tmp_path: what the browser still reads there is not removed before it is left
    """The page, freshly loaded; afterwards nothing may have gone wrong in it, and nothing left the machine."""
    window.events.clear()
    window.screen(1200, 1000)
    window.open(collecting.url)
    window.wait("document.querySelector('#card dt')")
    yield window
    assert window.complaints() == []
    asked = [urlsplit(url) for url in window.asked()]
    assert {each.netloc for each in asked if each.scheme != "blob"} == {f"127.0.0.1:{collecting.port}"}
    assert {each.scheme for each in asked} <= {"http", "blob"}
