"""`bonafide detect` and `bonafide info` as people and scripts run them."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bonafide.detection.detector import Detector
from bonafide.scoring.operating_points import answers_text
from bonafide.text import sentence

RATE = 16000
COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()"]


def bonafide(*arguments, cwd, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, timeout=60, **options)


@pytest.fixture(scope="module")
def folder(speech, tmp_path_factory):
    """Three recordings, a text, a broken file, and a name that would spoil a terminal."""
    home = tmp_path_factory.mktemp("recordings")
    (home / "inner").mkdir()
    soundfile.write(home / "a.wav", speech[: 3 * RATE], RATE)
    soundfile.write(home / "inner" / "b.flac", speech[: 15 * RATE], RATE)
    soundfile.write(home / "inner" / "new\nline\x1b[2J.mp3", speech[: 4 * RATE], RATE)
    (home / "notes.txt").write_text("no recording")
    (home / "broken.wav").write_text("no recording either")
    return home


def test_a_folder_as_json_lines(folder):
    ran = bonafide("detect", ".", "--json", cwd=folder)
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["path"] for row in rows] == ["a.wav", "broken.wav", "inner/b.flac", "inner/new\nline\x1b[2J.mp3"]
    assert ran.returncode == 1  # one could not be read
    assert ran.stderr == b"1 file passed over by name: .txt; name a file to have it read\n"
    expected = Detector().predict(folder / "a.wav")
    assert rows[0]["llr"] == pytest.approx(expected.llr, abs=1e-5)
    assert len(rows[2]["windows"]) > 5
    assert "not audio" in rows[1]["reason"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_csv_has_the_columns_that_are_promised(folder, jobs):
    ran = bonafide("detect", "inner", "a.wav", "--csv", "--jobs", jobs, "--threshold", "0.5", cwd=folder)
    assert ran.returncode == 0
    rows = list(csv.DictReader(io.StringIO(ran.stdout.decode(), newline="")))
    assert list(rows[0]) == ["path", "verdict", "p_ai", "llr", "seconds", "reason", "model", "model_sha256"]
    assert [row["path"] for row in rows] == ["inner/b.flac", "inner/new\nline\x1b[2J.mp3", "a.wav"]
    for row in rows:
        if row["verdict"] in ("human", "ai"):
            assert (float(row["p_ai"]) > 0.5) == (row["verdict"] == "ai")


def test_the_table_is_safe_to_look_at(folder):
    ran = bonafide("detect", ".", cwd=folder)
    lines = ran.stdout.decode().splitlines()
    assert b"\x1b" not in ran.stdout
    assert lines[0].split() == ["verdict", "p(ai)", "confidence", "length", "file"]
    assert lines[-1].startswith("4 recordings: ")
    assert "new\\nline\\x1b[2J.mp3" in ran.stdout.decode()
    assert len(lines) == 6


def test_the_timeline_is_as_long_as_the_terminal_is_wide(folder):
    ran = bonafide("detect", "inner/b.flac", "--timeline", cwd=folder, env={**os.environ, "COLUMNS": "60"})
    drawn = ran.stdout.decode().splitlines()[2]
    assert len(drawn) == 58
    assert set(drawn) <= set(" ▁▄█")
    assert ran.stdout.decode().splitlines()[3].split() == ["0:00", "0:15"]


def test_a_call_has_a_verdict_and_a_timeline_a_channel(folder):
    speech, rate = soundfile.read(folder / "inner" / "b.flac", dtype="float32")
    call = folder / "call.sound"  # by its name none of the folder's recordings
    soundfile.write(call, np.stack([speech[: 6 * rate], speech[8 * rate : 14 * rate]], axis=1), rate, format="WAV")
    each, mix, drawn = (
        bonafide("detect", call, *options, cwd=folder).stdout.decode()
        for options in (["--json"], ["--json", "--channels", "mix"], ["--timeline"])
    )
    call.unlink()
    assert [channel["number"] for channel in json.loads(each)["channels"]] == [1, 2]
    assert json.loads(mix)["channels"] == []
    assert json.loads(mix)["note"] == "its channels carry different voices, which were mixed"
    assert drawn.count("0:00") == 2
    assert "channel 1: " in drawn.splitlines()[1]


def test_standard_input_may_be_a_pipe(folder):
    ran = bonafide("detect", "-", "--json", cwd=folder, input=(folder / "a.wav").read_bytes())
    row = json.loads(ran.stdout)
    assert (row["path"], ran.returncode) == ("-", 0)
    assert row["llr"] == pytest.approx(Detector().predict(folder / "a.wav").llr, abs=1e-5)
    assert bonafide("detect", "-", cwd=folder, input=b"").returncode == 1


def test_a_glob_in_quotes(folder):
    ran = bonafide("detect", "**/*.flac", "--csv", cwd=folder)
    assert len(ran.stdout.splitlines()) == 2
    assert bonafide("detect", "*.opus", cwd=folder).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["detect"], 2),
        (["detect", "a.wav", "--json", "--csv"], 2),
        (["detect", "a.wav", "-"], 2),
        (["detect", "a.wav", "--threshold", "2"], 2),
        (["detect", "a.wav", "--jobs", "0"], 2),
        (["detect", "a.wav", "--channels", "both"], 2),
        (["detect", "missing.wav"], 1),
        (["detect", "a.wav", "--model", "notes.txt"], 1),
        (["info", "notes.txt"], 1),
        (["info", "missing.onnx"], 1),
    ],
)
def test_exit_codes_without_tracebacks(folder, arguments, code):
    ran = bonafide(*arguments, cwd=folder)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert b"Traceback" not in ran.stderr


def test_results_stream_and_an_interrupt_is_clean(folder, tmp_path):
    os.mkfifo(tmp_path / "slow")
    with subprocess.Popen(
        [*COMMAND, "detect", "-"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that run in the background of a script inherit that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        time.sleep(1.5)  # it waits for its input
        process.send_signal(signal.SIGINT)
        process.stdin.flush()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_a_closed_pipe_is_no_error_to_shout_about(folder):
    command = " ".join(f"'{part}'" for part in COMMAND) + " detect inner inner inner --json | head -c 1"
    ran = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, timeout=60)
    assert b"Traceback" not in ran.stderr


def test_info_tells_the_thresholds_and_the_card(folder):
    text = bonafide("info", cwd=folder).stdout.decode()
    facts = Detector().facts
    assert all(name in text for name in (*facts.thresholds, *facts.card))
    assert f"llr {facts.cannot_tell[0]:+.3f} to {facts.cannot_tell[1]:+.3f}" in text
    # What the packaged weights' card tells of answers, and no figure where it tells none.
    assert sentence(answers_text(facts.card)) in text
    said = json.loads(bonafide("info", "--json", cwd=folder).stdout)
    assert said["thresholds"] == dict(facts.thresholds)
    assert Path(folder, "a.wav").exists()
