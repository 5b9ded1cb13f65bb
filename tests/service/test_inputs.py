"""What may be given to the detector: files of any coding, bytes, arrays, calls; each gets what it would get alone."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from bonafide.commands.formats import table
from bonafide.explain.evidence import explain
from bonafide.web.pool import Ask
from bonafide.web.worker import answered

from ..encoding import av_encoded

ROOT = Path(__file__).parents[2]
RATE = 16000
REQUEST = {**vars(Ask(evidence=True)), "max_seconds": 60.0}
CODINGS = {
    "RF64": (RATE, "RF64", "PCM_16"),
    "24-bit": (RATE, "WAV", "PCM_24"),
    "float": (RATE, "WAV", "FLOAT"),
    "44.1 kHz": (44100, "WAV", "PCM_16"),
    "48 kHz": (48000, "WAV", "PCM_16"),
    "96 kHz": (96000, "WAV", "PCM_24"),
    "192 kHz": (192000, "WAV", "PCM_24"),
    "A-law": (RATE, "WAV", "ALAW"),
}


def test_bytes_are_the_content_of_a_file(detector, speech):
    wav = io.BytesIO()
    soundfile.write(wav, speech[: 4 * RATE], RATE, format="WAV")
    once = detector.predict(io.BytesIO(wav.getvalue()))
    for content in (wav.getvalue(), bytearray(wav.getvalue()), memoryview(wav.getvalue())):
        assert detector.predict(content) == once


def test_channels_first_are_channels(detector, speech):
    some = np.stack([speech[: 4 * RATE], -speech[: 4 * RATE]])
    assert detector.predict(some, rate=RATE) == detector.predict(some.T, rate=RATE)
    assert detector.predict(some, rate=RATE).llr == detector.predict(some[0], rate=RATE).llr


@pytest.mark.parametrize("seconds", [4, 14])
def test_each_voice_of_a_call_is_judged_as_if_alone(detector, speech, seconds):
    one, other = speech[: seconds * RATE], speech[15 * RATE : (15 + seconds) * RATE]
    call = np.stack([one, 0 * one, other], axis=1)
    result = detector.predict(call, rate=RATE)
    alone = [detector.predict(each, rate=RATE) for each in (one, other)]
    assert [channel.number for channel in result.channels] == [1, 3]
    for channel, judged in zip(result.channels, alone, strict=True):
        assert (channel.verdict, channel.llr) == (judged.verdict, judged.llr)
        assert (channel.windows, channel.segments) == (judged.windows, judged.segments)
    assert result.llr == pytest.approx(np.mean([judged.llr for judged in alone]))
    mixed = detector.predict(call, rate=RATE, channels="mix")
    assert mixed.channels == ()
    assert "were mixed" in mixed.note
    assert mixed.llr == pytest.approx(detector.predict(call.mean(axis=1), rate=RATE).llr, abs=1e-3)


@pytest.mark.parametrize("silence", [2, 30])
@pytest.mark.parametrize("before", [True, False])
def test_silence_beside_speech_is_no_speech(detector, speech, silence, before):
    alone = detector.predict(speech[: 6 * RATE], rate=RATE).speech_seconds
    quiet = np.zeros(silence * RATE, np.float32)
    parts = (quiet, speech[: 6 * RATE]) if before else (speech[: 6 * RATE], quiet)
    beside = detector.predict(np.concatenate(parts), rate=RATE)
    assert beside.seconds == 6 + silence
    assert beside.speech_seconds == pytest.approx(alone, abs=0.7)  # a pause at an edge counts like one inside


def test_processes_of_a_script_without_a_guard_end_in_one_sentence(tmp_path, speech):
    soundfile.write(tmp_path / "a.wav", speech[: 2 * RATE], RATE)
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\nfrom bonafide.detection.detector import Detector\n"
        f"print(list(Detector().predict_many([Path({str(tmp_path / 'a.wav')!r})], jobs=2)))\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert "UserError: the processes do not start" in ran.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [4, 14])
def test_the_service_takes_a_flac_of_unknown_length(detector, speech, tmp_path, seconds):
    path = tmp_path / "clip.flac"
    soundfile.write(path, speech[: seconds * RATE], RATE)
    flac = bytearray(path.read_bytes())
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    path.write_bytes(flac)
    with path.open("rb") as file:
        answer = answered(detector, file, REQUEST)
    assert answer["result"]["seconds"] == seconds
    assert answer["result"]["llr"] == detector.predict(path).llr
    with path.open("rb") as file:
        assert "at most" in answered(detector, file, {**REQUEST, "max_seconds": 2.0})["refused"]


@pytest.mark.slow
def test_an_explanation_shows_the_channel_that_was_judged(detector, speech, tmp_path):
    path = tmp_path / "clip.wav"
    one, other = speech[: 6 * RATE], speech[15 * RATE : 21 * RATE]
    soundfile.write(path, np.stack([one, -one], axis=1), RATE)
    cancelled = explain(detector, path)
    assert np.corrcoef(cancelled.samples, one)[0, 1] > 0.99
    soundfile.write(path, np.stack([one, other], axis=1), RATE)
    call = explain(detector, path)
    telling = min(call.result.channels, key=lambda channel: channel.llr).number - 1
    assert np.corrcoef(call.samples, (one, other)[telling])[0, 1] > 0.99


def documented_bounds():
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8").partition("## The same clip")[2]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][2:]
    return {coding: (float(median), float(most)) for coding, median, most in rows}


@pytest.fixture(scope="module")
def plain_clips(detector, small_corpus):
    """Six clips of a label that can be judged, each with its llr as 16-bit WAV at 16 kHz."""
    some = []
    for label in ("human", "ai"):
        judged = []
        for path in sorted((small_corpus / label).rglob("*.*")):
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
            if rate < RATE or len(judged) == 6:
                continue
            clip = soxr.resample(samples[:, 0], rate, RATE)
            clip *= np.float32(0.5 / np.abs(clip).max())
            llr = detector.predict(written(clip, RATE, "WAV", "PCM_16")).llr
            judged += [(clip, llr)] if llr is not None else []
        some += judged
    assert len(some) == 12
    return some


def written(clip, rate, container, coding):
    file = io.BytesIO()
    soundfile.write(file, soxr.resample(clip, RATE, rate, quality="VHQ"), rate, format=container, subtype=coding)
    return file.getvalue()


@pytest.mark.parametrize("coding", CODINGS)
def test_the_same_clip_in_another_coding_scores_within_what_is_documented(detector, plain_clips, coding):
    differences = [abs(detector.predict(written(clip, *CODINGS[coding])).llr - llr) for clip, llr in plain_clips]
    median, most = documented_bounds()[coding]
    assert np.median(differences) <= median
    assert max(differences) <= most


def test_the_same_clip_as_m4a_scores_within_what_is_documented(detector, plain_clips, tmp_path):
    differences = []
    for clip, llr in plain_clips:
        av_encoded(tmp_path / "clip.m4a", soxr.resample(clip, RATE, 44100), "aac", "ipod", rate=44100)
        differences.append(abs(detector.predict(tmp_path / "clip.m4a").llr - llr))
    median, most = documented_bounds()["M4A"]
    assert np.median(differences) <= median
    assert max(differences) <= most


def test_every_documented_coding_is_tested():
    assert documented_bounds().keys() == {*CODINGS, "M4A"}
    assert table() in (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
