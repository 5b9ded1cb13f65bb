"""`bonafide detect --out --resume`: killed in the middle and started again, nothing is judged twice or lost."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import soundfile

from bonafide.commands.result_table import Answered, ResultTable
from bonafide.detection.results import Result
from bonafide.errors import UserError

COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()", "detect"]
RATE = 16000
ASKED = Answered("packaged", "ab", "balanced", "each")
HEAD = "path,verdict,p_ai,llr,seconds,reason,model,model_sha256,threshold,channels"


def detect(*arguments, cwd):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(speech, tmp_path):
    """Twenty recordings in folders, of which one cannot be read and one has a name that needs quotes."""
    for number in range(18):
        home = tmp_path / "recordings" / f"{number % 3}"
        home.mkdir(parents=True, exist_ok=True)
        soundfile.write(home / f"{number:02}.wav", speech[number * 3200 :][: 2 * RATE], RATE)
    (tmp_path / "recordings" / "broken.wav").write_text("no recording")
    soundfile.write(tmp_path / "recordings" / 'a "b",\nc.wav', speech[: 3 * RATE], RATE)
    return tmp_path


def rows_of(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("suffix", "jobs"), [pytest.param(".csv", 2, marks=pytest.mark.slow), (".jsonl", 1)])
def test_killed_in_the_middle_it_goes_on_where_it_was(folder, suffix, jobs):
    whole, table = folder / f"whole{suffix}", folder / f"table{suffix}"
    assert detect("recordings", "--out", whole.name, cwd=folder).returncode == 1  # one cannot be read
    command = [*COMMAND, "recordings", "--out", table.name, "--resume", "--jobs", str(jobs)]
    for least in (3, 9):
        with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
            while not table.exists() or table.read_bytes().count(b"\n") < least:
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
    before = table.read_bytes()
    there = before[: before.rindex(b"\n") + 1]
    table.write_bytes(there + {".csv": b'"recordings/a ""b"",\n', ".jsonl": b'{"path": "reco'}[suffix])  # cut short
    ran = detect("recordings", "--out", table.name, "--resume", "--jobs", jobs, cwd=folder)
    assert ran.returncode == 1, ran.stderr
    assert table.read_bytes().startswith(there)  # judged once
    assert rows_of(table) == rows_of(whole)
    assert len(rows_of(table)) == 20


def test_what_is_new_is_added_and_what_is_there_is_not_read(folder):
    assert detect("recordings/0", "--out", "t.csv", cwd=folder).returncode == 0
    before = (folder / "t.csv").read_text()
    assert before.startswith(HEAD + "\n")
    for path in (folder / "recordings" / "0").iterdir():
        path.write_text("not read again")
    (folder / "recordings" / "1" / "01.wav").rename(folder / "recordings" / "0" / "zz.wav")
    ran = detect("recordings/0", "--out", "t.csv", "--resume", cwd=folder)
    assert (ran.returncode, ran.stdout) == (0, "")
    after = (folder / "t.csv").read_text()
    assert after.startswith(before)
    assert [row["path"] for row in rows_of(folder / "t.csv")][-1] == "recordings/0/zz.wav"
    assert after.count("\n") == before.count("\n") + 1


@pytest.fixture
def tables(tmp_path):
    """A table of each kind with one row, and files that are none."""
    for name in ("t.csv", "t.jsonl"):
        with_row = ResultTable(tmp_path / name, ASKED, resume=False)
        with_row.write("a.wav", Result.refused("the recording is silent", seconds=1.0))
        with_row.finish()
    (tmp_path / "mine.csv").write_text("my,own,table")
    (tmp_path / "mine.jsonl").write_text('{"my": "own"}\n')
    (tmp_path / "torn.csv").write_text(HEAD + "\na.wav,human,,,no number,,,,,\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "asked", "resume", "why"),
    [
        ("t.csv", ASKED, False, "--resume goes on with it"),
        ("t.csv", replace(ASKED, threshold="0.5"), True, "another threshold ('balanced', not '0.5')"),
        ("t.jsonl", replace(ASKED, channels="mix"), True, "another channels ('each', not 'mix')"),
        ("t.jsonl", replace(ASKED, model_sha256="cd"), True, "another model_sha256 ('ab', not 'cd')"),
        ("t.txt", ASKED, True, "ends in .csv or .jsonl"),
        ("none/t.csv", ASKED, True, "cannot be written"),
        ("mine.csv", ASKED, True, "is no table that"),
        ("mine.jsonl", ASKED, True, "is no table that"),
        ("torn.csv", ASKED, True, "is no table that"),
    ],
)
def test_no_table_of_another_kind_is_touched(tables, name, asked, resume, why):
    before = {path: path.read_bytes() for path in tables.iterdir()}
    with pytest.raises(UserError, match=re.escape(why)):
        ResultTable(tables / name, asked, resume=resume)
    assert {path: path.read_bytes() for path in tables.iterdir()} == before


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_name_that_is_no_utf_8_has_its_row_as_well(tables, name):
    odd = os.fsdecode(b"caf\xe9.wav")
    table = ResultTable(tables / name, replace(ASKED, model="elsewhere/the-same.onnx"), resume=True)
    assert (table.holds("a.wav"), table.holds(odd), table.unread) == (True, False, 0)
    table.write(odd, Result.refused("not audio"))
    table.finish()
    again = ResultTable(tables / name, ASKED, resume=True)
    assert (again.holds("a.wav"), again.holds(odd), again.holds("b.wav"), again.unread) == (True, True, False, 1)


def test_two_runs_do_not_write_to_one_table(tables):
    first = ResultTable(tables / "t.csv", ASKED, resume=True)
    with pytest.raises(UserError, match=r"another run writes to .*t\.csv"):
        ResultTable(tables / "t.csv", ASKED, resume=True)
    first.finish()
    ResultTable(tables / "t.csv", ASKED, resume=True)


@pytest.mark.parametrize("arguments", [["--resume"], ["--out", "u.csv", "--json"], ["--out", "u.csv", "--timeline"]])
def test_options_that_do_not_go_together_are_refused(arguments, tmp_path):
    ran = detect("a.wav", *arguments, cwd=tmp_path)
    assert (ran.returncode, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_names(folder):
    """Of 20,000 recordings, nearly all of which have their row."""
    code = (
        "import resource, sys; from bonafide.cli import app_of; sys.argv[0] = 'bonafide'\n"
        "try: app_of('detect')()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    peaks = []
    for name, folders in (("few", 1), ("many", 100)):
        detect("recordings/0/00.wav", "--out", f"{name}.csv", cwd=folder)
        head, row = (folder / f"{name}.csv").read_text().splitlines()
        names = [f"{name}/{number // 200}/{number:05}.wav" for number in range(200 * folders)]
        for path in names:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).touch()
        rows = [row.replace("recordings/0/00.wav", path) for path in names[:-1]]
        (folder / f"{name}.csv").write_text("\n".join([head, *rows, ""]))
        line = [sys.executable, "-c", code, "detect", name, "--out", f"{name}.csv", "--resume"]
        ran = subprocess.run(line, cwd=folder, capture_output=True, text=True)
        assert len(rows_of(folder / f"{name}.csv")) == len(names), ran.stderr
        peaks.append(int(ran.stderr.split()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 4  # MB
