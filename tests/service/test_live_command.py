"""`bonafide detect --live -` as people and programs run it."""

import json
import signal
import struct
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
import soundfile

from bonafide.detection.detector import Detector

RATE = 16000
COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()", "detect"]


def listening(*options, content):
    return subprocess.run([*COMMAND, *options], input=content, capture_output=True, timeout=60)


def pcm(speech, seconds, dtype="<i2"):
    whole = np.round(speech[: seconds * RATE] * 32767)
    return whole.astype(dtype).tobytes() if dtype == "<i2" else (whole / 32768).astype(dtype).tobytes()


def wav_without_length(content):
    """A WAV as a recorder writes it into a pipe: it cannot go back to fill the lengths in."""
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + form + b"data\xff\xff\xff\xff" + content


def test_a_line_of_json_a_second_and_one_for_all(speech):
    ran = listening("--live", "-", "--json", content=pcm(speech, 10))
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0, ran.stderr
    assert [row["final"] for row in rows] == [False] * 10 + [True]
    assert [row["seconds"] for row in rows] == [*range(1, 11), 10]
    whole = Detector().predict(np.frombuffer(pcm(speech, 10), np.int16), rate=RATE)
    assert rows[-1]["llr"] == pytest.approx(whole.llr, abs=1e-5)  # the command's sums are made by one thread
    assert rows[-1]["verdict"] == whole.verdict
    assert rows[-1]["model"] == "packaged"


def test_raw_floats_and_wav_from_a_pipe_are_heard_alike(speech):
    raw = pcm(speech, 5)
    sound = [
        (["--rate", "16000"], raw),
        (["--encoding", "f32le"], pcm(speech, 5, "<f4")),
        ([], wav_without_length(raw)),
    ]
    said = [listening("--live", "-", "--json", *options, content=content).stdout for options, content in sound]
    assert said[0] == said[1] == said[2] != b""


def test_what_follows_the_sound_of_a_whole_wav_is_not_heard(speech, tmp_path):
    soundfile.write(tmp_path / "a.wav", speech[: 3 * RATE], RATE)
    content = (tmp_path / "a.wav").read_bytes()
    said = [listening("--live", "-", "--json", content=each).stdout for each in (content, content + b"LIST" * 9999)]
    assert said[0] == said[1]
    assert json.loads(said[0].splitlines()[-1])["seconds"] == 3


def test_the_table_is_for_people(speech):
    lines = listening("--live", "-", content=pcm(speech, 4)).stdout.decode().splitlines()
    assert lines[0].split() == ["heard", "verdict", "p(ai)", "confidence", "speech"]
    assert [line.split()[0] for line in lines[1:]] == ["0:01", "0:02", "0:03", "0:04", "all"]


@pytest.mark.parametrize("waits", [True, False])
def test_ctrl_c_ends_the_sound_and_the_verdict_on_all_of_it_comes(speech, waits):
    with subprocess.Popen(
        [*COMMAND, "--live", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        process.stdin.write(pcm(speech, 5))
        process.stdin.flush()
        rows = [json.loads(process.stdout.readline()) for _ in range(5 if waits else 1)]  # as it comes, not at the end
        time.sleep(0.2 if waits else 0)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=20)
    rows += [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, errors
    assert [row["final"] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert rows[-1]["seconds"] >= rows[-2]["seconds"]
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "content", "code", "why"),
    [
        (["--live", "a.wav"], b"", 2, "by standard input"),
        (["--live", "-", "--csv"], b"", 2, "choose one of"),
        (["--live", "-", "--encoding", "mp3"], b"", 2, "s16le or f32le"),
        (["--live", "-"], b"", 1, ""),
        (["--live", "-"], b"fLaC" + bytes(99), 1, "this is FLAC"),
        (["--live", "-", "--rate", "100"], bytes(99), 1, "narrow band"),
        (["--live", "-"], b"RIFF" + bytes(99), 1, "damaged"),
        (["--live", "-", "--encoding", "f32le"], b"\xff" * 8000, 1, "NaN"),
    ],
)
def test_what_is_no_live_sound_gets_a_sentence(options, content, code, why):
    ran = listening(*options, content=content)
    assert ran.returncode == code, ran.stderr
    assert why in " ".join(ran.stderr.decode().replace("│", " ").split())
    assert b"Traceback" not in ran.stderr
