"""The detector for users: any recording in, the pipeline's own score or a reason out."""

import importlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import bonafide
from bonafide.audio.blocks import resampled
from bonafide.audio.conditioning import resample
from bonafide.audio.decoding import decode
from bonafide.detection import many
from bonafide.detection.detector import Detector, packaged_model
from bonafide.detection.streaming import Windows
from bonafide.errors import UserError
from bonafide.scoring.exported import Scorer

ROOT = Path(__file__).parents[2]
RATE = 16000
CRASHING = """
import os
from bonafide.detection import many

def in_worker(path, asked):
    if path.stem == "3":
        os.abort()
    return many._predict(many._WORKER["detector"], path, asked)
"""


@pytest.mark.parametrize("seconds", [1.5, 4.0, 6.0, 8.0])
@pytest.mark.parametrize(("rate", "suffix"), [(16000, "wav"), (44100, "flac"), (48000, "mp3"), (24000, "ogg")])
def test_a_clip_gets_the_pipelines_own_score(detector, speech, tmp_path, seconds, rate, suffix):
    path = tmp_path / f"clip.{suffix}"
    soundfile.write(path, resample(speech[: round(seconds * RATE)], RATE, rate), rate)
    recording = decode(path, max_seconds=60)
    if recording.samples.size > detector.facts.audio.max_seconds * recording.rate:
        pytest.skip("this encoder padded it beyond a clip")
    llr, probability = Scorer(packaged_model()).score(recording)
    for audio in (path, str(path), path.open("rb"), io.BytesIO(path.read_bytes())):
        result = detector.predict(audio)
        assert result.llr == pytest.approx(llr, abs=1e-5)
        assert result.p_ai == pytest.approx(probability, abs=1e-5)
    of_array = detector.predict(recording.samples, rate=recording.rate)
    assert of_array.llr == pytest.approx(llr, abs=1e-5)
    assert of_array.windows == result.windows


def test_a_long_recording_is_the_mean_of_its_windows(detector, speech, tmp_path):
    at_44100 = resample(speech[: 25 * RATE], RATE, 44100)
    soundfile.write(tmp_path / "long.flac", at_44100, 44100)
    result = detector.predict(tmp_path / "long.flac")
    assert len(result.windows) > 15
    assert result.llr == pytest.approx(np.mean([window.llr for window in result.windows]))
    assert result.seconds == pytest.approx(25, abs=0.01)
    assert 20 < result.speech_seconds <= result.seconds
    assert result.windows[-1].stop == pytest.approx(25, abs=0.01)
    again = detector.predict(at_44100, rate=44100)
    assert again.llr == pytest.approx(result.llr, abs=0.05)


def windows(blocks):
    cut = Windows(100, length=4.0, hop=1.0)
    for block in blocks:
        yield from cut.add(block)
    yield from cut.end()


def test_windows_cover_a_signal_once_and_end_with_it():
    signal = np.arange(10 * 100 + 37, dtype=np.float32)
    for size in (1, 7, 100, 5000):
        blocks = [signal[at : at + size] for at in range(0, signal.size, size)]
        found = list(windows(blocks))
        assert [round(start * 100) for start, _ in found] == [0, 100, 200, 300, 400, 500, 600, 637]
        for start, samples in found:
            assert np.array_equal(samples, signal[round(start * 100) :][:400])
    assert [each.size for _, each in windows([signal[:150]])] == [150]
    assert list(windows([])) == []


def test_a_stream_is_resampled_as_a_whole_is(speech):
    some = speech[: 8 * RATE]
    blocks = [some[at : at + 1000] for at in range(0, some.size, 1000)]
    whole = soxr.resample(some, RATE, 22050, quality="HQ")
    streamed = np.concatenate(list(resampled(blocks, RATE, 22050)))
    assert abs(streamed.size - whole.size) <= 1
    np.testing.assert_allclose(streamed[: whole.size], whole[: streamed.size], atol=1e-4)


def test_silence_between_speech_is_not_scored(detector, speech):
    quiet = np.zeros(30 * RATE, np.float32)
    result = detector.predict(np.concatenate((speech[: 10 * RATE], quiet, speech[10 * RATE : 20 * RATE])), rate=RATE)
    assert not any(window.start > 10 and window.stop < 40 for window in result.windows)
    assert any(window.start >= 38 for window in result.windows)
    assert result.speech_seconds < 26
    assert len(result.segments) >= 2


def noise(seconds):
    return (0.1 * np.random.default_rng(1).normal(size=round(seconds * RATE))).astype(np.float32)


@pytest.mark.parametrize("seconds", [4, 20])
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (noise, "noise"),
        (lambda seconds: 0.3 * np.sin(2 * np.pi * 440 * np.arange(seconds * RATE) / RATE), "tone|narrow band"),
        (lambda seconds: np.zeros(seconds * RATE), "silent"),
        (lambda seconds: np.full(seconds * RATE, np.nan), "NaN"),
        (lambda seconds: np.sign(noise(seconds)), "clipped"),
    ],
)
def test_what_is_no_speech_is_refused_with_its_reason(detector, make, reason, seconds):
    result = detector.predict(make(seconds).astype(np.float32), rate=RATE)
    assert (result.verdict, result.llr, result.p_ai, result.windows) == ("cannot tell", None, None, ())
    assert re.search(reason, result.reason), result.reason


def test_little_speech_and_a_narrow_band_are_refused(detector, speech):
    assert "too little speech: 0.5 s" in detector.predict(speech[: RATE // 2], rate=RATE).reason
    narrow = resample(resample(speech[: 6 * RATE], RATE, 4000), 4000, RATE)
    assert "narrow band" in detector.predict(narrow, rate=RATE).reason
    assert "narrow band" in detector.predict(speech[: 6 * RATE], rate=4000).reason


def test_a_telephone_is_wide_enough(detector, speech):
    assert detector.predict(resample(speech[: 6 * RATE], RATE, 8000), rate=8000).llr is not None


def test_channels_and_integers_are_the_same_sound(detector, speech):
    some = (speech[: 4 * RATE] * 32768).astype(np.int16)
    once = detector.predict(some, rate=RATE)
    assert detector.predict(np.stack([some, some], axis=1), rate=RATE).llr == pytest.approx(once.llr, abs=1e-3)
    assert detector.predict(some / np.float32(32768), rate=RATE).llr == pytest.approx(once.llr, abs=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda detector: detector.predict("/no/such/file.wav"),
        lambda detector: detector.predict(np.zeros(5, np.float32)),
        lambda detector: detector.predict(np.zeros((2, 2, 2), np.float32), rate=RATE),
        lambda detector: detector.predict(np.zeros(5, np.float32), rate=RATE, threshold="sharp"),
        lambda detector: detector.predict("x.wav", rate=RATE),
        lambda detector: detector.predict(None),
        lambda detector: detector.predict(["x.wav"]),
        lambda detector: detector.predict(np.zeros(5, np.float32), rate="16000"),
        lambda detector: detector.predict(np.zeros(5, np.int64), rate=RATE),
        lambda detector: detector.predict(np.zeros(5, np.float32), rate=RATE, channels="both"),
        lambda detector: Detector("/no/such/model.onnx"),
        lambda detector: Detector(b"no model"),
    ],
)
def test_a_users_mistake_is_one_sentence(detector, wrong):
    with pytest.raises(UserError) as caught:
        wrong(detector)
    assert "\n" not in str(caught.value)


def test_no_kind_of_file_blocks_or_raises(detector, speech, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.wav"))
    with zipfile.ZipFile(tmp_path / "bomb.flac", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", bytes(50_000_000))
    soundfile.write(tmp_path / "many.wav", np.zeros((100, 500)), RATE)
    soundfile.write(tmp_path / "slow.wav", speech, 50)
    for name, reason in [
        ("pipe.wav", "a pipe"),
        ("socket.wav", "a socket"),
        ("bomb.flac", ""),
        ("many.wav", "500 channels"),
        ("slow.wav", "50 samples a second"),
        (".", "a folder"),
    ]:
        result = detector.predict(tmp_path / name)
        assert (result.verdict, result.seconds) == ("cannot tell", 0)
        assert reason in result.reason
        assert result.reason


@pytest.mark.parametrize("name", ["new\nline ☃.wav", b"latin-\xe9.wav", "http:x.wav", "-.wav"])
def test_any_name_is_read(detector, speech, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    soundfile.write("plain.wav", speech[: 4 * RATE], RATE)
    Path("plain.wav").rename(os.fsdecode(name))
    assert detector.predict(os.fsdecode(name)).llr is not None


def test_a_long_file_that_is_cut_says_so(detector, speech, tmp_path):
    soundfile.write(tmp_path / "long.flac", speech[: 30 * RATE], RATE)
    whole = (tmp_path / "long.flac").read_bytes()
    (tmp_path / "long.flac").write_bytes(whole[: len(whole) * 2 // 3])
    result = detector.predict(tmp_path / "long.flac")
    assert result.verdict == "cannot tell"
    assert "cut short" in result.reason or "cannot be decoded after" in result.reason


def test_threads_share_a_detector(detector, speech):
    pieces = [speech[at * RATE : (at + 4) * RATE] for at in range(12)]
    one_after_another = [detector.predict(piece, rate=RATE) for piece in pieces]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda piece: detector.predict(piece, rate=RATE), pieces)) == one_after_another
    assert threading.active_count() < 20


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_files_come_in_their_order(detector, speech, tmp_path, jobs):
    files = [tmp_path / f"{number}.wav" for number in range(6)]
    for number, path in enumerate(files):
        soundfile.write(path, speech[number * RATE : (number + 3) * RATE], RATE)
    files.insert(2, tmp_path / "missing.wav")
    found = list(detector.predict_many(iter(files), jobs=jobs))
    assert [path for path, _ in found] == files
    assert "there is no file" in found[2][1].reason
    assert found[0][1] == detector.predict(files[0])


def test_a_file_that_crashes_the_decoder_costs_itself_alone(speech, tmp_path, monkeypatch):
    files = [tmp_path / f"{number}.wav" for number in range(5)]
    for path in files:
        soundfile.write(path, speech[: 2 * RATE], RATE)
    (tmp_path / "crashing.py").write_text(CRASHING)  # where the worker processes find it, too
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(many, "_in_worker", importlib.import_module("crashing").in_worker)
    results = [result for _, result in many.spread(partial(Detector, packaged_model()), files, 2, many.Asked())]
    assert [result.reason == many.CRASHED for result in results] == [False, False, False, True, False]
    assert all(result.llr is not None for result in (*results[:3], results[4]))


def test_damaged_files_are_answered(formats_dir):
    command = [sys.executable, "benchmarks/mutations.py", formats_dir, "--count", "200"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "crashed or raised 0" in ran.stdout
    if shutil.which("strace"):
        assert "opened by the worker beside its recordings and code: nothing" in ran.stdout


def test_the_package_imports_nothing_until_asked():
    code = (
        "import sys, bonafide; print('numpy' in sys.modules); from bonafide import Detector; print(Detector.__module__)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "bonafide.detection.detector"]
    assert bonafide.Detector is Detector
    with pytest.raises(AttributeError):
        bonafide.nothing_of_that_name  # noqa: B018
