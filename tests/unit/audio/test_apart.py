"""The process that decodes by PyAV: one for many files, and one that may die."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bonafide.audio import apart
from bonafide.audio.decoding import decode
from bonafide.audio.opening import open_sound
from bonafide.audio.recording import UnusableError

from ...encoding import av_encoded

ROOT = Path(__file__).parents[3]
RATE = 16000


def test_a_decoder_that_dies_costs_its_own_file_alone(tmp_path, voice):
    path = tmp_path / "clip.m4a"
    av_encoded(path, np.tile(voice, 6), "aac", "ipod")
    sound = open_sound(path)
    pid = sound.blocks.gi_frame.f_locals["helper"]._process
    next(sound.blocks)
    pid.kill()
    with pytest.raises(UnusableError, match="the decoder crashed on it"):
        list(sound.blocks)
    assert decode(path, max_seconds=600).samples.size / RATE == pytest.approx(60, abs=0.15)


def test_one_process_decodes_file_after_file(tmp_path, voice):
    path = tmp_path / "clip.m4a"
    av_encoded(path, voice, "aac", "ipod")
    apart._end_all()
    for most in (60, 2, 60):
        decode(path, max_seconds=most)
        assert len(apart._idle) == 1
    helper = apart._idle[0]
    decode(path, max_seconds=60)
    assert apart._idle == [helper]
    helper._process.kill()
    helper._process.wait()
    assert decode(path, max_seconds=600).samples.size / RATE == pytest.approx(10, abs=0.15)  # another one is started


def test_what_libsndfile_reads_starts_no_process(tmp_path, voice):
    apart._end_all()
    for name in ("clip.wav", "clip.flac", "clip.mp3", "clip.ogg"):
        soundfile.write(tmp_path / name, voice, RATE)
        decode(tmp_path / name, max_seconds=60)
    assert not apart._idle


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_the_process_ends_with_the_one_that_asked(tmp_path, voice):
    av_encoded(tmp_path / "clip.m4a", np.tile(voice, 12), "aac", "ipod")
    code = (
        "import sys, time, pathlib; from bonafide.audio.opening import open_sound\n"
        "sound = open_sound(pathlib.Path(sys.argv[1])); next(sound.blocks)\n"
        "print(sound.blocks.gi_frame.f_locals['helper']._process.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, tmp_path / "clip.m4a"]
    asking = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    decoding = int(asking.stdout.readline())
    assert is_running(decoding)
    asking.kill()
    asking.communicate()
    end = time.monotonic() + 20
    while is_running(decoding) and time.monotonic() < end:
        time.sleep(0.1)
    assert not is_running(decoding)
